package hikyaku.server.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import hikyaku.server.net.Refusal;
import hikyaku.server.net.TlsMode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What operators get to see. */
class SmtpTellingTest {
  private static final List<String> SUBMISSION =
      List.of(
          "EHLO c\r\n",
          "AUTH PLAIN\r\n",
          "AHUxAHNlY3JldA==\r\n",
          "MAIL FROM:<u1@demo.test>\r\n",
          "RCPT TO:<u2@demo.test>\r\n",
          "RCPT TO:<nobody@demo.test>\r\n",
          "DATA\r\n",
          "Message-ID: <1@c>\r\nSubject: private\r\n\r\nprivate\r\n.\r\n",
          "MAIL FROM:<u1@demo.test>\r\n",
          "RCPT TO:<u2@demo.test>\r\n",
          "DATA\r\n",
          "Message-ID: <2@c>\r\nSubject: private\n\r\n.\r\n");

  @Test
  void theLogTellsOfEnvelopesAndOfNothingPrivate() throws IOException {
    Logger logger = (Logger) LoggerFactory.getLogger("hikyaku");
    Level before = logger.getLevel();
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.setLevel(Level.TRACE);
    logger.addAppender(lines);
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      world.protocol.serve(new TestConnection("t1", SUBMISSION));
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(before);
    }
    List<String> told = lines.list.stream().map(SmtpTellingTest::written).toList();
    assertThat(told)
        .anySatisfy(line ->
            assertThat(line)
                .startsWith("message delivered")
                .contains("session=t1", "transaction=t1.1", "from=u1@demo.test")
                .contains(" account=u1@demo.test ")
                .contains("to=[u2@demo.test]", "octets=48", "message_id=<1@c>", "blob="))
        .anySatisfy(line ->
            assertThat(line)
                .startsWith("message refused")
                .contains("cause=bare CR or LF", "message_id=<2@c>"))
        .anySatisfy(line -> assertThat(line).startsWith("refused").contains("command=RCPT"))
        .noneSatisfy(line -> assertThat(line).contains("private"))
        .noneSatisfy(line -> assertThat(line).contains("AHUxAHNlY3JldA"))
        .noneSatisfy(line -> assertThat(line).contains("secret"));
  }

  private static String written(ILoggingEvent event) {
    String pairs =
        event.getKeyValuePairs() == null
            ? ""
            : event.getKeyValuePairs().stream()
                .map(pair -> pair.key + "=" + pair.value)
                .collect(Collectors.joining(" "));
    return event.getFormattedMessage() + " " + pairs;
  }

  @Test
  void figuresTellOfMessagesAndRefusals() throws IOException {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      world.protocol.serve(new TestConnection("t1", SUBMISSION));
      assertThat(world.meters.get("hikyaku.smtp.messages").counter().count()).isEqualTo(1);
      assertThat(world.meters.get("hikyaku.smtp.copies").counter().count()).isEqualTo(1);
      assertThat(world.meters.get("hikyaku.smtp.message.size").summary().totalAmount())
          .isEqualTo(48);
      assertThat(world.meters.get("hikyaku.smtp.delivery").timer().count()).isEqualTo(1);
      assertThat(refusals(world, "RCPT", "550 5.1.1")).isEqualTo(1);
      assertThat(refusals(world, "DATA", "550 5.6.11")).isEqualTo(1);
    }
  }

  private static double refusals(World world, String command, String reply) {
    return world
        .meters
        .get("hikyaku.smtp.refusals")
        .tags("protocol", "submission", "command", command, "reply", reply)
        .counter()
        .count();
  }

  @Test
  void whoIsTurnedAwayIsToldInSmtp() throws IOException {
    try (World world = new World(SmtpFace.MX, TestSettings.DEFAULT, TlsMode.NONE)) {
      for (Refusal reason : Refusal.values()) {
        assertThat(world.protocol.refusal(reason)).matches("421 4\\.\\d\\.\\d [ -~]+\r\n");
      }
    }
  }

  @Test
  void tracesShowCommandsButNoLogin() throws IOException {
    try (World world = new World(SmtpFace.SUBMISSION, TestSettings.DEFAULT, TlsMode.NONE)) {
      assertThat(shown(world, "MAIL FROM:<u1@demo.test>")).isEqualTo("MAIL FROM:<u1@demo.test>");
      assertThat(shown(world, "AUTH PLAIN AHUxAHNlY3JldA==")).doesNotContain("AHUx");
      assertThat(shown(world, "AHUxAHNlY3JldA==")).doesNotContain("AHUx");
    }
  }

  private static String shown(World world, String line) {
    return world.protocol.redaction().show(line.getBytes(StandardCharsets.US_ASCII)).text();
  }
}
