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
import java.util.List;

/** Short sessions of each protocol with a node in this process, as a first user has them. */
final class RehearsedSessions {
  private static final int TIMEOUT_MILLIS = 10_000;

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
          "[a-z] OK .*|\\* OK \\[CAPABILITY .*",
          "a LOGIN " + reader.address() + " " + reader.password(),
          "b SELECT INBOX",
          "c FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[])",
          "d LOGOUT");
    } catch (IOException e) {
      throw new Failure("A rehearsed session failed: " + Reason.of(e), e);
    }
  }

  /**
   * Sends each line after the one before was answered, and reads to the end.
   *
   * @param done what the last line of an answer looks like
   */
  private static void talk(Node node, String listener, String done, String... lines)
      throws IOException {
    for (ListenerView view : node.status().listeners()) {
      if (view.name().equals(listener)) {
        int port = Integer.parseInt(view.address().substring(view.address().lastIndexOf(':') + 1));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
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
      }
    }
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
