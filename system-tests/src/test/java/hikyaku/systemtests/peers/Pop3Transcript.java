package hikyaku.systemtests.peers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A POP3 transcript, played once against a peer, command by command. Mail comes and goes by the
 * peer's IMAP. Settings of the server are the peer's own.
 */
public final class Pop3Transcript {
  private static final Pattern SPOKEN = Pattern.compile("([CS])([0-9]?):( .*)?");
  private static final Pattern DIGEST = Pattern.compile("\\{digest ([^}]+)}");
  private static final Pattern TIMESTAMP = Pattern.compile("<[^>]+>");
  private static final String RESULT = "result";
  private static final Set<String> LONG = Set.of("CAPA", "RETR", "TOP");
  private static final Set<String> LONG_IF_BARE = Set.of("LIST", "UIDL", "AUTH", "LANG");

  /** A command and its answer. */
  private static final class Exchange {
    final int line;
    final String command;
    final List<String> expected = new ArrayList<>();
    final List<String> heard = new ArrayList<>();

    /** Whether the peer has said its last of it. */
    boolean ended;

    boolean skipped;

    Exchange(int line, String command) {
      this.line = line;
      this.command = command;
    }

    private boolean isLong() {
      String word = command.toUpperCase(Locale.ROOT).replaceFirst(" .*", "");
      return LONG.contains(word) || LONG_IF_BARE.contains(command.toUpperCase(Locale.ROOT));
    }

    boolean complete(List<String> lines) {
      String last = lines.getLast();
      if (last.startsWith("-ERR") || last.equals(".") || last.equals("closed")) {
        return true;
      }
      return last.startsWith("+OK") && !isLong();
    }
  }

  private static final class Session {
    final Peer peer;
    final Deque<Exchange> exchanges = new ArrayDeque<>();
    String greeting = "";
    boolean closed;

    Session(Peer peer, int line) {
      this.peer = peer;
      exchanges.add(new Exchange(line, "greeting"));
    }
  }

  private final String name;
  private final List<String> lines;
  private final InetSocketAddress peer;
  private final InetSocketAddress imap;
  private final DifferenceTable table;
  private final Map<String, Session> sessions = new LinkedHashMap<>();
  private final List<Difference> differences = new ArrayList<>();

  /**
   * @param peer its POP3
   * @param imap its IMAP
   */
  public Pop3Transcript(
      Path file, InetSocketAddress peer, InetSocketAddress imap, DifferenceTable table)
      throws IOException {
    name = Transcripts.name(file);
    lines = Files.readAllLines(file);
    this.peer = peer;
    this.imap = imap;
    this.table = table;
  }

  /** Plays it to its end, or to where the table ends it. */
  public List<Difference> play() throws IOException {
    boolean failing = false;
    try {
      for (int number = 1; number <= lines.size(); number++) {
        String line = lines.get(number - 1);
        if (line.startsWith("fail ") || line.equals("mend")) {
          failing = line.startsWith("fail ");
        } else if (!failing && !step(number, line)) {
          break;
        }
      }
    } catch (IOException e) {
      throw new IOException(name + ": " + e.getMessage(), e);
    } finally {
      for (Session session : sessions.values()) {
        session.peer.close();
      }
    }
    return differences;
  }

  /** Whether there is more to play. */
  private boolean step(int number, String line) throws IOException {
    Matcher spoken = SPOKEN.matcher(line);
    if (!spoken.matches()) {
      directive(number, line);
      return true;
    }
    Session session = sessions.get(spoken.group(2));
    if (session == null) {
      session = new Session(new Peer(peer), number);
      sessions.put(spoken.group(2), session);
    }
    String text = spoken.group(3) == null ? "" : spoken.group(3).substring(1);
    if (spoken.group(1).equals("C")) {
      return say(session, number, text);
    }
    hear(session, number, text);
    return true;
  }

  private void directive(int number, String line) throws IOException {
    String[] words = line.split(" ", 3);
    switch (words[0]) {
      case "", "#", "with", "wait" -> {}
      case "deliver" -> {
        try (Helper helper = new Helper(imap, words[1])) {
          helper.append(words[2].translateEscapes());
        }
      }
      case "expunge" -> {
        try (Helper helper = new Helper(imap, words[1])) {
          helper.expunge(words[2]);
        }
      }
      case "left" -> {
        try (Helper helper = new Helper(imap, words[1])) {
          tell(number, line, "messages", words[2], helper.messages());
        }
      }
      default -> throw new IOException("not understood: " + line);
    }
  }

  private boolean say(Session session, int number, String text) throws IOException {
    switch (text) {
      case "(end)" -> {
        session.peer.shutdownOutput();
        return true;
      }
      case "(tls)" -> {
        session.closed = !session.peer.startTls();
        tell(number, text, RESULT, "TLS", session.closed ? "closed" : "TLS");
        return true;
      }
      default -> {}
    }
    Exchange last = session.exchanges.peekLast();
    boolean more =
        last != null && !last.expected.isEmpty() && last.expected.getLast().startsWith("+ ");
    if (!more) {
      if (table.endsAt(name, text)) {
        return false;
      }
      last = new Exchange(number, text);
      last.skipped = table.skips(name, text);
      last.ended = last.skipped;
      session.exchanges.add(last);
    }
    if (!last.ended && !session.closed) {
      String said = digested(session.greeting, text).replace("\\r\\n", "\r\n") + "\r\n";
      session.peer.send(
          new String(said.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
    }
    return true;
  }

  /** With the digest of the peer's own timestamp and the secret (RFC 1939 section 7). */
  private static String digested(String greeting, String text) throws IOException {
    Matcher secret = DIGEST.matcher(text);
    if (!secret.find()) {
      return text;
    }
    Matcher timestamp = TIMESTAMP.matcher(greeting);
    if (!timestamp.find()) {
      throw new IOException("no timestamp: " + greeting);
    }
    try {
      String shared = timestamp.group() + secret.group(1);
      byte[] digest =
          MessageDigest.getInstance("MD5").digest(shared.getBytes(StandardCharsets.ISO_8859_1));
      return secret.replaceFirst(HexFormat.of().formatHex(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IOException(e);
    }
  }

  private void hear(Session session, int number, String text) throws IOException {
    if (text.equals("(end)")) {
      boolean alreadyClosed = session.closed;
      String heard = alreadyClosed ? "closed" : session.peer.line().orElse("closed");
      tell(number, "(end)", RESULT, "closed", heard.strip());
      session.closed = true;
      return;
    }
    Exchange exchange = session.exchanges.element();
    exchange.expected.add(text);
    if (text.startsWith("+ ")) {
      read(session, exchange, true);
    } else if (exchange.complete(exchange.expected)) {
      read(session, exchange, false);
      compare(session.exchanges.remove());
    }
  }

  private static void read(Session session, Exchange exchange, boolean part) throws IOException {
    while (!exchange.ended) {
      String line =
          session.closed
              ? "closed"
              : session.peer.line().map(l -> l.replace("\r\n", "")).orElse("closed");
      session.closed |= line.equals("closed");
      if (session.greeting.isEmpty()) {
        session.greeting = line;
      }
      exchange.heard.add(line);
      exchange.ended = exchange.complete(exchange.heard);
      if (!exchange.ended && line.startsWith("+ ")) {
        if (part) {
          return;
        }
        // We have refused without it.
        session.peer.send("*\r\n");
      }
    }
  }

  private void compare(Exchange exchange) {
    if (exchange.skipped) {
      return;
    }
    Facts ours = facts(exchange.command, exchange.expected);
    Facts other = facts(exchange.command, exchange.heard);
    boolean alike = ours.value(RESULT).startsWith("+") == other.value(RESULT).startsWith("+");
    for (String fact : ours.namesWith(other)) {
      if (ours.comparable(fact, other) && (alike || fact.equals(RESULT))) {
        tell(exchange.line, exchange.command, fact, ours.value(fact), other.value(fact));
      }
    }
  }

  private void tell(int line, String command, String fact, String ours, String other) {
    if (!ours.equals(other)) {
      differences.add(new Difference(name, line, command, fact, ours, other));
    }
  }

  /**
   * What counts: the status and its code, numbers, capabilities, ids, and the octets of messages.
   */
  private static Facts facts(String command, List<String> lines) {
    Facts facts = new Facts();
    String[] words = command.toUpperCase(Locale.ROOT).split(" ");
    String first = lines.getFirst();
    if (first.startsWith("+ ")) {
      facts.put("continuation", "+");
      first = lines.getLast();
    }
    Matcher status = Pattern.compile("(\\+OK|-ERR|closed)( \\[[A-Z/-]+])?( .*)?").matcher(first);
    if (!status.matches()) {
      facts.put("what is no answer", first);
      return facts;
    }
    facts.put(RESULT, status.group(1) + (status.group(2) == null ? "" : status.group(2)));
    if (!first.startsWith("+OK")) {
      return facts;
    }
    List<String> rest = lines.subList(1, lines.size());
    switch (words[0]) {
      case "CAPA" -> {
        for (String line : rest) {
          String[] capability = line.split(" ", 2);
          facts.put(
              "capability " + capability[0], capability.length > 1 ? sorted(capability[1]) : "");
        }
      }
      case "STAT" -> facts.put("numbers", first);
      case "LIST" -> facts.put("numbers", words.length > 1 ? first : String.join(", ", rest));
      case "UIDL" -> {
        // What the ids are is free; of what they are is not.
        List<String> all = words.length > 1 ? List.of(first.substring("+OK ".length())) : rest;
        facts.put("numbers", String.join(", ", all.stream().map(id -> id.split(" ")[0]).toList()));
      }
      case "RETR", "TOP" -> facts.put("text", String.join("\\n", rest));
      default -> {}
    }
    return facts;
  }

  private static String sorted(String words) {
    String[] all = words.split(" ");
    Arrays.sort(all);
    return String.join(" ", all);
  }
}
