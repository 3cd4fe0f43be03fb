package hikyaku.systemtests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Users who submit mail to several domains, one message after the other, until their server dies or
 * they are told to stop.
 */
final class Submitters {
  /** Messages over one connection. */
  private static final int PER_SESSION = 100;

  private final String user;
  private final String password;
  private final List<String> domains;
  private final Set<String> accepted = ConcurrentHashMap.newKeySet();
  private final Semaphore acknowledged = new Semaphore(0);
  private final AtomicInteger number = new AtomicInteger();
  private final List<Future<?>> working = new ArrayList<>();
  private ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean enough;

  Submitters(String user, String password, List<String> domains) {
    this.user = user;
    this.password = password;
    this.domains = domains;
  }

  /** A user begins at this port. */
  void begin(int port) {
    working.add(threads.submit(() -> work(port)));
  }

  /** A permit for each message that a server said it has. */
  Semaphore acknowledged() {
    return acknowledged;
  }

  /** Message ids and recipients, with a blank between, that a server said it has. */
  Set<String> accepted() {
    return accepted;
  }

  /** No message is begun any more; waits until all users have ended. */
  void stop() throws InterruptedException {
    enough = true;
    threads.close();
    threads = Executors.newVirtualThreadPerTaskExecutor();
    enough = false;
    for (Future<?> each : working) {
      try {
        each.get();
      } catch (ExecutionException e) {
        throw new AssertionError(e.getCause().toString(), e.getCause());
      }
    }
    working.clear();
  }

  private void work(int port) {
    try {
      while (!enough) {
        session(port);
      }
    } catch (IOException e) {
      // Killed.
    }
  }

  private void session(int port) throws IOException {
    try (Line line = new Line(port)) {
      line.reply();
      line.smtp("EHLO client.test.example", "250");
      String login = "\0" + user + "\0" + password;
      line.smtp(
          "AUTH PLAIN "
              + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)),
          "235");
      for (int i = 0; i < PER_SESSION && !enough; i++) {
        submit(line, number.getAndIncrement());
      }
      line.smtp("QUIT", "221");
    }
  }

  /** Every third message goes to two destinations. */
  private void submit(Line line, int which) throws IOException {
    List<String> recipients = new ArrayList<>();
    recipients.add("to@" + domains.get(which % domains.size()));
    if (which % 3 == 0) {
      recipients.add("too@" + domains.get((which + 1) % domains.size()));
    }
    line.smtp("MAIL FROM:<" + user + ">", "250");
    for (String recipient : recipients) {
      line.smtp("RCPT TO:<" + recipient + ">", "250");
    }
    line.smtp("DATA", "354");
    String id = "<m" + which + "@client.test.example>";
    line.smtp(
        "From: " + user + "\r\nSubject: one of many\r\nMessage-ID: " + id + "\r\n\r\ntext\r\n.",
        "250");
    recipients.forEach(recipient -> accepted.add(id + " " + recipient));
    acknowledged.release();
  }
}
