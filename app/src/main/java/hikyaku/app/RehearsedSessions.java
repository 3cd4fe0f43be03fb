package hikyaku.app;

import hikyaku.server.ops.NodeStatus.ListenerView;
import java.io.BufferedReader;
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
          "EHLO localhost",
          "MAIL FROM:<" + writer.address() + ">",
          "RCPT TO:<" + reader.address() + ">",
          "DATA",
          "From: " + writer.address() + "\r\nSubject: Hello\r\n\r\nIt works.\r\n.",
          "QUIT");
      talk(node, "pop3", "USER " + reader.address(), "PASS " + reader.password(), "STAT", "QUIT");
      talk(
          node,
          "imap",
          "a LOGIN " + reader.address() + " " + reader.password(),
          "b SELECT INBOX",
          "c FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[])",
          "d LOGOUT");
    } catch (IOException e) {
      throw new Failure("A rehearsed session failed: " + Reason.of(e), e);
    }
  }

  /** Sends each line after something has been answered to the one before, and reads to the end. */
  private static void talk(Node node, String listener, String... lines) throws IOException {
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
            in.readLine();
            out.write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
          }
          while (in.readLine() != null) {
            // What is said at the end matters to nobody.
          }
        }
      }
    }
  }
}
