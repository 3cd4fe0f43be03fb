package hikyaku.mailbox.store;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Events for one log, applied together or not at all, in order.
 *
 * @param log the log
 * @param events at least one
 * @param expect what must be true of the log, else the answer is {@link Conflict}
 * @param key idempotency key of 1 to {@value #MAX_KEY_LENGTH} characters, or null. An append whose
 *     key the log has already seen changes nothing and is answered as the first time, even if
 *     {@code expect} no longer holds. Engines remember keys for at least 24 hours.
 */
public record Append(LogName log, List<Event> events, Expect expect, @Nullable String key) {
  public static final int MAX_KEY_LENGTH = 128;

  public Append {
    events = List.copyOf(events);
    if (events.isEmpty()) {
      throw new IllegalArgumentException("an append needs an event");
    }
    if (key != null) {
      requireKey(key);
    }
  }

  /**
   * Checks an idempotency key's length.
   *
   * @throws IllegalArgumentException if no key can be so long, or so short
   */
  public static void requireKey(String key) {
    if (key.isEmpty() || key.length() > MAX_KEY_LENGTH) {
      throw new IllegalArgumentException("idempotency key of " + key.length() + " characters");
    }
  }

  /** What an append demands of its log. */
  public sealed interface Expect {
    /** The log has at least one entry. Without this a delivery would bring a dropped log back. */
    record Existing() implements Expect {}

    /** The log's last sequence is this; 0 means that the log does not exist. */
    record At(long seq) implements Expect {}

    Expect EXISTING = new Existing();
    Expect NEW = new At(0);

    static Expect at(long seq) {
      return new At(seq);
    }
  }

  /** An append that commutes with others: the log need only exist. */
  public static Append to(LogName log, List<Event> events) {
    return new Append(log, events, Expect.EXISTING, null);
  }

  public Append expecting(Expect newExpect) {
    return new Append(log, events, newExpect, key);
  }

  public Append withKey(@Nullable String newKey) {
    return new Append(log, events, expect, newKey);
  }
}
