package hikyaku.server.queue;

import hikyaku.server.smtpclient.Relay;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What can happen in a part of the queue. */
sealed interface QueueEvent {
  record Opened() implements QueueEvent {}

  /** A message came; later events name it by the id that the entry took. */
  record Queued(Outgoing message) implements QueueEvent {}

  /**
   * What an attempt came to.
   *
   * @param id of the message
   * @param settled recipients that need nothing more, by their places
   * @param waiting recipients that wait on
   * @param attempts so far, for those
   * @param due when the next is due, in milliseconds since 1970
   * @param delayTold whether their sender was told that it takes long
   * @param lateTold whether they were told that it comes later than it was to
   * @param reason why they wait, for people; empty if none does
   */
  record Tried(
      long id,
      int[] settled,
      int[] waiting,
      int attempts,
      long due,
      boolean delayTold,
      boolean lateTold,
      String reason)
      implements QueueEvent {}

  /** Places as a set. */
  static BitSet bits(int[] places) {
    BitSet bits = new BitSet();
    Arrays.stream(places).forEach(bits::set);
    return bits;
  }

  /**
   * Recipients of a message, by their places.
   *
   * @param places in rising order; none for all who wait
   */
  record Meant(long id, int[] places) {
    private static final int[] ALL = {};

    /** All who wait for a message. */
    static Meant whole(long id) {
      return new Meant(id, ALL);
    }

    /** Whether all who wait are meant. */
    boolean isWhole() {
      return places.length == 0;
    }

    /** Who of those who wait is meant. */
    BitSet among(BitSet waiting) {
      BitSet meant = (BitSet) waiting.clone();
      if (!isWhole()) {
        meant.and(bits(places));
      }
      return meant;
    }
  }

  /**
   * What an operator wants done with messages.
   *
   * @param relay the way of {@link Order#REROUTE}; null for any other order
   */
  record Ordered(List<Meant> meant, Order order, @Nullable Relay relay) implements QueueEvent {
    public Ordered {
      if ((order == Order.REROUTE) != (relay != null)) {
        throw new IllegalArgumentException("a way is of a new way, and only of that");
      }
    }

    /** Of whole messages. */
    Ordered(long[] ids, Order order) {
      this(Arrays.stream(ids).mapToObj(Meant::whole).toList(), order, null);
    }
  }
}
