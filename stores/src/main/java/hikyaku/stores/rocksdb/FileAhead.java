package hikyaku.stores.rocksdb;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Memory for octets of files that are read before they are asked for, by all readers of a store
 * together: a share of the heap. Whoever finds none reads when it has to.
 */
final class FileAhead {
  /** The part of the largest heap. */
  private static final int SHARE = 16;

  private final long most;
  private final AtomicLong taken = new AtomicLong();

  /**
   * @param most octets at a time
   */
  FileAhead(long most) {
    this.most = most;
  }

  static FileAhead ofHeap() {
    return new FileAhead(Runtime.getRuntime().maxMemory() / SHARE);
  }

  /** What was taken, until it is closed. */
  final class Room implements AutoCloseable {
    private final int octets;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Room(int octets) {
      this.octets = octets;
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        taken.addAndGet(-octets);
      }
    }
  }

  /** Room for so many octets; null if there is none. */
  @Nullable Room take(int octets) {
    if (taken.addAndGet(octets) > most) {
      taken.addAndGet(-octets);
      return null;
    }
    return new Room(octets);
  }

  /** Octets that are taken now. */
  long taken() {
    return taken.get();
  }
}
