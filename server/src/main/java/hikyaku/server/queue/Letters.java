package hikyaku.server.queue;

import hikyaku.server.smtpclient.Letter;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Messages of the queue as other servers get them. */
final class Letters {
  private Letters() {}

  /**
   * A message for some of its recipients.
   *
   * @param clock which time it is when it is handed over
   */
  static Letter of(
      Outgoing message, List<Outgoing.To> to, InstantSource clock, Letter.Content content) {
    int priority = message.terms().priority();
    return new Letter(
        message.reversePath(),
        message.parameters(null, priority == 0 ? null : priority),
        deadline(message, clock),
        message.eightBit(),
        message.tls() == Outgoing.Tls.OPTIONAL,
        to.stream().map(each -> new Letter.To(each.address(), each.parameters())).toList(),
        content);
  }

  private static Letter.@Nullable Deadline deadline(Outgoing message, InstantSource clock) {
    Outgoing.Deadline by = message.terms().by();
    return by == null ? null : new Letter.Deadline(by.time(), by.returned(), by.trace(), clock);
  }
}
