package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Staff and students each on their nodes, behind one front. */
class RoutingTest {
  private static final String ALICE = "alice@demo.test";
  private static final String BOB = "bob@demo.test";

  @TempDir Path directory;

  private LocalCluster cluster;

  @BeforeEach
  void prepare() {
    cluster = new LocalCluster(directory);
  }

  @AfterEach
  void nothingIsLeft() throws InterruptedException {
    cluster.close();
  }

  /** Waits until all sessions of the account, so many, are on that node. */
  private void awaitOn(String node, String account, int sessions) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LocalCluster.PATIENCE_SECONDS);
    while (true) {
      String list = cluster.ok("connections", "account:" + account, "--json");
      if (count(list, "\"node\" : \"") == sessions
          && count(list, "\"node\" : \"" + node + "\"") == sessions) {
        return;
      }
      assertThat(System.nanoTime()).as(list).isLessThan(deadline);
      Ran.pause();
    }
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  private Line imap(String account) throws Exception {
    Line imap = new Line(cluster.port(0, 143));
    imap.read();
    assertThat(imap.say("a LOGIN " + account + " " + cluster.password(account))).startsWith("a OK");
    return imap;
  }

  private double astray() throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      URI metrics = URI.create("http://127.0.0.1:" + cluster.port(0, 80) + "/metrics");
      String text =
          http.send(HttpRequest.newBuilder(metrics).build(), HttpResponse.BodyHandlers.ofString())
              .body();
      Matcher found = Pattern.compile("(?m)^hikyaku_front_astray_total ([0-9.]+)").matcher(text);
      assertThat(found.find()).as(text).isTrue();
      return Double.parseDouble(found.group(1));
    }
  }

  @Test
  void everybodyIsServedWhereTheyBelongAsLongAsSomebodyIsThere() throws Exception {
    cluster.startSteady(2);
    cluster.awaitState("n1", "up");
    cluster.awaitState("n2", "up");
    cluster.ok("node", "pools", "n1", "staff");
    assertThat(cluster.ok("node", "pools", "n2", "students", "common"))
        .contains("students, common");
    assertThat(cluster.command("node", "pools", "n2", "Staff").ended(1).output())
        .contains("no pool");
    assertThat(cluster.ok("nodes")).containsPattern("n2 .* common,students ");
    assertThat(cluster.ok("domain", "set", "demo.test", "--pool", "students"))
        .containsPattern("Pool +students");
    assertThat(cluster.ok("account", "route", ALICE, "--pool", "stuff")).contains("no node is of");
    assertThat(cluster.ok("account", "route", ALICE, "--pool", "staff"))
        .containsPattern("Pool +staff")
        .doesNotContain("no node is of");

    String secret = "\0" + ALICE + "\0" + cluster.password(ALICE);
    String plain = Base64.getEncoder().encodeToString(secret.getBytes(StandardCharsets.UTF_8));
    try (Line staff = imap(ALICE);
        Line student = imap(BOB);
        Line pop = new Line(cluster.port(0, 110));
        Line submission = new Line(cluster.port(0, 587))) {
      pop.read();
      pop.pop3("USER " + ALICE);
      pop.pop3("PASS " + cluster.password(ALICE));
      submission.reply();
      submission.smtp("EHLO client.test.example", "250");
      submission.smtp("AUTH PLAIN " + plain, "235");
      awaitOn("n1", ALICE, 3);
      awaitOn("n2", BOB, 1);
      staff.send("b SELECT INBOX\r\n");
      assertThat(staff.readTo("b ")).startsWith("b OK");
      pop.pop3("STAT");
      submission.smtp("NOOP", "250");

      cluster.ok("account", "route", ALICE, "--pool", "students");
      awaitOn("n2", ALICE, 3);
      assertThat(staff.say("c NOOP")).startsWith("c OK");
      assertThat(astray()).isZero();
      cluster.ok("account", "route", ALICE, "--pool", "", "--node", "n1");
      awaitOn("n1", ALICE, 3);

      cluster.process("n1").destroyForcibly();
      assertThat(staff.say("d NOOP")).startsWith("d OK");
      pop.pop3("STAT");
      submission.smtp("MAIL FROM:<" + ALICE + ">", "250");
      awaitOn("n2", ALICE, 3);
      assertThat(astray()).isEqualTo(3);
      try (Line another = imap(ALICE)) {
        awaitOn("n2", ALICE, 4);
        another.send("e LOGOUT\r\n");
        another.rest();
      }

      cluster.ok("up", "--node", "n1");
      cluster.awaitState("n1", "up");
      assertThat(cluster.ok("nodes")).containsPattern("n1 .* staff ");
      // A transaction stays where it is to its end.
      submission.smtp("RSET", "250");
      // By hand: who is served is not moved by itself.
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LocalCluster.PATIENCE_SECONDS);
      boolean home = false;
      while (!home) {
        assertThat(System.nanoTime()).isLessThan(deadline);
        assertThat(cluster.ok("connections", "account:" + ALICE, "--move")).contains(" move.");
        TimeUnit.MILLISECONDS.sleep(500);
        home = count(cluster.ok("connections", "node:n1", "--json"), ALICE) == 3;
      }
      submission.smtp("MAIL FROM:<" + ALICE + ">", "250");
      submission.smtp("RCPT TO:<" + BOB + ">", "250");
      assertThat(staff.say("f NOOP")).startsWith("f OK");
      assertThat(student.say("f NOOP")).startsWith("f OK");
    }
  }
}
