package hikyaku.server.queue;

import java.time.Instant;
import java.util.List;

/** The way into mailboxes here for messages that waited in the queue. */
@FunctionalInterface
public interface HomeDelivery {
  /**
   * Delivers a message to one recipient whose domain is ours. A repeat delivers nothing twice.
   *
   * @param time of the delivery
   * @param key names it, for repeats
   */
  Outcome deliver(Outgoing message, Outgoing.To to, Instant time, String key);

  /** What came of it. */
  sealed interface Outcome {
    /**
     * Somebody has it, or wants it gone.
     *
     * @param into the mailboxes that have it, each with the account and the UID, and what became of
     *     it otherwise; for logs
     * @param scripts what scripts did with it, likewise
     * @param refused whether scripts refuse it for all whom it is for, and so tell its sender
     */
    record Done(List<String> into, List<String> scripts, boolean refused) implements Outcome {
      public Done {
        into = List.copyOf(into);
        scripts = List.copyOf(scripts);
      }
    }

    /**
     * Not now.
     *
     * @param status an enhanced status code, for reports
     * @param why in one line, likewise
     */
    record Later(String status, String why) implements Outcome {}

    /** Not ever. */
    record Never(String status, String why) implements Outcome {}
  }
}
