package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the lines that {@code hikyaku trace} shows tell of what clients did with messages. */
class ImapStoryTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(Session.class);
  private final @Nullable Level before = logger.getLevel();
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  @BeforeEach
  void listen() {
    lines.start();
    logger.setLevel(Level.DEBUG);
    logger.addAppender(lines);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(lines);
    logger.setLevel(before);
  }

  /** The lines about mail since the last look, but for the session. */
  private List<String> told() {
    List<String> told =
        lines.list.stream()
            .filter(line -> line.getKeyValuePairs() != null)
            .filter(line -> line.getKeyValuePairs().stream().anyMatch(p -> p.key.equals("mail")))
            .map(line ->
                line.getFormattedMessage()
                    + line.getKeyValuePairs().stream()
                        .filter(pair -> !List.of("session", "mail").contains(pair.key))
                        .map(pair -> " " + pair.key + "=" + pair.value)
                        .collect(Collectors.joining()))
            .toList();
    lines.list.clear();
    return told;
  }

  private static String literal(String message) {
    return "{" + message.length() + "+}\r\n" + message;
  }

  @Test
  void aReplacedMessageCameAndWent() throws IOException {
    try (ImapRig rig = new ImapRig();
        ImapClient client = rig.connect()) {
      rig.deliver("bob", "Message-ID: <1@b.example>\r\n\r\n1".getBytes(StandardCharsets.US_ASCII));
      client.login("bob");
      client.say("a", "SELECT INBOX");
      assertThat(told()).isEmpty();
      client.say("b", "REPLACE 1 INBOX " + literal("Message-ID: <2@b.example>\r\n\r\n2"));
      assertThat(told())
          .containsExactly(
              "message appended messages=1 into=[bob@demo.test INBOX 2] octets=30"
                  + " message_id=[<2@b.example>]",
              "message removed messages=1 message_id=[<1@b.example>] of=[bob@demo.test INBOX 1]");
      client.say("c", "UID REPLACE 2 Sent " + literal("Message-ID: <3@b.example>\r\n\r\n3"));
      assertThat(told())
          .containsExactly(
              "message appended messages=1 into=[bob@demo.test Sent 1] octets=30"
                  + " message_id=[<3@b.example>]",
              "message removed messages=1 message_id=[<2@b.example>] of=[bob@demo.test INBOX 2]");
      assertThat(client.say("d", "UID REPLACE 2 Sent " + literal("4")).getLast())
          .startsWith("d NO");
      assertThat(told()).isEmpty();
    }
  }
}
