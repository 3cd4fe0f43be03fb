package hikyaku.systemtests.stress;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Many clients do everything at random on the same mailboxes, and every reply is checked against
 * what was acknowledged.
 *
 * <p>Though all clients write to all messages, each reply can be judged: a message's octets follow
 * from its number; each client has a keyword that only it sets, so it knows for certain what it
 * must find; each message has one client that may expunge it.
 */
public final class Stress {
  /** Where the server is, and an account on it. */
  public record Target(
      String host, int imapPort, int smtpPort, int pop3Port, String user, String password) {}

  private final Target target;
  private final int clients;
  private final long seed;
  private final AtomicInteger numbers = new AtomicInteger();
  private final Ledger inbox = new Ledger(numbers);
  private final Ledger other = new Ledger(numbers);
  private final AtomicLong commands = new AtomicLong();

  public Stress(Target target, int clients, long seed) {
    this.target = target;
    this.clients = clients;
    this.seed = seed;
  }

  /**
   * Runs all clients for some time, and then checks that everybody agrees.
   *
   * @return commands run
   */
  public long run(Duration time) throws IOException, InterruptedException {
    try (ImapClient setup = client("setup")) {
      setup.ok("CREATE Stress");
    }
    Instant end = Instant.now().plus(time);
    List<Future<?>> workers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < clients; i++) {
        int number = i;
        workers.add(
            threads.submit(() -> {
              new Worker(number).work(end);
              return null;
            }));
      }
      workers.add(threads.submit(() -> deliver(end)));
      workers.add(threads.submit(() -> readByPop3(end)));
    }
    for (Future<?> worker : workers) {
      try {
        worker.get();
      } catch (ExecutionException e) {
        throw new AssertionError("seed " + seed + ": " + e.getCause(), e.getCause());
      }
    }
    inbox.checkCopies();
    other.checkCopies();
    checkAtRest("INBOX", inbox);
    checkAtRest("Stress", other);
    return commands.get();
  }

  private ImapClient client(String name) throws IOException {
    return new ImapClient(
        target.host, target.imapPort, target.user, target.password, name + " of seed " + seed);
  }

  /** One client at work. */
  private final class Worker {
    private final int number;
    private final Random random;
    private final String keyword;
    private ImapClient imap;
    private Ledger ledger = inbox;

    /** UIDs of the selected mailbox that carry this client's keyword; it alone changes that. */
    private final Map<Ledger, Set<Long>> marked = new HashMap<>();

    Worker(int number) {
      this.number = number;
      this.random = new Random(seed * 1_000 + number);
      this.keyword = "own" + number;
      marked.put(inbox, new TreeSet<>());
      marked.put(other, new TreeSet<>());
    }

    void work(Instant end) throws IOException {
      imap = client("client " + number);
      try {
        select();
        while (Instant.now().isBefore(end)) {
          commands.incrementAndGet();
          switch (random.nextInt(14)) {
            case 0, 1, 2 -> append();
            case 3, 4 -> mark();
            case 5 -> unmark();
            case 6 -> checkMarks();
            case 7 -> readSome();
            case 8 -> copy();
            case 9 -> expungeOwn();
            case 10 -> imap.ok("NOOP");
            case 11 -> fetchByNumber();
            case 12 -> reconnectOrSelect();
            default -> imap.ok("STATUS Stress (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)");
          }
          imap.learn();
        }
        imap.ok("NOOP");
        imap.learn();
        checkMarks();
      } finally {
        imap.close();
      }
    }

    private String mailbox() {
      return ledger == inbox ? "INBOX" : "Stress";
    }

    private void select() throws IOException {
      ledger = random.nextBoolean() ? inbox : other;
      imap.select(mailbox());
    }

    private void reconnectOrSelect() throws IOException {
      if (random.nextInt(3) == 0) {
        imap.close();
        imap = client("client " + number);
      }
      select();
    }

    private void append() throws IOException {
      int message = ledger.newNumber();
      String text = Ledger.text(message);
      String status = imap.run("APPEND " + mailbox() + " ()", text);
      check(status.equals("OK"), "APPEND " + status + " " + imap.okText);
      String[] code = imap.code().split(" ");
      check(code[0].equals("APPENDUID"), "no APPENDUID: " + imap.okText);
      ledger.seen(Long.parseLong(code[2]), message);
      ledger.accepted(message);
    }

    private ImapClient.Message any() {
      List<ImapClient.Message> known = imap.messages.stream().filter(m -> m.uid != 0).toList();
      return known.isEmpty() ? null : known.get(random.nextInt(known.size()));
    }

    private void mark() throws IOException {
      ImapClient.Message message = any();
      if (message != null) {
        long uid = message.uid;
        boolean silent = random.nextBoolean();
        imap.ok("UID STORE " + uid + " +FLAGS" + (silent ? ".SILENT" : "") + " (" + keyword + ")");
        if (!ledger.isExpunged(uid)) {
          marked.get(ledger).add(uid);
        }
      }
    }

    private void unmark() throws IOException {
      ImapClient.Message message = any();
      if (message != null) {
        imap.ok("UID STORE " + message.uid + " -FLAGS (" + keyword + " \\Seen)");
        marked.get(ledger).remove(message.uid);
      }
    }

    /** What this client marked, and is not expunged, is found; nothing else is. */
    private void checkMarks() throws IOException {
      imap.ok("NOOP");
      Set<Long> mine = marked.get(ledger);
      Set<Long> goneBefore = new TreeSet<>();
      mine.stream().filter(ledger::isExpunged).forEach(goneBefore::add);
      Set<Long> found = new TreeSet<>(imap.search("KEYWORD " + keyword));
      for (long uid : found) {
        if (!mine.contains(uid)) {
          ledger.mustBeCopy(uid);
        }
        check(!goneBefore.contains(uid), "found though expunged: " + uid);
      }
      for (long uid : mine) {
        boolean gone = imap.messages.stream().noneMatch(m -> m.uid == uid);
        check(found.contains(uid) || gone || ownerExpunges(uid), "mark lost: " + uid);
      }
      mine.removeIf(ledger::isExpunged);
    }

    /** Whether the message may be on its way out: told as a ghost, acknowledged in a moment. */
    private boolean ownerExpunges(long uid) throws IOException {
      imap.ok("NOOP");
      return imap.messages.stream().noneMatch(m -> m.uid == uid);
    }

    private void readSome() throws IOException {
      ImapClient.Message message = any();
      if (message == null) {
        return;
      }
      Map<Long, String> texts = imap.texts(message.uid + ":" + (message.uid + random.nextInt(5)));
      texts.forEach((uid, text) -> {
        int n = numberIn(text);
        ledger.seen(uid, n);
        check(text.endsWith(Ledger.text(n)), "octets of " + uid + " (message " + n + ")");
      });
    }

    private void fetchByNumber() throws IOException {
      int size = imap.messages.size();
      if (size > 0) {
        int first = 1 + random.nextInt(size);
        int last = Math.min(size, first + random.nextInt(20));
        imap.fetch(first + ":" + last, "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)");
      }
    }

    private void copy() throws IOException {
      ImapClient.Message message = any();
      if (message == null) {
        return;
      }
      Ledger to = ledger == inbox ? other : inbox;
      Integer known = ledger.numberOf(message.uid);
      if (known == null) {
        return;
      }
      imap.ok("UID COPY " + message.uid + " " + (to == inbox ? "INBOX" : "Stress"));
      String[] code = imap.code().split(" ");
      if (code[0].equals("COPYUID")) {
        // A copy is a message of the other ledger; its number may be there already, so it is
        // expunged at once by whoever made it.
        long uid = Long.parseLong(code[3]);
        to.copied(uid);
        to.seen(uid, known);
        try (ImapClient cleaner = client("cleaner of " + number)) {
          cleaner.select(to == inbox ? "INBOX" : "Stress");
          cleaner.ok("UID STORE " + uid + " +FLAGS.SILENT (\\Deleted)");
          cleaner.ok("UID EXPUNGE " + uid);
          to.expunged(uid);
        }
      }
    }

    private void expungeOwn() throws IOException {
      for (ImapClient.Message message : List.copyOf(imap.messages)) {
        Integer n = message.uid == 0 ? null : ledger.numberOf(message.uid);
        if (n != null
            && n % clients == number
            && !ledger.isExpunged(message.uid)
            && !ledger.isCopy(message.uid)
            && random.nextInt(3) == 0) {
          long uid = message.uid;
          imap.ok("UID STORE " + uid + " +FLAGS.SILENT (\\Deleted)");
          imap.ok("UID EXPUNGE " + uid);
          ledger.expunged(uid);
          check(
              imap.messages.stream().noneMatch(m -> m.uid == uid),
              "expunged and still here: " + uid);
          return;
        }
      }
    }

    private void check(boolean truth, String what) {
      if (!truth) {
        throw new AssertionError("client " + number + " in " + mailbox() + ": " + what);
      }
    }
  }

  static int numberIn(String text) {
    int at = text.indexOf("\r\nX-Number: ");
    if (at < 0) {
      throw new AssertionError(
          "not one of ours: " + text.substring(0, Math.min(200, text.length())));
    }
    return Integer.parseInt(text.substring(at + 12, text.indexOf("\r\n", at + 2)));
  }

  private Void deliver(Instant end) throws IOException {
    while (Instant.now().isBefore(end)) {
      try (Octets smtp = new Octets(target.host, target.smtpPort)) {
        expect(smtp, "220");
        say(smtp, "EHLO stress.test", "250");
        for (int i = 0; i < 20 && Instant.now().isBefore(end); i++) {
          int number = inbox.newNumber();
          commands.incrementAndGet();
          say(smtp, "MAIL FROM:<stress@stress.test>", "250");
          say(smtp, "RCPT TO:<" + target.user + ">", "250");
          say(smtp, "DATA", "354");
          smtp.send(Ledger.text(number).replace("\r\n.", "\r\n..") + ".\r\n");
          expect(smtp, "250");
          inbox.accepted(number);
        }
        say(smtp, "QUIT", "221");
      }
    }
    return null;
  }

  private static void say(Octets connection, String command, String expected) throws IOException {
    connection.send(command + "\r\n");
    expect(connection, expected);
  }

  private static void expect(Octets connection, String expected) throws IOException {
    String line;
    do {
      line = connection.line();
      if (!line.startsWith(expected)) {
        throw new AssertionError("expected " + expected + ", got " + line);
      }
    } while (line.length() > 3 && line.charAt(3) == '-');
  }

  private Void readByPop3(Instant end) throws IOException {
    while (Instant.now().isBefore(end)) {
      try (Octets pop3 = new Octets(target.host, target.pop3Port)) {
        expect(pop3, "+OK");
        say(pop3, "USER " + target.user, "+OK");
        say(pop3, "PASS " + target.password, "+OK");
        pop3.send("LIST\r\n");
        expect(pop3, "+OK");
        List<int[]> sizes = new ArrayList<>();
        for (String line = pop3.line(); !line.equals("."); line = pop3.line()) {
          String[] words = line.split(" ");
          sizes.add(new int[] {Integer.parseInt(words[0]), Integer.parseInt(words[1])});
        }
        for (int i = 0;
            i < sizes.size() && Instant.now().isBefore(end);
            i += 1 + sizes.size() / 10) {
          commands.incrementAndGet();
          retrieve(pop3, sizes.get(i));
        }
        say(pop3, "QUIT", "+OK");
      }
    }
    return null;
  }

  private static void retrieve(Octets pop3, int[] listed) throws IOException {
    pop3.send("RETR " + listed[0] + "\r\n");
    if (!pop3.line().startsWith("+OK")) {
      return; // expunged by somebody meanwhile
    }
    StringBuilder text = new StringBuilder();
    for (String line = pop3.line(); !line.equals("."); line = pop3.line()) {
      text.append(line.startsWith(".") ? line.substring(1) : line).append("\r\n");
    }
    int number = numberIn(text.toString());
    if (!text.toString().endsWith(Ledger.text(number)) || text.length() != listed[1]) {
      throw new AssertionError("POP3 gives other octets for message " + number);
    }
  }

  /** All is quiet: what is there is what was acknowledged and not expunged, once each. */
  private void checkAtRest(String mailbox, Ledger ledger) throws IOException {
    try (ImapClient imap = client("last look")) {
      imap.select(mailbox);
      Map<Integer, Long> found = new HashMap<>();
      for (int at = 0; at < imap.messages.size(); at += 50) {
        List<ImapClient.Message> some =
            imap.messages.subList(at, Math.min(at + 50, imap.messages.size()));
        imap.texts(some.getFirst().uid + ":" + some.getLast().uid)
            .forEach((uid, text) -> {
              int number = numberIn(text);
              ledger.seen(uid, number);
              if (found.put(number, uid) != null) {
                throw new AssertionError("message " + number + " is there twice");
              }
            });
      }
      Set<Integer> expected = ledger.expected();
      if (!new TreeSet<>(found.keySet()).equals(expected)) {
        Set<Integer> lost = new TreeSet<>(expected);
        lost.removeAll(found.keySet());
        Set<Integer> risen = new TreeSet<>(found.keySet());
        risen.removeAll(expected);
        throw new AssertionError(mailbox + ": lost " + lost + ", risen " + risen);
      }
    }
  }
}
