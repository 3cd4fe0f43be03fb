package hikyaku.mailbox.view;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import hikyaku.mailbox.store.LogName;

/**
 * Briefs that this node keeps, of all mailboxes, within a bound. What a message says never changes,
 * and neither does what is kept: nothing has to be taken back, anything may be dropped. Safe for
 * use by many threads.
 */
public final class BriefCache {
  /** A UID means a message for as long as UIDVALIDITY stays (RFC 9051 §2.3.1.1). */
  private record Key(LogName log, long uidValidity, long block) {}

  private final Cache<Key, BriefBlock> blocks;

  /**
   * @param octets that they may take in memory, about
   */
  public BriefCache(long octets) {
    // In the caller's thread: what is dropped is dropped before more is kept.
    blocks =
        Caffeine.newBuilder()
            .maximumWeight(octets)
            .weigher((Key key, BriefBlock block) -> block.weight())
            .executor(Runnable::run)
            .build();
  }

  /** What is kept of a block; perhaps nothing. */
  BriefBlock get(LogName log, long uidValidity, long block) {
    BriefBlock kept = blocks.getIfPresent(new Key(log, uidValidity, block));
    return kept == null ? BriefBlock.EMPTY : kept;
  }

  /** Of two threads that add to one block, one may have its rows read again later. */
  void put(LogName log, long uidValidity, long number, BriefBlock block) {
    blocks.put(new Key(log, uidValidity, number), block);
  }

  /** Octets that they take now, about. */
  public long octets() {
    return blocks.policy().eviction().orElseThrow().weightedSize().orElse(0);
  }
}
