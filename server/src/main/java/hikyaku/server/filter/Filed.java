package hikyaku.server.filter;

import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.store.Append;
import java.util.List;

/**
 * What becomes of a message by scripts, for one durability round. An attempt that is repeated comes
 * to the same, under the same keys.
 *
 * @param deliveries for each mailbox once
 * @param alongside what is put into the queue and what scripts remember, with keys of their own
 * @param sent the ids of the mails that are put into the queue
 * @param forwarded whether the message itself is among them, so that somebody has it even if no
 *     mailbox takes it
 */
public record Filed(
    List<Delivery> deliveries, List<Append> alongside, List<String> sent, boolean forwarded) {
  public Filed {
    deliveries = List.copyOf(deliveries);
    alongside = List.copyOf(alongside);
    sent = List.copyOf(sent);
  }
}
