package hikyaku.systemtests.peers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A transcript of SMTP or LMTP, played once against a peer, reply by reply. Settings of the server
 * are the peer's own. What becomes of messages is looked at where it is known how.
 */
public final class SmtpTranscript {
  /** How long a peer may take for a reply, or to close. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final String RESULT = "reply";
  private static final Pattern REPLY =
      Pattern.compile("([0-9]{3})[- ]?([245]\\.[0-9]+\\.[0-9]+)?.*", Pattern.DOTALL);
  private static final Set<String> IGNORED =
      Set.of("", "#", "face", "tls", "set", "queued", "pauses", "later");

  /** Where the transcript is played. */
  @FunctionalInterface
  public interface Server {
    /** Its address for a face: mx, submission or lmtp; with TLS or without. */
    InetSocketAddress at(String face, boolean tls);
  }

  private final String name;
  private final List<String> lines;
  private final InetSocketAddress server;
  private final DifferenceTable table;
  private final List<Difference> differences = new ArrayList<>();
  private final @Nullable Mailboxes mailboxes;
  private final String face;
  private Peer peer;

  /** Recipients that the peer has accepted in this transaction. */
  private final List<String> accepted = new ArrayList<>();

  /** By user, the messages that it has accepted. */
  private final Map<String, Integer> due = new HashMap<>();

  /** What is said next, and the lines of it that are commands. */
  private final ByteArrayOutputStream batch = new ByteArrayOutputStream();

  private final List<String> commands = new ArrayList<>();
  private final List<String> expected = new ArrayList<>();
  private int replies;
  private boolean closed;
  private String ours = "";
  private String theirs = "";

  /** Whether what is said is not said to the peer, since it does not wait for it. */
  private boolean unwanted;

  /** Whether the peer begins with TLS where we do not. */
  private boolean anew;

  /**
   * @param mailboxes what has been delivered, or null if that is not looked at
   */
  public SmtpTranscript(
      Path file, Server server, DifferenceTable table, @Nullable Mailboxes mailboxes)
      throws IOException {
    name = Transcripts.name(file);
    lines = Files.readAllLines(file);
    this.table = table;
    this.mailboxes = mailboxes;
    face = face(lines);
    this.server = server.at(face, lines.contains("tls STARTTLS"));
  }

  /** What kind of server a transcript is about: mx, submission or lmtp. */
  public static String face(Path file) throws IOException {
    return face(Files.readAllLines(file));
  }

  private static String face(List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith("face "))
        .map(line -> line.substring("face ".length()))
        .findFirst()
        .orElse("mx");
  }

  /** Plays it to its end, or to where the table ends it. */
  public List<Difference> play() throws IOException {
    connect();
    try {
      for (int number = 1; number <= lines.size(); number++) {
        if (!step(number, lines.get(number - 1))) {
          break;
        }
      }
    } catch (IOException e) {
      throw new IOException(name + ": " + e.getMessage(), e);
    } finally {
      peer.close();
    }
    return differences;
  }

  private void connect() throws IOException {
    if (peer != null) {
      peer.close();
    }
    peer = new Peer(server);
    closed = false;
    unwanted = false;
    anew = false;
    ours = "";
    theirs = "";
    batch.reset();
    commands.clear();
    commands.add("greeting");
    replies = 0;
  }

  /** Whether there is more to play. */
  private boolean step(int number, String line) throws IOException {
    String[] words = line.split(" ");
    if (line.startsWith("C")) {
      if (replies > 0) {
        commands.clear();
        replies = 0;
        anew = false;
      }
      if (line.startsWith("C: ") && table.endsAt(name, line.substring(3))) {
        return false;
      }
      say(line, words);
    } else if (line.startsWith("S: ")) {
      send();
      expected.add(line.substring(3));
      if (line.length() < 7 || line.charAt(6) != '-') {
        hear(number);
      }
    } else {
      switch (words[0]) {
        case "closed" -> {
          send();
          if (!closed) {
            tell(number, "(closed)", RESULT, "closed", anew ? "TLS" : read());
          }
        }
        case "connect" -> connect();
        case "mailbox" -> {
          if (mailboxes != null) {
            compareCount(number, mailboxes, words[1], words[2]);
          }
        }
        case "message" -> {
          if (mailboxes != null) {
            compareMessage(number, mailboxes, words[1], Integer.parseInt(words[2]));
          }
        }
        case "starttls" -> {
          if (!closed && theirs.startsWith("220")) {
            closed = !peer.startTls();
            tell(number, "(TLS)", RESULT, "TLS", closed ? "closed" : "TLS");
          }
        }
        default -> {
          if (!IGNORED.contains(words[0]) && !line.startsWith("|")) {
            throw new IOException("not understood: " + line);
          }
        }
      }
    }
    return true;
  }

  private void say(String line, String[] words) {
    String text = line.length() < 4 ? "" : line.substring(3);
    if (line.startsWith("C*")) {
      batch.writeBytes(octets(words[1].repeat(Integer.parseInt(words[2]))));
    } else if (line.startsWith("C64")) {
      batch.writeBytes(Base64.getEncoder().encode(octets(line.substring(4))));
      batch.writeBytes(octets("\\r\\n"));
      commands.add(line);
    } else if (line.startsWith("C>")) {
      batch.writeBytes(octets(text));
    } else {
      batch.writeBytes(octets(text + "\\r\\n"));
      commands.add(text);
    }
  }

  /** Says what has been gathered, if the peer waits for such. */
  private void send() throws IOException {
    if (batch.size() == 0) {
      return;
    }
    boolean goAhead = ours.startsWith("3");
    unwanted = goAhead && !theirs.startsWith("3");
    if (goAhead) {
      commands.clear();
      commands.add(ours.startsWith("354") ? "(message)" : "(response)");
    } else if (theirs.startsWith("3") && !closed) {
      // It waits for what we do not send.
      peer.send(theirs.startsWith("354") ? ".\r\n" : "*\r\n");
      theirs = read();
    }
    if (!unwanted && !closed) {
      peer.send(batch.toString(StandardCharsets.ISO_8859_1));
    }
    batch.reset();
  }

  private void hear(int number) throws IOException {
    String command =
        commands.isEmpty() ? "(unasked)" : commands.get(Math.min(replies, commands.size() - 1));
    replies++;
    ours = String.join("\n", expected);
    expected.clear();
    if (unwanted) {
      theirs = "";
      return;
    }
    if (closed) {
      theirs = "closed";
      return;
    }
    theirs = read();
    closed = theirs.equals("closed");
    tell(number, command, RESULT, status(ours), status(theirs));
    follow(command);
    if (command.equals("STARTTLS") && theirs.startsWith("220") && !ours.startsWith("220")) {
      beginAnew();
    }
    if (command.matches("(EHLO|LHLO) .*") && ours.startsWith("250") && theirs.startsWith("250")) {
      Facts here = keywords(ours);
      Facts there = keywords(theirs);
      for (String keyword : here.namesWith(there)) {
        tell(number, command.substring(0, 4), keyword, here.value(keyword), there.value(keyword));
      }
    }
  }

  /** Keeps count of what the peer has accepted. */
  private void follow(String command) {
    if (!theirs.startsWith("2")) {
      return;
    }
    if (command.startsWith("MAIL ")) {
      accepted.clear();
    } else if (command.startsWith("RCPT TO:<")) {
      accepted.add(command.replaceFirst("RCPT TO:<([^+@>]*).*", "$1"));
    } else if (command.equals("(message)") || command.endsWith(" LAST")) {
      // LMTP has a reply for each recipient.
      List<String> arrived =
          face.equals("lmtp") ? List.of(accepted.get(replies - commands.size())) : accepted;
      arrived.forEach(user -> due.merge(user, 1, Integer::sum));
    }
  }

  private void compareCount(int line, Mailboxes there, String user, String ours)
      throws IOException {
    int count = there.count(user, due.getOrDefault(user, 0));
    StringBuilder value = new StringBuilder().append(count);
    for (int number = Integer.parseInt(ours) + 1; number <= count; number++) {
      String body = DeliveredText.facts(there.message(user, number)).value("behind the fields");
      value.append(number == Integer.parseInt(ours) + 1 ? ": " : " and ").append(body);
    }
    tell(line, "(mailbox)", user, ours, value.toString());
  }

  private void compareMessage(int line, Mailboxes there, String user, int number)
      throws IOException {
    StringBuilder expected = new StringBuilder();
    for (int at = line; at < lines.size() && lines.get(at).startsWith("|"); at++) {
      String text = lines.get(at);
      String octets = text.length() < 3 ? "" : text.substring(2);
      expected.append(new String(octets(octets), StandardCharsets.ISO_8859_1));
      expected.append(text.startsWith("|>") ? "" : "\r\n");
    }
    Facts here = DeliveredText.facts(expected.toString());
    boolean has = there.count(user, due.getOrDefault(user, 0)) >= number;
    Facts others = has ? DeliveredText.facts(there.message(user, number)) : new Facts();
    for (String fact : here.namesWith(others)) {
      tell(line, "(" + user + " " + number + ")", fact, here.value(fact), others.value(fact));
    }
  }

  /** Instead of TLS, that we have refused, a connection on which nothing has been said. */
  private void beginAnew() throws IOException {
    peer.close();
    peer = new Peer(server);
    read();
    anew = true;
  }

  /** A reply of all its lines, or how there is none. */
  private String read() throws IOException {
    StringBuilder reply = new StringBuilder();
    while (true) {
      if (!peer.speaks(PATIENCE)) {
        return "silence";
      }
      Optional<String> line = peer.line();
      if (line.isEmpty()) {
        return "closed";
      }
      reply.append(reply.isEmpty() ? "" : "\n").append(line.get().strip());
      if (line.get().length() < 4 || line.get().charAt(3) != '-') {
        return reply.toString();
      }
    }
  }

  /** The code, with the class and the subject of the enhanced one (RFC 3463 section 2). */
  private static String status(String reply) {
    Matcher parts = REPLY.matcher(reply);
    if (!parts.matches()) {
      return reply;
    }
    String enhanced = parts.group(2);
    return enhanced == null
        ? parts.group(1)
        : parts.group(1) + " " + enhanced.substring(0, enhanced.lastIndexOf('.'));
  }

  private static Facts keywords(String reply) {
    Facts facts = new Facts();
    Arrays.stream(reply.split("\n"))
        .skip(1)
        .map(line -> line.substring(4).split(" ", 2))
        .forEach(parts -> facts.put("keyword " + parts[0], parts.length > 1 ? parts[1] : ""));
    return facts;
  }

  private void tell(int line, String command, String what, String here, String there) {
    if (!here.equals(there)) {
      differences.add(new Difference(name, line, command, what, here, there));
    }
  }

  /** The octets that are meant: UTF-8 but for what is escaped. */
  private static byte[] octets(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Matcher escape = Pattern.compile("\\\\(x([0-9a-fA-F]{2})|.)").matcher(text);
    int at = 0;
    while (escape.find()) {
      out.writeBytes(text.substring(at, escape.start()).getBytes(StandardCharsets.UTF_8));
      out.write(
          escape.group(2) == null
              ? ("\\" + escape.group(1)).translateEscapes().charAt(0)
              : Integer.parseInt(escape.group(2), 16));
      at = escape.end();
    }
    out.writeBytes(text.substring(at).getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }
}
