package hikyaku.mailbox.view;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import hikyaku.mailbox.store.LogName;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Briefs that this node keeps, of all mailboxes, within a bound. What a message says never changes,
 * and neither does what is kept: nothing has to be taken back, anything may be dropped. Safe for
 * use by many threads.
 */
public final class BriefCache {
  /** A UID means a message for as long as UIDVALIDITY stays (RFC 9051 §2.3.1.1). */
  private record Key(LogName log, long uidValidity, long block) {}

  private final Cache<Key, BriefBlock> blocks;
  private final LongAdder used = new LongAdder();
  private final LongAdder read = new LongAdder();
  private final LongAdder dropped = new LongAdder();

  /**
   * @param octets that they may take in memory, about
   */
  public BriefCache(long octets) {
    // In the caller's thread: what is dropped is dropped before more is kept.
    blocks =
        Caffeine.newBuilder()
            .maximumWeight(octets)
            .weigher((Key key, BriefBlock block) -> block.weight())
            .evictionListener(
                (@Nullable Key key, @Nullable BriefBlock block, RemovalCause cause) -> {
                  if (block != null) {
                    dropped.add(block.size());
                  }
                })
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

  /** Notes that so many were used. */
  void used(long briefs) {
    used.add(briefs);
  }

  /** Notes that so many of those had to be read first. */
  void read(long briefs) {
    read.add(briefs);
  }

  /** Octets that they take now, about. */
  public long octets() {
    return blocks.policy().eviction().orElseThrow().weightedSize().orElse(0);
  }

  /** Octets that they may take. */
  public long most() {
    return blocks.policy().eviction().orElseThrow().getMaximum();
  }

  /** How many are kept now. */
  public long size() {
    return blocks.asMap().values().stream().mapToLong(BriefBlock::size).sum();
  }

  /** How many commands have used since the start, each time counted. */
  public long used() {
    return used.sum();
  }

  /** How many of those were not kept, and were read from the store. */
  public long read() {
    return read.sum();
  }

  /** How many had to go to make room for others, since the start. */
  public long dropped() {
    return dropped.sum();
  }
}
