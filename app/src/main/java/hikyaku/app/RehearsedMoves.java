package hikyaku.app;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Sessions that a front carries leave their node and come back, again and again: when a node dies,
 * the others have thousands to carry on at once, and should not do it for the first time.
 */
final class RehearsedMoves {
  private static final int SESSIONS = 20;
  private static final int ROUNDS = 15;
  private static final int TIMEOUT_MILLIS = 60_000;

  private RehearsedMoves() {}

  static void run(Node node, FrontNode front, Demo.Login login) throws Failure {
    int port = RehearsedSessions.port(front.status().listeners(), "imap").orElseThrow();
    List<Session> sessions = new ArrayList<>();
    try {
      try {
        for (int i = 0; i < SESSIONS; i++) {
          sessions.add(new Session(port, login));
        }
        for (int round = 0; round < ROUNDS; round++) {
          node.letGo();
          for (Session session : sessions) {
            session.idleAnew();
          }
        }
      } finally {
        for (Session session : sessions) {
          session.socket.close();
        }
      }
    } catch (IOException e) {
      throw new Failure("A rehearsed move failed: " + Reason.of(e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("A rehearsal was interrupted.", e);
    }
  }

  private static final class Session {
    final Socket socket;
    final BufferedReader in;

    Session(int port, Demo.Login login) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout(TIMEOUT_MILLIS);
      in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      await("* OK ");
      say("a LOGIN " + login.address() + " " + login.password());
      await("a OK ");
      say("b SELECT INBOX");
      await("b OK ");
      say("c IDLE");
      await("+ ");
    }

    void idleAnew() throws IOException {
      say("DONE");
      await("c OK ");
      say("c IDLE");
      await("+ ");
    }

    private void say(String line) throws IOException {
      socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private void await(String begin) throws IOException {
      String line = in.readLine();
      while (line != null && line.startsWith("*") && !line.startsWith(begin)) {
        line = in.readLine();
      }
      if (line == null || !line.startsWith(begin)) {
        throw new IOException("the answer was " + line);
      }
    }
  }
}
