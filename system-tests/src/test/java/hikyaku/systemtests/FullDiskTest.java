package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Account;
import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The disk fills up under a node that serves, and is emptied again: temporary refusals and no
 * damage meanwhile, and then everything as before without a restart. Needs the right to mount a
 * small file system in memory.
 */
@ExtendWith(SharedNode.class)
class FullDiskTest {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /**
   * Of WARN and ERROR, however many commands are refused, in each time after which what goes on is
   * told of again.
   */
  private static final int MOST_LINES = 15;

  private static final Duration TOLD_AGAIN = Duration.ofSeconds(30);

  /** Messages for which there may be room when nothing more can be written beside the log. */
  private static final int MOST_RESERVED = 2_000;

  private final Random random = new Random(1);
  private final List<String> delivered = new ArrayList<>();
  private int messages;

  @TempDir Path directory;

  @BeforeEach
  void mount() throws Exception {
    Path data = Files.createDirectory(directory.resolve("data"));
    Ran.in(directory, "mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", data.toString()).ok();
  }

  @AfterEach
  void unmount() throws Exception {
    Ran.in(directory, "umount", directory.resolve("data").toString()).ok();
  }

  @Test
  void refusesForNowAndLosesNothing() throws Exception {
    long began = System.nanoTime();
    try (Node node = Node.in(directory).start()) {
      Account account = node.account();
      try (Line smtp = new Line(node.port(Port.SMTP));
          Line lmtp = new Line(node.port(Port.LMTP));
          Line idling = imap(node, account);
          Line imap = imap(node, account)) {
        smtp.reply();
        smtp.smtp("EHLO client.test.example", "250");
        lmtp.reply();
        lmtp.smtp("LHLO client.test.example", "250");
        for (int i = 0; i < 3; i++) {
          assertThat(deliver(smtp, account)).startsWith("250 ");
        }
        idling.send("i IDLE\r\n");
        idling.readTo("+");
        ok(imap, "a NOOP");
        Line pop3 = Line.pop3(node, account);
        pop3.pop3("DELE 1");
        assertThat(health(node).body()).isEqualTo("ready\n");

        Path ballast = fill(node.data());
        refused(smtp, account);
        whileFull(node, account, smtp, lmtp, imap, pop3);
        node.awaitLog(" ERROR ");
        assertThat(node.log().lines().filter(line -> line.contains(" ERROR ")))
            .singleElement()
            .asString()
            .contains("No space left on device");

        Files.delete(ballast);
        accepted(smtp, account);
        String news = idling.readTo("* ");
        while (news.equals("* OK Still here")) {
          news = idling.readTo("* ");
        }
        assertThat(news).endsWith(" EXISTS");
        afterwards(node, account, lmtp, imap);
      }
      long times = 1 + Duration.ofNanos(System.nanoTime() - began).dividedBy(TOLD_AGAIN);
      assertThat(node.log().lines().filter(FullDiskTest::isTrouble).count())
          .isLessThan(MOST_LINES * times);
      assertThat(node.command("", "verify").ok().output()).contains("All is well");
      node.kill();
      node.start();
      assertDelivered(node, account);
    }
  }

  private static boolean isTrouble(String line) {
    return line.contains(" WARN ") || line.contains(" ERROR ");
  }

  /** Writes until nothing more goes in. */
  private static Path fill(Path data) throws IOException {
    Path ballast = data.resolve("ballast");
    try (OutputStream out = Files.newOutputStream(ballast)) {
      byte[] block = new byte[4096];
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left on device");
    }
    return ballast;
  }

  /** Everything that writes is refused for now; everything that reads works. */
  private void whileFull(Node node, Account account, Line smtp, Line lmtp, Line imap, Line pop3)
      throws Exception {
    for (int i = 0; i < 20; i++) {
      assertThat(deliver(smtp, account)).startsWith("451 4.3.0 ");
      assertThat(deliver(lmtp, account)).startsWith("451 4.3.0 ");
      imap.send("b APPEND INBOX {15+}\r\nSubject: no\r\n\r\n\r\n");
      assertThat(imap.readTo("b ")).startsWith("b NO [UNAVAILABLE] ");
      imap.send("c STORE 1 +FLAGS (\\Seen)\r\n");
      assertThat(imap.readTo("c ")).startsWith("c NO [UNAVAILABLE] ");
      imap.send("d CREATE folder\r\n");
      assertThat(imap.readTo("d ")).startsWith("d NO [UNAVAILABLE] ");
      ok(imap, "e FETCH 1:3 BODY.PEEK[]");
      ok(imap, "f STATUS INBOX (MESSAGES)");
    }
    pop3.pop3("RETR 2");
    assertThat(pop3.text()).contains("Subject: " + delivered.get(1));
    assertThat(pop3.say("QUIT")).startsWith("-ERR [SYS/TEMP] ");
    pop3.close();
    try (Line another = imap(node, account)) {
      ok(another, "a FETCH 1:* (FLAGS)");
    }
    HttpResponse<String> health = health(node);
    for (long end = System.nanoTime() + PATIENCE.toNanos();
        health.statusCode() == 200 && System.nanoTime() < end; ) {
      health = health(node);
    }
    assertThat(health.statusCode()).isEqualTo(503);
    assertThat(health.body()).contains("the store takes no writes").contains("is full");
  }

  private void afterwards(Node node, Account account, Line lmtp, Line imap) throws Exception {
    assertThat(deliver(lmtp, account)).startsWith("250 ");
    imap.send("g APPEND INBOX {16+}\r\nSubject: yes\r\n\r\n\r\n");
    assertThat(imap.readTo("g ")).startsWith("g OK ");
    delivered.add("yes");
    ok(imap, "h STORE 1 +FLAGS (\\Seen)");
    ok(imap, "i CREATE folder");
    assertThat(health(node).body()).isEqualTo("ready\n");
    assertDelivered(node, account);
    try (Line pop3 = Line.pop3(node, account)) {
      pop3.pop3("RETR 1");
      assertThat(pop3.text()).contains("Subject: " + delivered.getFirst());
      pop3.pop3("DELE 1");
      pop3.pop3("QUIT");
    }
    delivered.removeFirst();
  }

  /** What was acknowledged is there once, and what was not at most once. */
  private void assertDelivered(Node node, Account account) throws IOException {
    List<String> subjects = Mail.subjects(node, account);
    assertThat(subjects).containsAll(delivered).doesNotHaveDuplicates();
  }

  /** The log has some room still that it reserved. */
  private void refused(Line smtp, Account account) throws IOException {
    String reply = deliver(smtp, account);
    for (int i = 0; i < MOST_RESERVED && reply.startsWith("250 "); i++) {
      reply = deliver(smtp, account);
    }
    assertThat(reply).startsWith("451 4.3.0 ");
  }

  private void accepted(Line smtp, Account account) throws IOException {
    String reply = deliver(smtp, account);
    for (long end = System.nanoTime() + PATIENCE.toNanos();
        !reply.startsWith("250 ") && System.nanoTime() < end; ) {
      assertThat(reply).startsWith("451 4.3.0 ");
      reply = deliver(smtp, account);
    }
    assertThat(reply).startsWith("250 ");
  }

  /** Sends 27 kB that hardly can be compressed. */
  private String deliver(Line line, Account account) throws IOException {
    String subject = "message " + messages++;
    byte[] noise = new byte[20_000];
    random.nextBytes(noise);
    line.smtp("MAIL FROM:<sender@elsewhere.example>", "250");
    line.smtp("RCPT TO:<" + account.address() + ">", "250");
    line.smtp("DATA", "354");
    line.send("Subject: " + subject + "\r\n\r\n" + Base64.getMimeEncoder().encodeToString(noise));
    line.send("\r\n.\r\n");
    String reply = line.reply();
    if (reply.startsWith("250 ")) {
      delivered.add(subject);
    }
    return reply;
  }

  private static Line imap(Node node, Account account) throws IOException {
    Line line = new Line(node.port(Port.IMAP));
    line.read();
    ok(line, "l LOGIN " + account.address() + " " + account.password());
    ok(line, "s SELECT INBOX");
    return line;
  }

  private static void ok(Line line, String command) throws IOException {
    String tag = command.substring(0, command.indexOf(' ') + 1);
    line.send(command + "\r\n");
    assertThat(line.readTo(tag)).startsWith(tag + "OK ");
  }

  private static HttpResponse<String> health(Node node) throws Exception {
    URI ready = URI.create("http://" + node.at(Port.ADMIN) + "/health/ready");
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(HttpRequest.newBuilder(ready).build(), BodyHandlers.ofString());
    }
  }
}
