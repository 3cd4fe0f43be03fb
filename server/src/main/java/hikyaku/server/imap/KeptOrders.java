package hikyaku.server.imap;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import hikyaku.mailbox.store.LogName;
import hikyaku.protocol.imap.SortKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Orders that this node keeps, of all mailboxes, within a bound, those that are used most. Nothing
 * has to be taken back, anything may be dropped. Safe for use by many threads.
 */
final class KeptOrders {
  /** The order of fewer messages is not kept: it is made anew as fast. */
  static final int LEAST = 500;

  /** Octets of an order besides its messages, about. */
  private static final int WEIGHT = 256;

  /**
   * What an order is of and by. A UID means a message for as long as UIDVALIDITY stays (RFC 9051
   * §2.3.1.1).
   */
  record Key(LogName log, long uidValidity, List<SortKey> keys) {}

  private final Cache<Key, KeptOrder> orders;

  /**
   * @param octets that they may take in memory, about
   */
  KeptOrders(long octets) {
    orders =
        Caffeine.newBuilder()
            .maximumWeight(octets)
            .weigher((Key _, KeptOrder order) -> WEIGHT + order.size() * KeptOrder.OCTETS)
            .executor(Runnable::run)
            .build();
  }

  /** A share of the heap. */
  static KeptOrders ofHeap() {
    return new KeptOrders(Runtime.getRuntime().maxMemory() / 32);
  }

  @Nullable KeptOrder get(Key key) {
    return orders.getIfPresent(key);
  }

  /** Of two that are put at a time, the one that is lost is made again later. */
  void put(Key key, KeptOrder order) {
    orders.put(key, order);
  }
}
