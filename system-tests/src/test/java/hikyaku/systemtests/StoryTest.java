package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One session's story, told by a front and two nodes; what became of a message; all sessions of a
 * cluster, whichever process is asked.
 */
class StoryTest {
  private static final String SUBJECT = "nobody-else-is-to-read-this";

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

  /** A command that asks a certain process, or looks into its directory if it does not run. */
  private Ran command(String process, String... words) throws Exception {
    return Ran.in(
        directory,
        Stream.concat(
                Stream.concat(Stream.of(LocalCluster.PROGRAM.toString()), Stream.of(words)),
                Stream.of("--config", cluster.data().resolve(process + ".toml").toString()))
            .toArray(String[]::new));
  }

  private void send() throws IOException {
    try (Line smtp = new Line(cluster.port(0, 25))) {
      assertThat(smtp.reply()).startsWith("220");
      smtp.smtp("EHLO client.test.example", "250");
      smtp.smtp("MAIL FROM:<bob@elsewhere.example>", "250");
      smtp.smtp("RCPT TO:<nobody@demo.test>", "550");
      smtp.smtp("RCPT TO:<alice@demo.test>", "250");
      smtp.smtp("DATA", "354");
      smtp.smtp(
          "Message-ID: <one@elsewhere.example>\r\nSubject: " + SUBJECT + "\r\n\r\nbody\r\n.",
          "250");
      smtp.smtp("QUIT", "221");
    }
  }

  private static String found(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as(pattern + " in " + text).isTrue();
    return matcher.group(1);
  }

  private static void inOrder(String text, List<String> words) {
    int at = 0;
    for (String word : words) {
      int next = text.indexOf(word, at);
      assertThat(next).as("\"" + word + "\" behind the others in\n" + text).isNotNegative();
      at = next + word.length();
    }
  }

  @Test
  void whatHappenedIsToldByAllThatHadTheSession() throws Exception {
    cluster.startSteady(2);
    String password = cluster.password();
    cluster.awaitState("n1", "up");
    cluster.awaitState("n2", "up");
    cluster.awaitState("front", "up");
    send();

    String delivered = command("n2", "trace", "one@elsewhere.example").ok().output();
    assertThat(delivered)
        .contains("message delivered")
        .contains("into=alice@demo.test INBOX 1")
        .contains("message_id=<one@elsewhere.example>");
    String smtp = found("session=([0-9a-z]{15})", delivered);
    assertThat(command("front", "trace", "ALICE@demo.test", "--since", "1h").ok().output())
        .contains(smtp);
    assertThat(command("n1", "trace", "nobody@demo.test").ok().output())
        .contains("recipient refused")
        .contains("reply=550 5.1.1");
    assertThat(
            command("n1", "trace", "alice@demo.test", "--since", "2100-01-01T00:00:00Z")
                .ok()
                .output())
        .contains("Nothing is known of alice@demo.test");
    inOrder(
        command("n1", "session", smtp).ok().output(),
        List.of("front", "connected", "given to a node", "message delivered", "session ended"));

    try (Line imap = new Line(cluster.port(0, 143))) {
      imap.read();
      assertThat(imap.say("a LOGIN alice@demo.test " + password)).startsWith("a OK");
      imap.send("b SELECT INBOX\r\n");
      assertThat(imap.readTo("b ")).startsWith("b OK");

      String sessions = command("front", "sessions", "--json").ok().output();
      String id = found("\"id\" : \"([0-9a-z]{15})\"", sessions);
      String first = found("\"node\" : \"(n[12])\"", sessions);
      String second = first.equals("n1") ? "n2" : "n1";
      assertThat(sessions).contains("\"front\" : \"front\"").contains("alice@demo.test");
      assertThat(command(second, "sessions", "--json").ok().output()).contains(id);
      assertThat(command(second, "connections", "node:" + first, "--by", "front").ok().output())
          .containsPattern("(?m)^front +1 ");

      cluster.ok("node", "drain", first);
      imap.send("c NOOP\r\n");
      assertThat(imap.readTo("c ")).startsWith("c OK");
      imap.send("d MOVE 1 Archive\r\n");
      assertThat(imap.readTo("d ")).startsWith("d OK");
      inOrder(
          command(first, "trace", "one@elsewhere.example").ok().output(),
          List.of(
              "message delivered",
              "message moved",
              "of=alice@demo.test INBOX 1",
              "into=alice@demo.test Archive 1"));
      Ran story = command(first, "session", id).ok();
      // The node has ended its part before or after the front has found another one.
      for (String last :
          List.of(
              first + "     session ended", "from=" + first + " to=" + second + " cause=left")) {
        inOrder(
            story.output(),
            List.of(
                "Session " + id + ": imap, from ",
                "alice@demo.test",
                "front  connected",
                "given to a node node=" + first,
                "IMAP login",
                "mailbox selected mailbox=INBOX messages=1",
                last));
      }
      assertThat(story.output().lines().filter(line -> !line.startsWith("hikyaku: ")))
          .allMatch(line -> line.length() <= 80);
      assertThat(command("front", "session", id, "--json").ok().output())
          .contains("\"process\" : \"" + second + "\"");

      // Whoever cannot say what he knows is named.
      cluster.process(first).destroyForcibly();
      cluster.await("has ended");
      Ran partly = command(second, "session", id).ok();
      assertThat(partly.output()).contains("session moved").doesNotContain("IMAP login");
      assertThat(partly.output()).contains("the node " + first + " did not answer");
      // Its own directory still has its part, and leads to the others.
      assertThat(command(first, "session", id).ok().output())
          .contains("IMAP login")
          .contains("session moved");

      assertThat(command(second, "end", "nosuchsession").ended(1).output())
          .contains("There is no session nosuchsession");
      assertThat(command(second, "connections", "account:alice@demo.test", "--end").ok().output())
          .contains("1 sessions of account:alice@demo.test ended");
      imap.rest();
    }

    for (String hostile : List.of("x\" or \"1", "../n1", "A", "*")) {
      assertThat(command("front", "session", hostile).ended(2).output())
          .contains("digits and small letters");
    }
    assertThat(command("front", "session", "0000000000zzzzz").ended(1).output())
        .contains("Nobody has anything of session");
    assertThat(command("front", "trace", "on", "alice@demo.test").ended(2).output())
        .contains("hikyaku dialogue on alice@demo.test");

    try (Stream<Path> files = Files.walk(cluster.data())) {
      List<Path> journals = files.filter(file -> file.toString().endsWith(".jsonl")).toList();
      assertThat(journals).hasSizeGreaterThanOrEqualTo(3);
      for (Path journal : journals) {
        assertThat(Files.readString(journal)).doesNotContain(SUBJECT).doesNotContain(password);
      }
    }
  }
}
