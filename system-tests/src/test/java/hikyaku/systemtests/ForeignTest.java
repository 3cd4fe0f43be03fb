package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.Node.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Accounts that a Dovecot serves, behind a node. */
class ForeignTest {
  private static final String CAROL = "carol@demo.test";
  private static final String THERE = "her-word-there";

  @TempDir Path directory;
  private Path readable;
  private Dovecot dovecot;
  private Node node;

  @BeforeEach
  void start() throws Exception {
    // Dovecot's processes are nobody, and the test's directory is the owner's alone.
    readable = Files.createTempDirectory("dovecot");
    Ran.in(readable, "chmod", "755", readable.toString()).ok();
    node = Node.in(directory).start();
    dovecot = new Dovecot(readable, CAROL + ":" + THERE, "dave@demo.test:his-word-there");
    ok("domain", "add", "demo.test");
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
    dovecot.close();
    Ran.in(directory, "rm", "-r", readable.toString()).ok();
  }

  private String ok(String... arguments) throws Exception {
    return node.command("", arguments).ok().output();
  }

  private Line imap() throws IOException {
    Line imap = new Line(node.port(Port.IMAP));
    assertThat(imap.read()).startsWith("* OK");
    return imap;
  }

  private String url(String scheme, Dovecot.Port port) {
    return url(scheme, dovecot, port);
  }

  private static String url(String scheme, Dovecot server, Dovecot.Port port) {
    return scheme + "://127.0.0.1:" + server.port(port);
  }

  @Test
  void aDomainWhoseAccountsAreElsewhere() throws Exception {
    ok(
        "backend",
        "set",
        "old",
        "--imap",
        url("imap", Dovecot.Port.IMAP),
        "--pop3",
        url("pop3", Dovecot.Port.POP3),
        "--certificate",
        dovecot.certificate());
    assertThat(ok("domain", "set", "demo.test", "--backend", "old"))
        .containsPattern("Served +by old");
    assertThat(ok("backend", "list")).contains(url("pop3", Dovecot.Port.POP3));

    try (Line imap = imap()) {
      assertThat(imap.say("a LOGIN " + CAROL + " wrong")).startsWith("a NO [AUTHENTICATIONFAILED]");
      assertThat(imap.say("b LOGIN " + CAROL + " " + THERE))
          .startsWith("b OK [CAPABILITY ")
          .contains("THREAD=REFS");
      imap.send("c APPEND INBOX {30}\r\n");
      assertThat(imap.readTo("+")).startsWith("+");
      imap.send("Subject: there\r\n\r\nHello you\r\n");
      imap.send("\r\n");
      assertThat(imap.readTo("c ")).startsWith("c OK");
      imap.send("d SELECT INBOX\r\n");
      assertThat(imap.readTo("* 1 EXISTS")).isEqualTo("* 1 EXISTS");
      assertThat(imap.readTo("d ")).startsWith("d OK");
      assertThat(ok("sessions")).contains("at old").contains(CAROL);
      imap.send("e LOGOUT\r\n");
      assertThat(imap.readTo("e ")).startsWith("e OK");
      assertThat(imap.rest()).isEmpty();
    }
    assertThat(dovecot.log()).contains("rip=127.0.0.1");

    try (Line pop3 = new Line(node.port(Port.POP3))) {
      assertThat(pop3.read()).startsWith("+OK");
      pop3.pop3("USER " + CAROL);
      assertThat(pop3.say("PASS wrong")).startsWith("-ERR [AUTH]");
      pop3.pop3("USER " + CAROL);
      pop3.pop3("PASS " + THERE);
      pop3.pop3("RETR 1");
      assertThat(pop3.text()).contains("Subject: there", "Hello you");
      pop3.pop3("QUIT");
    }

    // Mail waits at its sender's, for those who may be there and for those who are here as well.
    try (Line smtp = new Line(node.port(Port.SMTP))) {
      assertThat(smtp.reply()).startsWith("220");
      smtp.smtp("EHLO client.test.example", "250");
      smtp.smtp("MAIL FROM:<bob@elsewhere.example>", "250");
      smtp.smtp("RCPT TO:<" + CAROL + ">", "451 4.4.4");
      smtp.smtp("QUIT", "221");
    }

    dovecot.close();
    try (Line imap = imap()) {
      assertThat(imap.say("a LOGIN " + CAROL + " " + THERE)).startsWith("a NO [UNAVAILABLE]");
    }
    node.awaitLog("a foreign server lets nobody in now");
    dovecot.start();
    ok(
        "backend",
        "set",
        "old",
        "--imap",
        url("imap", Dovecot.Port.IMAP),
        "--certificate",
        "00".repeat(32));
    try (Line imap = imap()) {
      assertThat(imap.say("a LOGIN " + CAROL + " " + THERE)).startsWith("a NO [UNAVAILABLE]");
    }
    node.awaitLog("another certificate");
  }

  @Test
  void anAccountWithAMasterUserAndAHeaderOfTheProxyProtocol() throws Exception {
    node.command(
            Dovecot.MASTER_PASSWORD + "\n",
            "backend",
            "set",
            "old",
            "--imap",
            url("imap+plain", Dovecot.Port.PROXIED),
            "--proxy",
            "2",
            "--master",
            Dovecot.MASTER,
            "--password-stdin")
        .ok();
    node.command("another-word-here\n", "account", "add", CAROL, "--password-stdin").ok();
    assertThat(ok("account", "route", CAROL, "--backend", "old")).containsPattern("Served +by old");
    try (Line imap = imap()) {
      assertThat(imap.say("a LOGIN " + CAROL + " " + THERE))
          .startsWith("a NO [AUTHENTICATIONFAILED]");
      assertThat(imap.say("b LOGIN " + CAROL + " another-word-here"))
          .startsWith("b OK")
          .contains("THREAD=REFS");
      imap.send("c LIST \"\" *\r\n");
      assertThat(imap.readTo("c ")).startsWith("c OK");
      ok("account", "route", CAROL, "--backend", "here");
    }
    try (Line imap = imap()) {
      assertThat(imap.say("a LOGIN " + CAROL + " another-word-here"))
          .contains("a OK")
          .doesNotContain("THREAD=REFS");
    }
    assertThat(List.of(dovecot.log().split("\n")))
        .anyMatch(line -> line.contains("user=<" + CAROL + ">"));
  }

  /** Where a front takes the sessions of an account, these cannot follow. */
  @Test
  void staysOnItsNodeBehindAFront() throws Exception {
    String alice = "alice@demo.test";
    Path other = Files.createDirectory(readable.resolve("second"));
    try (LocalCluster cluster =
            new LocalCluster(Files.createDirectory(directory.resolve("front")));
        Dovecot there = new Dovecot(other, alice + ":" + THERE)) {
      cluster.start(2);
      cluster.awaitState("n1", "up");
      cluster.awaitState("n2", "up");
      // Whoever has not logged in is given to n2, and Alice belongs to n1.
      cluster.ok("node", "pools", "n1", "staff");
      cluster.ok("account", "route", alice, "--pool", "staff");
      cluster.ok(
          "backend",
          "set",
          "old",
          "--imap",
          url("imaps", there, Dovecot.Port.IMAPS),
          "--pop3",
          url("pop3", there, Dovecot.Port.POP3),
          "--unchecked");
      cluster.ok("account", "route", alice, "--backend", "old");
      try (Line imap = new Line(cluster.port(0, 143));
          Line pop3 = new Line(cluster.port(0, 110))) {
        imap.read();
        assertThat(imap.say("a LOGIN " + alice + " " + THERE))
            .startsWith("a OK")
            .contains("THREAD=REFS");
        pop3.read();
        pop3.pop3("USER " + alice);
        pop3.pop3("PASS " + THERE);
        for (int i = 0; i < 20; i++) {
          imap.send("b" + i + " NOOP\r\n");
          assertThat(imap.readTo("b" + i + " ")).startsWith("b" + i + " OK");
          pop3.pop3("STAT");
        }
        assertThat(cluster.ok("connections", "account:" + alice, "--json"))
            .contains("\"node\" : \"n2\"")
            .doesNotContain("\"node\" : \"n1\"");
        pop3.pop3("QUIT");
        imap.send("c LOGOUT\r\n");
        assertThat(imap.readTo("c ")).startsWith("c OK");
      }
    }
  }
}
