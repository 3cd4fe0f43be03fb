package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.server.net.TlsMode;
import hikyaku.server.testing.Carrier;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many clients at one mailbox, doing everything at random. Each keeps the numbers, UIDs and flags
 * that it was told and checks every reply against them; in the end all of them, and the mailbox,
 * agree.
 */
class StressTest {
  private static final int CLIENTS = 6;
  long seed = 7162;
  private int steps = 120;
  private boolean rev2;

  /** The text that was first seen under a UID; it never changes. */
  private final Map<Long, String> bodies = new ConcurrentHashMap<>();

  @Test
  void everybodyAgreesInTheEnd() throws Exception {
    everybodyAgrees(Optional.empty());
  }

  /**
   * The same with sessions that move after each command, on nodes that die in the middle of one: in
   * the store, before the answer, or in the middle of it. No client notices.
   */
  @ParameterizedTest
  @ValueSource(ints = {16 * 1024, 2_000, 60})
  void nobodyNoticesThatNodesDie(int buffer) throws Exception {
    steps = 60;
    // \Recent is known to each node alone; a short answer that tells of it is told whole or not at
    // all.
    rev2 = buffer < 16 * 1024;
    everybodyAgrees(Optional.of(new Carrier.Plan(12, buffer, seed)));
  }

  private void everybodyAgrees(Optional<Carrier.Plan> plan) throws Exception {
    try (ImapRig rig = new ImapRig(ImapSettings.DEFAULTS, TlsMode.NONE, plan);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Model> models = new ArrayList<>();
      for (int number = 0; number < CLIENTS; number++) {
        models.add(new Model(rig.connect(), number));
      }
      List<Callable<Void>> runs = new ArrayList<>();
      for (Model model : models) {
        runs.add(() -> {
          model.run();
          return null;
        });
      }
      for (Future<Void> run : threads.invokeAll(runs)) {
        run.get();
      }
      MailboxState truth = rig.inbox("bob").refresh();
      assertThat(truth.size()).isPositive();
      for (Model model : models) {
        model.settle();
        model.agreesWith(truth);
        model.client.close();
      }
      rig.authenticator.awaitNoLeases();
      rig.carrier()
          .ifPresent(carrier -> {
            assertThat(carrier.moves()).isGreaterThan(CLIENTS * steps / 2);
            assertThat(carrier.deaths()).isGreaterThan(CLIENTS);
            assertThat(carrier.problems()).isEmpty();
          });
    }
  }

  /** One client and what it has been told. */
  private final class Model {
    private static final Pattern NUMBERED = Pattern.compile("\\* ([0-9]+) (EXISTS|EXPUNGE|RECENT)");
    private static final Pattern FETCH = Pattern.compile("\\* ([0-9]+) FETCH \\((.*)");
    private static final Pattern UID = Pattern.compile("UID ([0-9]+)");
    private static final Pattern FLAGS = Pattern.compile("FLAGS \\(([^)]*)\\)");
    private static final Pattern LITERAL = Pattern.compile(".*\\{([0-9]+)}$");

    final ImapClient client;
    private final int me;
    private final Random random;
    private final boolean qResync;

    /** UIDs by number; 0 where it is not known yet. */
    private final List<Long> uids = new ArrayList<>();

    private final Map<Long, TreeSet<String>> flags = new TreeMap<>();
    private int commands;
    private boolean expungesAllowed;
    private String command = "";

    Model(ImapClient client, int me) {
      this.client = client;
      this.me = me;
      this.random = new Random(seed + me);
      this.qResync = me % 3 == 2;
    }

    void run() throws IOException {
      try {
        client.login("bob");
        if (rev2) {
          say("ENABLE IMAP4rev2", false);
        }
        if (qResync) {
          say("ENABLE QRESYNC", false);
        }
        select();
        for (int step = 0; step < steps; step++) {
          step();
        }
      } catch (IOException | RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + ", client " + me + ", after " + command, e);
      }
    }

    private void select() throws IOException {
      uids.clear();
      flags.clear();
      say("SELECT INBOX", false);
      learn();
    }

    /** Learns UIDs and flags of what is not known yet. */
    private void learn() throws IOException {
      for (int at = 0; at < uids.size(); at++) {
        // A STORE.SILENT may have told the UID alone.
        if (uids.get(at) == 0 || !flags.containsKey(uids.get(at))) {
          say("FETCH " + (at + 1) + ":* (UID FLAGS)", false);
          return;
        }
      }
    }

    private int anyNumber() {
      return 1 + random.nextInt(uids.size());
    }

    private long anyUid() {
      return Math.max(1, uids.get(random.nextInt(uids.size())));
    }

    private String anyFlags() {
      List<String> all = List.of("\\Seen", "\\Flagged", "\\Deleted", "Red", "$Blue");
      return "(" + all.get(random.nextInt(all.size())) + " " + all.get(random.nextInt(5)) + ")";
    }

    private void step() throws IOException {
      learn();
      if (uids.size() < 4 || random.nextInt(6) == 0) {
        String text = "Subject: " + me + "-" + commands + "\r\n\r\n" + random.nextLong() + "\r\n";
        say("APPEND INBOX (\\Draft) {" + text.length() + "+}\r\n" + text, true);
        return;
      }
      String silent = random.nextBoolean() ? ".SILENT" : "";
      String sign = List.of("+", "-", "").get(random.nextInt(3));
      switch (random.nextInt(13)) {
        case 0 -> say("NOOP", true);
        case 1 -> say("FETCH " + anyNumber() + " (UID BODY.PEEK[])", false);
        case 2 -> say("FETCH 1:* (UID FLAGS)", false);
        case 3 -> say("UID FETCH " + anyUid() + ":* (FLAGS)", true);
        case 4 -> store(anyNumber(), sign, silent, anyFlags());
        case 5 -> store(anyNumber(), "+", silent, "(\\Deleted)");
        case 6 -> say("UID STORE " + anyUid() + " " + sign + "FLAGS " + anyFlags(), true);
        case 7 -> say("EXPUNGE", true);
        case 8 -> say("UID EXPUNGE " + anyUid() + ":*", true);
        case 9 -> say("COPY " + anyNumber() + " INBOX", true);
        case 10 -> say("UID MOVE " + anyUid() + " Trash", true);
        case 11 -> search();
        default -> idle();
      }
    }

    /** STORE by number; under .SILENT the client works out the flags itself. */
    private void store(int number, String sign, String silent, String wanted) throws IOException {
      if (!silent.isEmpty()) {
        TreeSet<String> known = flags.get(uids.get(number - 1));
        if (known != null) {
          List<String> change = Arrays.asList(wanted.substring(1, wanted.length() - 1).split(" "));
          switch (sign) {
            case "+" -> known.addAll(change);
            case "-" -> change.forEach(known::remove);
            default -> {
              known.clear();
              known.addAll(change);
            }
          }
        }
      }
      say("STORE " + number + " " + sign + "FLAGS" + silent + " " + wanted, false);
    }

    private void search() throws IOException {
      for (String line : say("SEARCH FLAGGED", false)) {
        if (line.startsWith("* SEARCH")) {
          for (String number : line.substring("* SEARCH".length()).trim().split(" ")) {
            assertThat(number.isEmpty() ? 1 : Integer.parseInt(number)).isBetween(1, uids.size());
          }
        }
      }
    }

    private void idle() throws IOException {
      command = "IDLE";
      expungesAllowed = true;
      String tag = "t" + commands++;
      client.sendLine(tag + " IDLE");
      String line = line();
      while (!line.startsWith("+ ")) {
        line = line();
      }
      client.sendLine("DONE");
      while (!line.startsWith(tag + " ")) {
        line = line();
      }
      assertThat(line).startsWith(tag + " OK");
    }

    private List<String> say(String text, boolean mayExpunge) throws IOException {
      command = text;
      expungesAllowed = mayExpunge;
      String tag = "t" + commands++;
      client.sendLine(tag + " " + text);
      List<String> lines = new ArrayList<>();
      do {
        lines.add(line());
      } while (!lines.getLast().startsWith(tag + " "));
      // A message that is gone already may be refused, and nothing else.
      assertThat(lines.getLast()).matches(tag + " (OK .*|NO \\[EXPUNGEISSUED] .*)");
      return lines;
    }

    /** Reads a response and takes in what it tells. */
    private String line() throws IOException {
      String line = client.line();
      String body = null;
      Matcher literal = LITERAL.matcher(line);
      if (literal.matches()) {
        body =
            new String(
                client.octets(Integer.parseInt(literal.group(1))), StandardCharsets.ISO_8859_1);
        line += client.line();
      }
      Matcher numbered = NUMBERED.matcher(line);
      Matcher fetch = FETCH.matcher(line);
      if (numbered.matches()) {
        numbered(Integer.parseInt(numbered.group(1)), numbered.group(2));
      } else if (fetch.matches()) {
        fetch(Integer.parseInt(fetch.group(1)), fetch.group(2), body);
      } else if (line.startsWith("* VANISHED ")) {
        vanished(line.substring("* VANISHED ".length()));
      }
      return line;
    }

    private void numbered(int number, String what) {
      switch (what) {
        case "EXISTS" -> {
          assertThat(number).isGreaterThanOrEqualTo(uids.size());
          while (uids.size() < number) {
            uids.add(0L);
          }
        }
        case "EXPUNGE" -> {
          assertThat(expungesAllowed).isTrue();
          assertThat(qResync).isFalse();
          assertThat(number).isBetween(1, uids.size());
          flags.remove(uids.remove(number - 1));
        }
        default -> assertThat(number).isLessThanOrEqualTo(uids.size());
      }
    }

    private void vanished(String set) {
      assertThat(expungesAllowed).isTrue();
      assertThat(qResync).isTrue();
      for (String range : set.split(",")) {
        String[] ends = range.split(":");
        for (long uid = Long.parseLong(ends[0]);
            uid <= Long.parseLong(ends[ends.length - 1]);
            uid++) {
          flags.remove(uid);
          if (!uids.remove((Long) uid)) {
            forgetUnknown(uid);
          }
        }
      }
    }

    /** One that was gone before its UID could be learnt stands between its known neighbours. */
    private void forgetUnknown(long uid) {
      int at = 0;
      for (int known = 0; known < uids.size() && uids.get(known) < uid; known++) {
        at = uids.get(known) > 0 ? known + 1 : at;
      }
      assertThat(uids.get(at)).as("in place of %s in %s", uid, uids).isZero();
      uids.remove(at);
    }

    private void fetch(int number, String items, String body) {
      assertThat(number).isBetween(1, uids.size());
      Matcher uid = UID.matcher(items);
      if (uid.find()) {
        long told = Long.parseLong(uid.group(1));
        long known = uids.set(number - 1, told);
        assertThat(known).isIn(0L, told);
        for (int at = 0; at < uids.size(); at++) {
          long other = uids.get(at);
          assertThat(other == 0 || Long.compare(other, told) == Integer.compare(at + 1, number))
              .as("%s holds %s at %s", uids, told, number)
              .isTrue();
        }
        if (body != null) {
          String first = bodies.putIfAbsent(told, body);
          assertThat(body).isEqualTo(first == null ? body : first);
        }
      }
      Matcher set = FLAGS.matcher(items);
      long known = uids.get(number - 1);
      if (set.find() && known > 0) {
        flags.put(
            known,
            Arrays.stream(set.group(1).split(" "))
                .filter(flag -> !flag.isEmpty() && !flag.equals("\\Recent"))
                .collect(Collectors.toCollection(TreeSet::new)));
      }
    }

    /** Hears the last news, and learns what is left to learn. */
    void settle() throws IOException {
      say("NOOP", true);
      learn();
    }

    void agreesWith(MailboxState truth) {
      List<Long> there = new ArrayList<>();
      for (int index = 0; index < truth.size(); index++) {
        there.add(truth.uid(index));
        assertThat(flags.get(truth.uid(index)))
            .as("client %s, UID %s", me, truth.uid(index))
            .isEqualTo(wire(truth.flags(index)));
      }
      assertThat(uids).as("client %s", me).isEqualTo(there);
    }

    private static TreeSet<String> wire(Flags flags) {
      TreeSet<String> wire = new TreeSet<>(flags.keywords());
      for (SystemFlag flag : SystemFlag.values()) {
        if (flags.has(flag)) {
          wire.add(flag.wire());
        }
      }
      return wire;
    }
  }
}
