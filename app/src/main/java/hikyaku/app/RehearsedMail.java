package hikyaku.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Mail that comes in by SMTP and LMTP, and mail that is submitted and goes through the queue to
 * another server, often enough that the virtual machine learns what is worth compiling.
 */
final class RehearsedMail {
  /** The domain of the other server. */
  static final String ELSEWHERE = "elsewhere.test";

  /** The mailbox there. */
  static final String RECIPIENT = "carol@" + ELSEWHERE;

  private static final int CLIENTS = 4;

  /** Messages of each client, by each of the three ways. */
  private static final int MESSAGES = 60;

  /** What becomes of mail on its way is looked at so often. */
  private static final int LOOK_MILLIS = 10;

  private static final int PATIENCE_SECONDS = 120;

  private RehearsedMail() {}

  /**
   * Sends it.
   *
   * @param login of an account of the node
   * @param elsewhere where the node's queue delivers
   */
  static void run(Node node, Demo.Login login, Node elsewhere) throws Failure {
    String plain = "\0" + login.address() + "\0" + login.password();
    String auth =
        "AUTH PLAIN "
            + Base64.getEncoder().encodeToString(plain.getBytes(StandardCharsets.US_ASCII));
    List<String> smtp = messages("EHLO localhost", RECIPIENT, login.address());
    List<String> lmtp = messages("LHLO localhost", RECIPIENT, login.address());
    List<String> submission = messages("EHLO localhost", login.address(), RECIPIENT);
    submission.add(1, auth);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(threads.submit(() -> talk(node, "smtp", smtp)));
        clients.add(threads.submit(() -> talk(node, "lmtp", lmtp)));
        clients.add(threads.submit(() -> talk(node, "submission", submission)));
      }
      for (Future<?> client : clients) {
        client.get();
      }
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (elsewhere.status().work().messages() < CLIENTS * MESSAGES) {
        if (System.nanoTime() - end > 0) {
          throw new Failure("Mail of a rehearsal has not arrived elsewhere.");
        }
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
    } catch (ExecutionException e) {
      throw new Failure("A rehearsed delivery failed: " + Reason.of(e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("A rehearsal was interrupted.", e);
    }
  }

  private static Void talk(Node node, String listener, List<String> lines) throws IOException {
    RehearsedSessions.talk(node, listener, "[23][0-9]{2} .*", lines.toArray(String[]::new));
    return null;
  }

  private static List<String> messages(String hello, String from, String to) {
    List<String> lines = new ArrayList<>();
    lines.add(hello);
    for (int number = 0; number < MESSAGES; number++) {
      lines.add("MAIL FROM:<" + from + ">");
      lines.add("RCPT TO:<" + to + ">");
      lines.add("DATA");
      lines.add(
          RehearsedSessions.letter(number, from) + "A line of some length.\r\n".repeat(100) + ".");
    }
    lines.add("QUIT");
    return lines;
  }
}
