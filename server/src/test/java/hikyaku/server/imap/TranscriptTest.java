package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.Faults;
import hikyaku.mailbox.text.TextIndex;
import hikyaku.protocol.imap.ImapLimits;
import hikyaku.server.net.TlsMode;
import hikyaku.server.testing.Carrier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs the transcripts; those of one name alone with {@code -Dtranscript=NAME}. A line is one of
 * these; {@code N} tells sessions apart and is left out where there is one.
 *
 * <pre>
 * # a comment
 * with tls-required | starttls | append-limit 100 | message-limit 3 | save-limit 3    before anything else
 * with enforced-limit 4    where message-limit or save-limit is told
 * with uid-only | no-unauthenticate    before anything else
 * with keep-alive MILLIS | idle MILLIS | contact URI | comment WORD    before anything else
 * CN: text       client N says this; its first line opens the connection
 * SN: text       the server says exactly this to client N; "..." at the end stands for anything
 * SN: ... [CAPABILITY (anybody) ...] or (logged in)    stand for the capabilities of either
 * SN: (end)      the server closes the connection, and says nothing before
 * ␀ in what is said or heard stands for NUL
 * CN: (end)      client N goes away
 * CN: (tls)      client N and the server negotiate TLS
 * CN: (compress) client N compresses from now on
 * login N USER   client N connects, logs in and selects INBOX; what it is told is not looked at
 * deliver USER text     text has Java's escapes
 * expunge USER UID      by another session
 * fail CALL | fail CALL AFTER | mend     store failures, until mended
 * </pre>
 */
class TranscriptTest {
  private static final long SEEDS = 3;

  private static final Path TRANSCRIPTS = transcripts();

  /** What a server says that it can, to anybody; and to who is logged in. */
  private static final String CAN = capabilities("anybody");

  private static final String CAN_LOGGED_IN = CAN + " " + capabilities("logged-in");

  private static String capabilities(String whose) {
    try (Stream<String> lines = Files.lines(TRANSCRIPTS.resolve("capabilities"))) {
      return lines
          .filter(line -> line.startsWith(whose + " "))
          .map(line -> line.substring(whose.length() + 1))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path transcripts() {
    URL here = Objects.requireNonNull(TranscriptTest.class.getResource("login.txt"));
    try {
      return Path.of(here.toURI()).getParent();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> found = Files.list(TRANSCRIPTS)) {
      return found.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
    }
  }

  private static List<Path> chosen() throws IOException {
    String ending = System.getProperty("transcript", "") + ".txt";
    return files().stream().filter(file -> file.toString().endsWith(ending)).toList();
  }

  @TestFactory
  Stream<DynamicTest> transcript() throws IOException {
    return chosen().stream()
        .map(file ->
            DynamicTest.dynamicTest(
                file.getFileName().toString(),
                () -> new Run(Files.readAllLines(file), Optional.empty()).run()));
  }

  /** The same where the session moves to another node after each command, and where nodes die. */
  @TestFactory
  Stream<DynamicTest> carried() throws IOException {
    List<Carrier.Plan> plans = new ArrayList<>();
    plans.add(Carrier.Plan.MOVES);
    for (long seed = 1; seed <= SEEDS; seed++) {
      plans.add(Carrier.Plan.deaths(seed));
      plans.add(Carrier.Plan.deathsInAnswers(seed));
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : chosen()) {
      List<String> lines = Files.readAllLines(file);
      for (Carrier.Plan plan : plans) {
        if (canBeCarried(lines, plan)) {
          tests.add(
              DynamicTest.dynamicTest(
                  file.getFileName() + " " + plan, () -> new Run(lines, Optional.of(plan)).run()));
        }
      }
    }
    return tests.stream();
  }

  private static boolean canBeCarried(List<String> lines, Carrier.Plan plan) {
    // Signs of life are no part of an answer: each attempt gives its own.
    if (plan.kills() > 0 && lines.stream().anyMatch(line -> line.startsWith("with working"))) {
      return false;
    }
    // A goodbye for silence is no answer to anything: who carries on waits anew. It fits a buffer
    // of
    // a node, so that no client has the half of it unless the buffers are as small as they are
    // here.
    return !(plan.kills() > 0
        && plan.buffer() < Carrier.Plan.MOVES.buffer()
        && lines.stream().anyMatch(line -> line.startsWith("with idle ")));
  }

  @Test
  void everyCommandIsInATranscript() throws IOException {
    StringBuilder said = new StringBuilder();
    for (Path file : files()) {
      for (String line : Files.readAllLines(file)) {
        if (line.startsWith("C")) {
          said.append(line.toUpperCase(Locale.ROOT)).append('\n');
        }
      }
    }
    TreeSet<String> missing = new TreeSet<>(CommandTable.names());
    missing.removeIf(name -> said.indexOf(" " + name) >= 0);
    assertThat(missing).isEmpty();
  }

  /**
   * What in the transcripts tries a capability whose name is not that of a command; {@code ^} and
   * {@code $} are the ends of a line.
   */
  private static final Map<String, String> TRIED =
      Map.ofEntries(
          Map.entry("IMAP4rev1", "SELECT "),
          Map.entry("LITERAL+", "[0-9][+]}$"),
          Map.entry("SASL-IR", "AUTHENTICATE PLAIN [A-Za-z0-9]"),
          Map.entry("UIDPLUS", "UID EXPUNGE "),
          Map.entry("INPROGRESS", "^S.* OK \\[INPROGRESS"),
          Map.entry("CHILDREN", "RETURN \\(.*CHILDREN"),
          Map.entry("LIST-EXTENDED", "LIST \\("),
          Map.entry("LIST-STATUS", "RETURN \\(STATUS \\("),
          Map.entry("CREATE-SPECIAL-USE", "\\(USE \\("),
          Map.entry("ACL", "GETACL .*\nS[0-9]?: \\* ACL "),
          Map.entry("RIGHTS=kxte", "LISTRIGHTS "),
          Map.entry("LIST-MYRIGHTS", "RETURN \\(.*MYRIGHTS"),
          Map.entry("METADATA", "SETMETADATA "),
          Map.entry("LIST-METADATA", "RETURN \\(.*METADATA \\("),
          Map.entry("STATUS=SIZE", "STATUS .*SIZE"),
          Map.entry("OBJECTID", "EMAILID"),
          Map.entry("QUOTA", "GETQUOTA "),
          Map.entry("QUOTA=RES-STORAGE", "^S.* QUOTA .*STORAGE"),
          Map.entry("QUOTA=RES-MESSAGE", "^S.* QUOTA .*MESSAGE"),
          Map.entry("MULTIAPPEND", "^C.*: [a-z]+ \\(?.*\\{[0-9]+[+]?}$"),
          Map.entry("CATENATE", "APPEND .*CATENATE \\("),
          Map.entry("URL-PARTIAL", ";PARTIAL="),
          Map.entry("ESEARCH", "SEARCH RETURN \\("),
          Map.entry("MULTISEARCH", "ESEARCH IN "),
          Map.entry("SEARCHRES", "RETURN \\(SAVE"),
          Map.entry("ESORT", "SORT RETURN \\("),
          Map.entry("CONTEXT=SEARCH", "SEARCH RETURN \\(.*UPDATE"),
          Map.entry("CONTEXT=SORT", "SORT RETURN \\(.*UPDATE"),
          Map.entry("SORT=DISPLAY", "DISPLAYFROM"),
          Map.entry("THREAD=ORDEREDSUBJECT", "THREAD ORDEREDSUBJECT"),
          Map.entry("THREAD=REFERENCES", "THREAD REFERENCES"),
          Map.entry("WITHIN", "YOUNGER "),
          Map.entry("SEARCH=FUZZY", "FUZZY "),
          // Letters that are composed in one message and not in the other, of either case.
          Map.entry("I18NLEVEL=1", "SUBJECT \"GRÜN\"\nS1: \\* SEARCH 1 2$"),
          Map.entry("CONDSTORE", "CHANGEDSINCE "),
          Map.entry("STARTTLS", "STARTTLS\nS.* OK .*\nC[0-9]?: \\(tls\\)$"),
          Map.entry("LOGINDISABLED", " LOGIN .*\nS.* NO \\[PRIVACYREQUIRED]"),
          Map.entry("AUTH=PLAIN", "AUTHENTICATE PLAIN"),
          Map.entry("AUTH=LOGIN", "AUTHENTICATE LOGIN"),
          Map.entry("COMPRESS=DEFLATE", "COMPRESS DEFLATE\nS.* OK .*\nC[0-9]?: \\(compress\\)$"),
          Map.entry("QUOTASET", "SETQUOTA .*\nS[0-9]?: \\* QUOTA "),
          Map.entry("APPENDLIMIT", "APPEND INBOX \\{[0-9]+[+]?}\nS.* NO \\[TOOBIG]"),
          Map.entry("MESSAGELIMIT", "^S.* OK \\[MESSAGELIMIT [0-9]+ [0-9]+]"),
          Map.entry("SAVELIMIT", "SAVELIMIT=(?s:.)*? COPY .*\nS.* NO \\[MESSAGELIMIT "));

  /** Capabilities that tell a number, which is for the operator to choose. */
  private static final Pattern NUMBERED =
      Pattern.compile("(APPENDLIMIT|MESSAGELIMIT|SAVELIMIT)=[0-9]+");

  private static final Pattern TOLD =
      Pattern.compile("^S.*(?:\\* |\\[)CAPABILITY ([^\\]\\n]*)", Pattern.MULTILINE);

  /** All capabilities that the server tells in any transcript. */
  private static Set<String> told(String transcripts) {
    Set<String> told = new TreeSet<>(List.of(CAN_LOGGED_IN.split(" ")));
    Matcher lines = TOLD.matcher(transcripts);
    while (lines.find()) {
      String list = lines.group(1).replace("(anybody)", "").replace("(logged in)", "");
      for (String capability : list.strip().split(" +")) {
        if (!capability.isEmpty() && !capability.equals("...")) {
          Matcher numbered = NUMBERED.matcher(capability);
          told.add(numbered.matches() ? numbered.group(1) : capability);
        }
      }
    }
    return told;
  }

  @Test
  void everyCapabilityIsInATranscript() throws IOException {
    StringBuilder said = new StringBuilder();
    for (Path file : files()) {
      said.append(Files.readString(file)).append('\n');
    }
    List<String> missing = new ArrayList<>();
    Set<String> told = told(said.toString());
    for (String capability : told) {
      Pattern tried =
          Pattern.compile(
              TRIED.getOrDefault(capability, "^C.*" + Pattern.quote(capability)),
              Pattern.MULTILINE);
      if (!tried.matcher(said).find()) {
        missing.add(capability);
      }
    }
    assertThat(missing).isEmpty();
    assertThat(told).containsAll(TRIED.keySet());
  }

  private static final class Run {
    private final List<String> lines;
    private final Optional<Carrier.Plan> plan;
    private final Map<String, ImapClient> clients = new LinkedHashMap<>();

    Run(List<String> lines, Optional<Carrier.Plan> plan) {
      this.lines = lines;
      this.plan = plan;
    }

    void run() throws Exception {
      try (ImapRig rig = rig()) {
        for (int number = 1; number <= lines.size(); number++) {
          try {
            step(rig, lines.get(number - 1));
          } catch (IOException | AssertionError e) {
            throw new AssertionError("line " + number + ": " + e.getMessage(), e);
          }
        }
        for (ImapClient client : clients.values()) {
          client.close();
        }
        rig.authenticator.awaitNoLeases();
      }
    }

    private ImapRig rig() throws IOException {
      ImapSettings d = ImapSettings.DEFAULTS;
      long appendLimit = d.appendLimit();
      MessageLimit.Scope scope = MessageLimit.Scope.ALL;
      int messageLimit = Integer.MAX_VALUE;
      int enforcedLimit = 0;
      boolean uidOnly = d.uidOnly();
      boolean unauthenticate = d.unauthenticate();
      Duration keepAlive = d.keepAlive();
      Duration working = d.working();
      Duration idle = d.idle();
      Duration command = d.command();
      boolean tlsRequired = false;
      TlsMode tls = TlsMode.NONE;
      String contact = d.contact();
      String comment = d.comment();
      for (String line : lines) {
        String[] words = line.split(" ");
        if (words[0].equals("with")) {
          switch (words[1]) {
            case "tls-required" -> tlsRequired = true;
            case "starttls" -> tls = TlsMode.STARTTLS;
            case "append-limit" -> appendLimit = Long.parseLong(words[2]);
            case "message-limit" -> messageLimit = Integer.parseInt(words[2]);
            case "save-limit" -> {
              scope = MessageLimit.Scope.SAVING;
              messageLimit = Integer.parseInt(words[2]);
            }
            case "enforced-limit" -> enforcedLimit = Integer.parseInt(words[2]);
            case "uid-only" -> uidOnly = true;
            case "no-unauthenticate" -> unauthenticate = false;
            case "keep-alive" -> keepAlive = Duration.ofMillis(Long.parseLong(words[2]));
            case "working" -> working = Duration.ofMillis(Long.parseLong(words[2]));
            case "command" -> command = Duration.ofMillis(Long.parseLong(words[2]));
            case "contact" -> contact = words[2];
            case "comment" -> comment = words[2];
            case "idle" -> idle = Duration.ofMillis(Long.parseLong(words[2]));
            default -> throw new AssertionError("cannot be had: " + line);
          }
        }
      }
      ImapRig rig =
          new ImapRig(
              new ImapSettings(
                  appendLimit,
                  d.messageLimit(),
                  d.saveLimit(),
                  d.enforcedLimit(),
                  uidOnly,
                  unauthenticate,
                  keepAlive,
                  working,
                  d.login(),
                  idle,
                  command,
                  10,
                  3,
                  contact,
                  comment,
                  ImapLimits.DEFAULT),
              new MessageLimit(scope, messageLimit, Math.max(messageLimit, enforcedLimit)),
              tls,
              plan,
              TextIndex.NONE);
      rig.authenticator.plainTextAllowed = !tlsRequired;
      return rig;
    }

    private void step(ImapRig rig, String line) throws Exception {
      if (line.isBlank() || line.startsWith("#") || line.startsWith("with ")) {
        return;
      }
      if (line.matches("[CS][0-9]?:( .*)?")) {
        int colon = line.indexOf(':');
        String name = line.substring(1, colon);
        String text =
            line.length() == colon + 1 ? "" : line.substring(colon + 2).replace('␀', '\0');
        if (!clients.containsKey(name)) {
          clients.put(name, rig.connect());
        }
        ImapClient client = Objects.requireNonNull(clients.get(name));
        if (line.startsWith("C")) {
          say(client, text);
        } else {
          hear(client, text);
        }
        return;
      }
      String[] words = line.split(" ", 3);
      switch (words[0]) {
        case "login" -> {
          String name = words[1].equals("-") ? "" : words[1];
          ImapClient client = rig.connect();
          clients.put(name, client);
          client.login(words[2]);
          // Its answer fits a buffer of a node, so that no client has the half of it; whom it makes
          // what \\Recent could not be said twice.
          boolean whole = plan.isPresent() && plan.get().buffer() < Carrier.Plan.MOVES.buffer();
          rig.carrier().filter(_ -> whole).ifPresent(carrier -> carrier.spare(true));
          assertThat(client.say("select", "SELECT INBOX").getLast()).startsWith("select OK");
          rig.carrier().filter(_ -> whole).ifPresent(carrier -> carrier.spare(false));
        }
        case "deliver" ->
            rig.deliver(
                words[1], words[2].translateEscapes().getBytes(StandardCharsets.ISO_8859_1));
        case "expunge" -> rig.expunge(words[1], Long.parseLong(words[2]));
        case "fail" -> {
          Faults.When when = words.length > 2 ? Faults.When.valueOf(words[2]) : Faults.When.BEFORE;
          rig.store.faults().failWhile(Faults.Call.valueOf(words[1])::equals, when);
          rig.carrier().ifPresent(carrier -> carrier.spare(when == Faults.When.AFTER));
        }
        case "mend" -> {
          rig.store.faults().clear();
          rig.carrier().ifPresent(carrier -> carrier.spare(false));
        }
        default -> throw new AssertionError("not understood: " + line);
      }
    }

    private static void say(ImapClient client, String text) throws IOException {
      switch (text) {
        case "(end)" -> client.shutdownOutput();
        case "(compress)" -> client.compress();
        case "(tls)" -> client.startTls();
        default -> client.sendLine(text);
      }
    }

    /** What is \\Recent is known to each node alone, and sessions race for it. */
    private String comparable(String line) {
      return plan.isPresent() && clients.size() > 1
          ? line.replaceAll("^\\* [0-9]+ RECENT$", "* RECENT").replaceAll(" ?\\\\Recent", "")
          : line;
    }

    private void hear(ImapClient client, String text) throws IOException {
      if (text.equals("(end)")) {
        assertThat(client.closed()).as("closed").isTrue();
        return;
      }
      String heard = comparable(client.line());
      String expected =
          comparable(text).replace("(anybody)", CAN).replace("(logged in)", CAN_LOGGED_IN);
      if (text.endsWith("...")) {
        assertThat(heard).startsWith(expected.substring(0, expected.length() - "...".length()));
      } else {
        assertThat(heard).isEqualTo(expected);
      }
    }
  }
}
