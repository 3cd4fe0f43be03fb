package hikyaku.server.queue;

import hikyaku.server.smtpclient.SmtpClient;
import hikyaku.server.smtpclient.Verdict;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Tells, in the story of a message, what an attempt came to.
 *
 * @param attempt how many there have been, with this one
 * @param age of the message
 */
record AttemptStory(Outgoing message, int attempt, Duration age) {
  private static final Logger LOG = LoggerFactory.getLogger(AttemptStory.class);

  /** Mailboxes that a line of the log names. */
  private static final int NAMED = 20;

  /**
   * Tells of one recipient.
   *
   * @param server that it was offered to
   * @param here whether its mailbox is here
   * @param into where it is by now, there; null if it is not
   * @param expired whether it is given up if it was put off
   */
  void tell(
      Outgoing.To to,
      Verdict verdict,
      SmtpClient.Result server,
      boolean here,
      HomeDelivery.Outcome.@Nullable Done into,
      boolean expired) {
    LoggingEventBuilder line =
        message.reversePath().equals(message.sender())
            ? LOG.atInfo()
            : LOG.atInfo().addKeyValue("as", message.reversePath());
    LoggingEventBuilder told =
        line.addKeyValue("mail", true)
            .addKeyValue("transaction", message.transaction())
            .addKeyValue("session", message.session())
            .addKeyValue("from", message.sender())
            .addKeyValue("recipient", to.address())
            .addKeyValue("message_id", message.messageId())
            .addKeyValue("host", verdict.from().isEmpty() ? server.host() : verdict.from())
            .addKeyValue("tls", server.tls())
            .addKeyValue("converted", server.converted() ? "7bit" : "")
            .addKeyValue("status", verdict.status())
            .addKeyValue("reply", verdict.text())
            .addKeyValue("attempt", attempt)
            .addKeyValue("age", age);
    if (into != null) {
      told =
          told.addKeyValue("into", first(into.into()))
              .addKeyValue("scripts", first(into.scripts()));
    }
    told.log(what(verdict, here, expired));
  }

  private static String what(Verdict verdict, boolean here, boolean expired) {
    return switch (verdict.kind()) {
      case DELIVERED -> here ? "message delivered" : "message sent";
      case FAILED -> "message not delivered";
      case DEFERRED -> expired ? "message not delivered, given up" : "delivery put off";
    };
  }

  private static List<String> first(List<String> all) {
    return all.subList(0, Math.min(NAMED, all.size()));
  }
}
