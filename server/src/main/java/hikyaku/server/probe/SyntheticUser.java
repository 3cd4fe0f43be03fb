package hikyaku.server.probe;

import hikyaku.server.link.NodeLink;
import hikyaku.server.link.Probes;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One run of the synthetic user on a node: waits for mail in IDLE, has a message delivered, sees it
 * come, fetches it, retrieves it by POP3, takes it away. What the node has no role for another node
 * does, and is not held against either.
 */
final class SyntheticUser implements AutoCloseable {
  /** Always the same, so that contents are stored once; the envelope tells the runs apart. */
  private static final String MESSAGE =
      """
      From: Hikyaku <probe@probe.invalid>\r
      Subject: A probe\r
      Date: Thu, 1 Jan 1970 00:00:00 +0000\r
      Message-ID: <probe@probe.invalid>\r
      \r
      Delivered and read by a front, to see how its nodes fare.\r
      """;

  private final NodeLink node;
  private final String address;
  private final Duration timeout;
  private final Supplier<String> ids;
  private final String token;
  private final Steps steps;
  private final Optional<NodeLink> smtp;
  private final Optional<NodeLink> imap;
  private final Optional<NodeLink> pop3;

  private @Nullable Conversation reading;
  private int number;

  /**
   * @param account local part of the user's address
   * @param ids gives a session its id
   */
  SyntheticUser(
      NodeLink node,
      Peers peers,
      String account,
      Duration timeout,
      Supplier<String> ids,
      RandomGenerator random,
      Steps steps) {
    this.node = node;
    this.address = account + "@" + Probes.DOMAIN;
    this.timeout = timeout;
    this.ids = ids;
    this.steps = steps;
    byte[] octets = new byte[8];
    random.nextBytes(octets);
    this.token = HexFormat.of().formatHex(octets);
    smtp = peers.forService(node, "smtp");
    imap = peers.forService(node, "imap");
    pop3 =
        peers.offers(node, "pop3") || imap.isEmpty()
            ? peers.forService(node, "pop3")
            : Optional.empty();
  }

  /** Who does what a node has no role for. */
  interface Peers {
    boolean offers(NodeLink node, String service);

    /** The node itself if it offers the service, else another one that does. */
    Optional<NodeLink> forService(NodeLink node, String service);
  }

  void run() throws ProbeException, InterruptedException {
    if (smtp.isEmpty() || imap.isEmpty() && pop3.isEmpty()) {
      steps.leftOut("user", "no node delivers, or none lets read");
      return;
    }
    if (imap.isPresent()) {
      step("login", imap.get(), () -> enter(imap.get()));
    } else {
      steps.leftOut("idle", "no node has the role imap");
    }
    step("delivery", smtp.get(), () -> deliver(smtp.get()));
    if (imap.isPresent()) {
      step("idle", imap.get(), this::notice);
      step("fetch", imap.get(), this::fetch);
    }
    if (pop3.isPresent()) {
      step("retrieval", pop3.get(), () -> retrieve(pop3.get()));
    } else {
      steps.leftOut("retrieval", "the node has not the role pop3");
    }
    if (imap.isPresent()) {
      step("removal", imap.get(), this::leave);
    }
  }

  private void step(String name, NodeLink by, Steps.Body body)
      throws ProbeException, InterruptedException {
    if (reading != null) {
      reading.allow(timeout);
    }
    if (by == node) {
      steps.own(name, body);
    } else {
      steps.others(name, by.node(), body);
    }
  }

  private Conversation open(NodeLink by, String service) {
    return new Conversation(by, ids.get(), service, timeout);
  }

  // ---- the steps

  /** Logs in, takes away what an earlier run may have left, and waits for mail. */
  private void enter(NodeLink by) throws ProbeException, InterruptedException {
    Conversation with = open(by, "imap");
    reading = with;
    String unused = with.expect("* OK");
    command(with, "LOGIN " + address + " probe");
    if (command(with, "SELECT INBOX") > 0) {
      empty(with);
    }
    with.write(++number + " IDLE\r\n");
    String idling = with.readLine();
    while (idling.startsWith("* ")) {
      idling = with.readLine();
    }
    if (!idling.startsWith("+")) {
      throw new ProbeException.Failed("IDLE was not taken");
    }
  }

  private void empty(Conversation with) throws ProbeException, InterruptedException {
    int unused = command(with, "STORE 1:* +FLAGS.SILENT (\\Deleted)");
    int gone = command(with, "EXPUNGE");
  }

  /**
   * Says a command and reads up to its end.
   *
   * @return how many messages there are, if it was told; else -1
   */
  private int command(Conversation with, String command)
      throws ProbeException, InterruptedException {
    String tag = Integer.toString(++number);
    with.write(tag + " " + command + "\r\n");
    return end(with, tag);
  }

  private static int end(Conversation with, String tag)
      throws ProbeException, InterruptedException {
    int exists = -1;
    while (true) {
      String line = with.readLine();
      if (!line.startsWith("* ")) {
        if (!line.startsWith(tag + " OK")) {
          throw Conversation.unexpected(line);
        }
        return exists;
      }
      exists = Math.max(exists, exists(line));
    }
  }

  private static int exists(String line) {
    return line.matches("\\* \\d{1,6} EXISTS")
        ? Integer.parseInt(line.substring(2, line.indexOf(' ', 2)))
        : -1;
  }

  private void deliver(NodeLink by) throws ProbeException, InterruptedException {
    try (Conversation with = open(by, "smtp")) {
      Dialogues.smtpHello(with);
      String from = with.ask("MAIL FROM:<" + token + "@" + Probes.DOMAIN + ">", "250");
      String to = with.ask("RCPT TO:<" + address + ">", "250");
      String data = with.ask("DATA", "354");
      String taken = with.ask(MESSAGE + ".", "250");
      String bye = with.ask("QUIT", "221");
    }
  }

  /** The session in IDLE must hear of the message by itself. */
  private void notice() throws ProbeException, InterruptedException {
    Conversation with = reading();
    int exists;
    do {
      exists = exists(with.readLine());
    } while (exists < 1);
    String tag = Integer.toString(number);
    with.write("DONE\r\n");
    int unused = end(with, tag);
  }

  /** What an earlier run had given up on may have been delivered meanwhile, and lies beside it. */
  private void fetch() throws ProbeException, InterruptedException {
    Conversation with = reading();
    String message = search(with);
    String tag = Integer.toString(++number);
    with.write(tag + " FETCH " + message + " BODY.PEEK[]\r\n");
    String line = with.readLine();
    int brace = line.lastIndexOf('{');
    if (!line.startsWith("* " + message + " FETCH ")
        || !line.substring(brace + 1).matches("\\d{1,5}}")) {
      throw Conversation.unexpected(line);
    }
    String text = with.read(Integer.parseInt(line.substring(brace + 1, line.length() - 1)));
    String rest = with.readLine();
    int unused = end(with, tag);
    if (!isOurs(text)) {
      throw new ProbeException.Failed("another message than the one that was delivered");
    }
  }

  /** The number of this run's message. */
  private String search(Conversation with) throws ProbeException, InterruptedException {
    String tag = Integer.toString(++number);
    with.write(tag + " SEARCH HEADER Return-Path " + token + "\r\n");
    String found = "";
    String line = with.readLine();
    while (line.startsWith("* ")) {
      found = line.matches("\\* SEARCH \\d+") ? line.substring("* SEARCH ".length()) : found;
      line = with.readLine();
    }
    if (found.isEmpty() || !line.startsWith(tag + " OK")) {
      throw new ProbeException.Failed("the message that was delivered is not found");
    }
    return found;
  }

  private boolean isOurs(String message) {
    return message.contains(token) && message.endsWith(MESSAGE);
  }

  /** Reads and takes away by POP3. */
  private void retrieve(NodeLink by) throws ProbeException, InterruptedException {
    try (Conversation with = open(by, "pop3")) {
      String greeting = with.expect("+OK");
      String user = with.ask("USER " + address, "+OK");
      String pass = with.ask("PASS probe", "+OK");
      String stat = with.ask("STAT", "+OK ");
      int last = Integer.parseInt(stat.split(" ", 3)[1]);
      boolean found = false;
      for (int i = 1; i <= last; i++) {
        found |= isOurs(retrieve(with, i));
        String gone = with.ask("DELE " + i, "+OK");
      }
      String bye = with.ask("QUIT", "+OK");
      if (!found) {
        throw new ProbeException.Failed("the message that was delivered is not found");
      }
    }
  }

  private static String retrieve(Conversation with, int message)
      throws ProbeException, InterruptedException {
    String retr = with.ask("RETR " + message, "+OK");
    StringBuilder text = new StringBuilder();
    String line = with.readLine();
    while (!line.equals(".")) {
      text.append(line.startsWith(".") ? line.substring(1) : line).append("\r\n");
      line = with.readLine();
    }
    return text.toString();
  }

  /** What POP3 has taken away IMAP must say; else it is taken away here. */
  private void leave() throws ProbeException, InterruptedException {
    Conversation with = reading();
    if (pop3.isPresent()) {
      gone(with);
    } else {
      empty(with);
    }
    with.write(++number + " LOGOUT\r\n");
    String bye = with.expect("* BYE");
    int unused = end(with, Integer.toString(number));
  }

  private void gone(Conversation with) throws ProbeException, InterruptedException {
    String tag = Integer.toString(++number);
    with.write(tag + " NOOP\r\n");
    String line = with.readLine();
    boolean told = false;
    while (line.startsWith("* ")) {
      told |= line.matches("\\* \\d+ EXPUNGE");
      line = with.readLine();
    }
    if (!told || !line.startsWith(tag + " OK")) {
      throw new ProbeException.Failed("a message that was deleted is still there");
    }
  }

  private Conversation reading() {
    Conversation with = reading;
    if (with == null) {
      throw new IllegalStateException("not logged in");
    }
    return with;
  }

  @Override
  public void close() {
    Conversation with = reading;
    if (with != null) {
      with.close();
    }
  }
}
