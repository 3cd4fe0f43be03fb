package hikyaku.systemtests.peers;

import hikyaku.systemtests.peers.Facts.Fact;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An IMAP transcript, played once against a peer, command by command. What happens between {@code
 * fail} and {@code mend} needs a store that fails, and is not played. Settings of the server are
 * the peer's own.
 */
public final class ImapTranscript {
  /** How long a peer may take to tell what it is not asked. */
  private static final Duration UNASKED = Duration.ofSeconds(20);

  private static final Pattern SPOKEN = Pattern.compile("([CS])([0-9]?):( .*)?");
  private static final Pattern OWED = Pattern.compile("\\{([0-9]+)[+]?}$");

  /** Where commands name what the server chose. */
  private static final Pattern CHOSEN =
      Pattern.compile(
          "(?<=CHANGEDSINCE |UNCHANGEDSINCE |MODSEQ |QRESYNC \\(|QRESYNC \\([0-9]{10} |UIDVALIDITY="
              + "|EMAILID |THREADID )[A-Z0-9][0-9a-f]*");

  /** Users, where what rights they have is asked or said: peers know them by their whole names. */
  private static final Pattern WHO =
      Pattern.compile(
          "(?<=ACL |LISTRIGHTS )[A-Za-z/]+ -?(bob|alice|carol|dave|nobody|team)(?= |$)");

  /** Of the INBOX in a transcript that selects it without showing so. */
  private static final String UIDVALIDITY = "1795341600";

  /**
   * A command and all that belongs to it.
   *
   * @param tag empty if the peer says all of this without being asked
   */
  private static final class Exchange {
    final int line;
    final String tag;
    final String command;
    final List<String> expected = new ArrayList<>();
    final List<String> heard = new ArrayList<>();
    final StringBuilder partial = new StringBuilder();
    int owed;

    /** Whether a literal has ended with a line, behind which the command goes on. */
    boolean open;

    boolean continued;
    boolean ended;
    boolean skipped;

    /** How many of the expected responses have been waited for. */
    int awaited;

    Exchange(int line, String command) {
      this.line = line;
      this.command = command;
      tag = command.replaceFirst(" .*", "");
    }

    boolean wantsMore() {
      return owed > 0 || open || continued;
    }

    void say(String text) {
      continued = false;
      open = false;
      byte[] line = (text + "\r\n").getBytes(StandardCharsets.UTF_8);
      if (line.length <= owed) {
        owed -= line.length;
        open = owed == 0;
        return;
      }
      String rest = new String(line, owed, line.length - owed, StandardCharsets.UTF_8).strip();
      Matcher literal = OWED.matcher(rest);
      owed = literal.find() ? Integer.parseInt(literal.group(1)) : 0;
    }
  }

  private static final class Session {
    final Peer peer;
    final Deque<Exchange> exchanges = new ArrayDeque<>();
    boolean greeted;
    boolean closed;

    Session(Peer peer) {
      this.peer = peer;
    }
  }

  private final String name;
  private final List<String> lines;
  private final InetSocketAddress peer;
  private final DifferenceTable table;
  private final Map<String, Session> sessions = new LinkedHashMap<>();
  private final Map<String, String> theirs = new LinkedHashMap<>();
  private final List<Difference> differences = new ArrayList<>();

  public ImapTranscript(Path file, InetSocketAddress peer, DifferenceTable table)
      throws IOException {
    name = Transcripts.name(file);
    lines = withCapabilities(file);
    this.peer = peer;
    this.table = table;
  }

  /** Its lines, with what stands for capabilities replaced by what is in the file for that. */
  private static List<String> withCapabilities(Path file) throws IOException {
    Map<String, String> can = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file.resolveSibling("capabilities"))) {
      String[] parts = line.split(" ", 2);
      can.put(parts[0], parts[1]);
    }
    String anybody = can.get("anybody");
    String loggedIn = anybody + " " + can.get("logged-in");
    return Files.readAllLines(file).stream()
        .map(line -> line.replace("(anybody)", anybody).replace("(logged in)", loggedIn))
        .toList();
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
      for (Session session : sessions.values()) {
        awaitUnasked(session);
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
      return directive(line);
    }
    Session session = sessions.get(spoken.group(2));
    if (session == null) {
      session = new Session(new Peer(peer));
      sessions.put(spoken.group(2), session);
    }
    String text = spoken.group(3) == null ? "" : spoken.group(3).substring(1).replace('␀', '\0');
    if (spoken.group(1).equals("C")) {
      for (Session other : sessions.values()) {
        awaitUnasked(other);
      }
      return say(session, number, text);
    }
    hear(session, number, text);
    return true;
  }

  private boolean directive(String line) throws IOException {
    String[] words = line.split(" ", 3);
    switch (words[0]) {
      case "", "#", "with" -> {}
      case "login" -> {
        Session session = new Session(new Peer(peer));
        sessions.put(words[1].equals("-") ? "" : words[1], session);
        session.greeted = true;
        learnUidValidity(new Helper(session.peer, words[2]).ask("SELECT INBOX"));
      }
      case "deliver" -> {
        for (Session other : sessions.values()) {
          awaitUnasked(other);
        }
        try (Helper helper = new Helper(peer, words[1])) {
          helper.append("Return-Path: <x@y>\r\n" + words[2].translateEscapes());
        }
      }
      case "expunge" -> {
        try (Helper helper = new Helper(peer, words[1])) {
          helper.expunge(words[2]);
        }
      }
      default -> throw new IOException("not understood: " + line);
    }
    return true;
  }

  private void learnUidValidity(String said) {
    Matcher uidValidity = Pattern.compile("\\[UIDVALIDITY ([0-9]+)]").matcher(said);
    if (uidValidity.find()) {
      theirs.putIfAbsent(UIDVALIDITY, uidValidity.group(1));
    }
  }

  private boolean say(Session session, int number, String text) throws IOException {
    switch (text) {
      case "(end)" -> {
        session.peer.shutdownOutput();
        return true;
      }
      case "(tls)" -> {
        if (!session.peer.startTls()) {
          throw new IOException("no TLS");
        }
        return true;
      }
      case "(compress)" -> {
        session.peer.compress();
        return true;
      }
      default -> {}
    }
    Exchange last = session.exchanges.peekLast();
    if (last != null && last.tag.isEmpty()) {
      finish(session);
      last = null;
    }
    if (last == null || !last.wantsMore()) {
      if (table.endsAt(name, text)) {
        return false;
      }
      last = new Exchange(number, text);
      last.skipped = table.skips(name, text);
      last.ended = last.skipped;
      session.exchanges.add(last);
    }
    last.say(text);
    if (!last.ended && !session.closed) {
      session.peer.send(utf8(replaced(text)) + "\r\n");
    }
    return true;
  }

  private static String utf8(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  private String replaced(String command) {
    return CHOSEN
        .matcher(ofTheirDomain(command))
        .replaceAll((MatchResult chosen) ->
            Matcher.quoteReplacement(theirs.getOrDefault(chosen.group(), chosen.group())));
  }

  private String ofOurDomain(String response) {
    return response.replace(peer.getAddress().getHostAddress(), "demo.test");
  }

  /** The domain of the users is the peer's address. */
  private String ofTheirDomain(String command) {
    String domain = "@" + peer.getAddress().getHostAddress();
    return WHO.matcher(command)
        .replaceFirst("$0" + domain)
        .replaceAll("(Other Users/[a-z]+|ACL.*)@demo\\.test", "$1" + domain);
  }

  private void hear(Session session, int number, String text) throws IOException {
    if (!session.greeted) {
      session.greeted = true;
      Exchange greeting = new Exchange(number, "greeting");
      greeting.expected.add(expected(text).replaceFirst("^\\*", "greeting"));
      session
          .peer
          .greeting()
          .ifPresent(said -> greeting.heard.add(said.replaceFirst("^\\*", "greeting")));
      compare(greeting);
      return;
    }
    if (text.equals("(end)")) {
      Exchange end = new Exchange(number, "(end)");
      end.expected.add("(end) closed");
      readUntilClosed(session, end);
      compare(end);
      return;
    }
    if (session.exchanges.isEmpty()) {
      session.exchanges.add(new Exchange(number, ""));
    }
    Exchange exchange = session.exchanges.element();
    exchange.partial.append(expected(text));
    if (!complete(exchange.partial.toString())) {
      return;
    }
    String response = exchange.partial.toString();
    exchange.partial.setLength(0);
    exchange.expected.add(response);
    if (response.startsWith("+")) {
      exchange.continued = true;
      exchange.awaited = exchange.expected.size();
      read(session, exchange, true);
    } else if (isLast(response, exchange)) {
      exchange.awaited = exchange.expected.size();
      read(session, exchange, false);
      finish(session);
    }
  }

  private static boolean isLast(String response, Exchange exchange) {
    boolean tagged = exchange.tag.matches("[A-Za-z0-9.\\]]+");
    return tagged ? response.startsWith(exchange.tag + " ") : response.startsWith("* BAD ");
  }

  /** Whether a peer ends a command before one that came before it. */
  private static boolean isForLater(String response, Session session, Exchange now) {
    for (Exchange exchange : session.exchanges) {
      if (exchange != now && !exchange.tag.isEmpty() && isLast(response, exchange)) {
        exchange.heard.add(response);
        exchange.ended = true;
        return true;
      }
    }
    return false;
  }

  private static String expected(String text) {
    String line = utf8(text);
    return line.endsWith("...")
        ? line.substring(0, line.length() - "...".length()) + Value.REST + "\r\n"
        : line + "\r\n";
  }

  /** Whether no literal of a response is still to come. */
  private static boolean complete(String response) {
    int at = 0;
    while (at < response.length()) {
      int end = response.indexOf("\r\n", at);
      if (end < 0) {
        return false;
      }
      Matcher literal = OWED.matcher(response.substring(at, end));
      if (!literal.find()) {
        return true;
      }
      at = end + 2 + Integer.parseInt(literal.group(1));
    }
    return false;
  }

  /**
   * Reads what the peer answers.
   *
   * @param part whether our answer is no more than a continuation request so far
   */
  private void read(Session session, Exchange exchange, boolean part) throws IOException {
    while (!exchange.ended && !session.closed) {
      Optional<String> response = session.peer.response();
      if (response.isEmpty()) {
        session.closed = true;
        exchange.heard.add(exchange.tag + " closed");
        return;
      }
      String said = ofOurDomain(response.get());
      if (isForLater(said, session, exchange)) {
        continue;
      }
      exchange.heard.add(said);
      exchange.ended = isLast(said, exchange);
      if (said.startsWith("+")) {
        if (part) {
          return;
        }
        // We have refused without it: what it wants is made up.
        session.peer.send("x".repeat(exchange.owed) + "\r\n");
        exchange.owed = 0;
      }
    }
  }

  private static void readUntilClosed(Session session, Exchange exchange) throws IOException {
    while (!session.closed) {
      if (!session.peer.speaks(UNASKED)) {
        return;
      }
      Optional<String> response = session.peer.response();
      response.ifPresent(exchange.heard::add);
      session.closed = response.isEmpty();
    }
    exchange.heard.add("(end) closed");
  }

  /**
   * What the peer is expected to say by itself it has time to say before something else happens.
   */
  private void awaitUnasked(Session session) throws IOException {
    Exchange exchange = session.exchanges.peek();
    if (exchange == null || exchange.awaited == exchange.expected.size() || exchange.ended) {
      return;
    }
    long deadline = System.nanoTime() + UNASKED.toNanos();
    List<String> news = exchange.expected.subList(exchange.awaited, exchange.expected.size());
    Facts awaited = ImapFacts.of(news, exchange.tag);
    TreeSet<String> missing = new TreeSet<>(awaited.all().keySet());
    // What it never says needs no patience.
    missing.removeIf(fact ->
        table.expectsSilence(difference(exchange, fact, awaited.value(fact), Difference.NOTHING)));
    // When it is told is too free to wait for it.
    missing.remove("RECENT");
    int from = exchange.heard.size();
    while (!missing.isEmpty() && !session.closed) {
      Duration left = Duration.ofNanos(deadline - System.nanoTime());
      if (left.isNegative() || !session.peer.speaks(left)) {
        break;
      }
      session
          .peer
          .response()
          .ifPresentOrElse(
              said -> exchange.heard.add(ofOurDomain(said)), () -> session.closed = true);
      List<String> fresh = exchange.heard.subList(from, exchange.heard.size());
      missing.removeAll(ImapFacts.of(fresh, exchange.tag).all().keySet());
    }
    exchange.awaited = exchange.expected.size();
    if (exchange.tag.isEmpty()) {
      finish(session);
    }
  }

  private void finish(Session session) {
    compare(session.exchanges.remove());
  }

  private void compare(Exchange exchange) {
    if (exchange.skipped) {
      return;
    }
    Facts ours = ImapFacts.of(exchange.expected, exchange.tag);
    Facts other = ImapFacts.of(exchange.heard, exchange.tag);
    boolean alike = word(ours).equals(word(other));
    for (String fact : ours.namesWith(other)) {
      learn(ours.all().get(fact), other.all().get(fact));
      // Where the results differ, so does what else is said.
      boolean counts = alike || fact.equals(ImapFacts.RESULT);
      if (counts
          && ours.comparable(fact, other)
          && !Facts.alike(ours.value(fact), other.value(fact))) {
        differences.add(difference(exchange, fact, ours.value(fact), other.value(fact)));
      }
    }
  }

  private Difference difference(Exchange exchange, String fact, String ours, String other) {
    return new Difference(
        name, exchange.line, exchange.command, readable(fact), readable(ours), readable(other));
  }

  private static String word(Facts facts) {
    return facts.value(ImapFacts.RESULT).replaceFirst(" .*", "");
  }

  private static String readable(String octets) {
    return new String(octets.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  private void learn(Fact ours, Fact other) {
    if (ours != null && other != null && ours.chosen().size() == other.chosen().size()) {
      for (int i = 0; i < ours.chosen().size(); i++) {
        theirs.put(ours.chosen().get(i), other.chosen().get(i));
      }
    }
  }
}
