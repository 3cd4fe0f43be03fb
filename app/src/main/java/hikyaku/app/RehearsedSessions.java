package hikyaku.app;

import hikyaku.server.ops.NodeStatus.ListenerView;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Sessions with a node in this process: short ones of each protocol, as a first user has them, and
 * one of IMAP in which a client does the usual things often enough that the virtual machine learns
 * what is worth compiling, and for what.
 */
final class RehearsedSessions {
  /** What ends the answer to a command of IMAP with a tag of one letter, and the greeting. */
  static final String IMAP_DONE = "[a-z] OK .*|\\* OK \\[CAPABILITY .*";

  private static final int TIMEOUT_MILLIS = 60_000;

  /** Messages of the busy mailbox. */
  private static final int MESSAGES = 200;

  /** How often each command is given there. */
  private static final int ROUNDS = 25;

  private RehearsedSessions() {}

  static void run(Node node, List<Demo.Login> logins) throws Failure {
    Demo.Login reader = logins.getFirst();
    Demo.Login writer = logins.getLast();
    try {
      talk(
          node,
          "smtp",
          "[23][0-9]{2} .*",
          "EHLO localhost",
          "MAIL FROM:<" + writer.address() + ">",
          "RCPT TO:<" + reader.address() + ">",
          "DATA",
          "From: " + writer.address() + "\r\nSubject: Hello\r\n\r\nIt works.\r\n.",
          "QUIT");
      talk(
          node,
          "pop3",
          "\\+OK.*",
          "USER " + reader.address(),
          "PASS " + reader.password(),
          "STAT",
          "QUIT");
      talk(
          node,
          "imap",
          IMAP_DONE,
          "a LOGIN " + reader.address() + " " + reader.password(),
          "b SELECT INBOX",
          "c FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[])",
          "d LOGOUT");
      talk(node, "imap", IMAP_DONE, busy(reader));
    } catch (IOException e) {
      throw new Failure("A rehearsed session failed: " + Reason.of(e), e);
    }
  }

  private static String[] busy(Demo.Login login) {
    List<String> lines = new ArrayList<>();
    lines.add("a LOGIN " + login.address() + " " + login.password());
    lines.add("b CREATE Busy");
    StringBuilder append = new StringBuilder("c APPEND Busy");
    for (int number = 0; number < MESSAGES; number++) {
      append.append(number % 3 == 0 ? " (\\Seen)" : "").append(literal(letter(number)));
    }
    lines.add(append.toString());
    for (int round = 1; round <= ROUNDS; round++) {
      String some = round + ":" + (round + 4);
      lines.add("d SELECT Busy");
      lines.add("e STATUS Busy (MESSAGES UNSEEN)");
      lines.add("f FETCH 1:* (FLAGS)");
      lines.add("g FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE)");
      lines.add("h FETCH " + some + " BODY.PEEK[]");
      lines.add("i SEARCH UNSEEN");
      lines.add("j SEARCH SUBJECT \"letter 7\"");
      lines.add("k SEARCH TEXT \"number 7\"");
      lines.add("l SORT (DATE) UTF-8 ALL");
      lines.add("m SORT (SUBJECT) UTF-8 ALL");
      lines.add("n THREAD REFERENCES UTF-8 ALL");
      lines.add("o STORE " + some + " +FLAGS (\\Flagged)");
      lines.add("p APPEND Busy (\\Deleted)" + literal(letter(MESSAGES + round)));
      lines.add("q EXPUNGE");
      lines.add("r NOOP");
    }
    lines.add("s COPY 1:* Busy");
    lines.add("t LOGOUT");
    return lines.toArray(String[]::new);
  }

  private static String literal(String text) {
    return " {" + text.length() + "+}\r\n" + text;
  }

  private static String letter(int number) {
    return letter(number, "writer@" + Demo.DOMAIN);
  }

  static String letter(int number, String author) {
    String id = "@" + Demo.DOMAIN + ">\r\n";
    return ("From: A Writer <" + author + ">\r\nTo: reader@" + Demo.DOMAIN + "\r\n")
        + ("Subject: Re: letter " + number + "\r\nMessage-ID: <" + number + id)
        + ("In-Reply-To: <" + number / 2 + id + "Date: Sun, 22 Nov 2026 10:00:00 +0900\r\n")
        + ("Content-Type: text/plain; charset=utf-8\r\n\r\nThis is number " + number + ".\r\n");
  }

  /** Where a listener is; empty if there is none of this name. */
  static OptionalInt port(List<ListenerView> listeners, String name) {
    return listeners.stream()
        .filter(view -> view.name().equals(name))
        .map(ListenerView::address)
        .mapToInt(address -> Integer.parseInt(address.substring(address.lastIndexOf(':') + 1)))
        .findFirst();
  }

  /**
   * Sends each line after the one before was answered, and reads to the end.
   *
   * @param done what the last line of an answer looks like
   */
  static void talk(Node node, String listener, String done, String... lines) throws IOException {
    OptionalInt port = port(node.status().listeners(), listener);
    if (port.isEmpty()) {
      return;
    }
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port.getAsInt())) {
      talk(socket, done, lines);
    }
  }

  /** The same over a connection that is there. */
  static void talk(Socket socket, String done, String... lines) throws IOException {
    socket.setSoTimeout(TIMEOUT_MILLIS);
    BufferedReader in =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
    OutputStream out = socket.getOutputStream();
    for (String line : lines) {
      await(in, done);
      out.write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }
    await(in, done);
  }

  private static void await(BufferedReader in, String done) throws IOException {
    for (String line = in.readLine(); !String.valueOf(line).matches(done); line = in.readLine()) {
      if (line == null) {
        throw new EOFException("the connection was closed");
      }
      if (line.matches("[45][0-9]{2} .*|-ERR.*|[a-z] (NO|BAD) .*")) {
        throw new IOException("the answer was " + line);
      }
    }
  }
}
