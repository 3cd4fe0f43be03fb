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
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A transcript of SMTP, played once against a peer, reply by reply. Settings of the server are the
 * peer's own, and what becomes of messages is not looked at.
 */
public final class SmtpTranscript {
  /** How long a peer may take for a reply, or to close. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final String RESULT = "reply";
  private static final Pattern REPLY =
      Pattern.compile("([0-9]{3})[- ]?([245]\\.[0-9]+\\.[0-9]+)?.*", Pattern.DOTALL);
  private static final Set<String> IGNORED =
      Set.of(
          "", "#", "face", "tls", "set", "mailbox", "queued", "message", "|", "|>", "pauses",
          "later");

  /** Where the transcript is played. */
  @FunctionalInterface
  public interface Server {
    /** Its address for a face, {@code mx} or {@code submission}, with TLS or without. */
    InetSocketAddress at(String face, boolean tls);
  }

  private final String name;
  private final List<String> lines;
  private final InetSocketAddress server;
  private final DifferenceTable table;
  private final List<Difference> differences = new ArrayList<>();
  private Peer peer;

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

  public SmtpTranscript(Path file, Server server, DifferenceTable table) throws IOException {
    name = Transcripts.name(file);
    lines = Files.readAllLines(file);
    this.table = table;
    this.server =
        server.at(
            lines.contains("face submission") ? "submission" : "mx",
            lines.contains("tls STARTTLS"));
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
        case "starttls" -> {
          if (!closed && theirs.startsWith("220")) {
            closed = !peer.startTls();
            tell(number, "(TLS)", RESULT, "TLS", closed ? "closed" : "TLS");
          }
        }
        default -> {
          if (!IGNORED.contains(words[0])) {
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
    if (command.equals("STARTTLS") && theirs.startsWith("220") && !ours.startsWith("220")) {
      beginAnew();
    }
    if (command.startsWith("EHLO ") && ours.startsWith("250") && theirs.startsWith("250")) {
      Facts here = keywords(ours);
      Facts there = keywords(theirs);
      for (String keyword : here.namesWith(there)) {
        tell(number, "EHLO", keyword, here.value(keyword), there.value(keyword));
      }
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
