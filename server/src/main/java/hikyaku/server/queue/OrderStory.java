package hikyaku.server.queue;

import hikyaku.server.smtpclient.Relay;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells, in the story of each message, that somebody wanted something done with it. */
final class OrderStory {
  private static final Logger LOG = LoggerFactory.getLogger(OrderStory.class);

  /** Who gives orders through the admin interface. */
  static final String ADMINISTRATOR = "the administrator";

  /** Nobody's order: the account is stopped. */
  static final String STOP = "the stop of its account";

  /** Messages that have a line of their own of one order. The journal has room for other things. */
  private static final int TOLD = 1_000;

  /** Recipients that a line names. */
  private static final int NAMED = 20;

  private final Order order;
  private final @Nullable Relay relay;
  private final String by;
  private long told;

  /**
   * @param relay of {@link Order#REROUTE}
   * @param by who wants it
   */
  OrderStory(Order order, @Nullable Relay relay, String by) {
    this.order = order;
    this.relay = relay;
    this.by = by;
  }

  /**
   * Tells of a message, once the order is written down.
   *
   * @param places of those recipients who are meant
   */
  void tell(Outgoing message, BitSet places) {
    told++;
    if (told > TOLD) {
      return;
    }
    List<String> recipients =
        places.stream()
            .limit(NAMED)
            .mapToObj(place -> message.recipients().get(place).address().toString())
            .toList();
    LOG.atInfo()
        .addKeyValue("mail", true)
        .addKeyValue("transaction", message.transaction())
        .addKeyValue("session", message.session())
        .addKeyValue("from", message.sender())
        .addKeyValue("to", recipients)
        .addKeyValue("recipients", places.cardinality())
        .addKeyValue("message_id", message.messageId())
        .addKeyValue("way", relay == null ? "" : relay)
        .addKeyValue("by", by)
        .log(what());
  }

  /** Tells of those that had no line. */
  void end() {
    if (told > TOLD) {
      LOG.atInfo()
          .addKeyValue("mail", true)
          .addKeyValue("messages", told)
          .addKeyValue("way", relay == null ? "" : relay)
          .addKeyValue("by", by)
          .log("an order for so many messages that some have no line of their own: " + what());
    }
  }

  private String what() {
    return switch (order) {
      case HOLD -> "held in the queue";
      case RELEASE -> "released from hold";
      case RETRY -> "to be tried now";
      case DELETE -> "deleted from the queue, and nobody is told";
      case REROUTE -> "to go another way";
    };
  }
}
