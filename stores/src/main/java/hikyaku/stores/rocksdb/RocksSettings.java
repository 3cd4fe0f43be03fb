package hikyaku.stores.rocksdb;

import java.time.Duration;

/**
 * What an operator may want to change about the embedded engine. The defaults are for a small
 * machine: under 200 MiB outside the Java heap.
 *
 * @param keysKept how long idempotency keys are remembered; 48 h, and never under 24 h
 * @param compressionLevel of Zstandard; 2
 */
public record RocksSettings(
    Memory memory, Queue queue, Reads reads, Retry retry, Duration keysKept, int compressionLevel) {
  private static final int MIB = 1024 * 1024;

  public static final RocksSettings DEFAULT =
      new RocksSettings(
          Memory.DEFAULT, Queue.DEFAULT, Reads.DEFAULT, Retry.DEFAULT, Duration.ofHours(48), 2);

  public RocksSettings {
    Check.require(keysKept.compareTo(Duration.ofHours(24)) >= 0, "keys kept for under 24 hours");
    Check.require(compressionLevel >= 1 && compressionLevel <= 19, "compression level not 1 to 19");
  }

  /**
   * Memory and files of RocksDB.
   *
   * @param blockCache octets for blocks read from disk; 48 MiB
   * @param writeBuffer octets for what is not yet in sorted files; 48 MiB, and for a moment twice
   *     that while some is being written out
   * @param log octets to which the write-ahead log may grow before what it holds is written out; 64
   *     MiB, which is also what an unclean start has to read again
   * @param openFiles sorted files held open; 512
   */
  public record Memory(long blockCache, long writeBuffer, long log, int openFiles) {
    public static final Memory DEFAULT = new Memory(48L * MIB, 48L * MIB, 64L * MIB, 512);

    public Memory {
      Check.require(blockCache >= 0 && log > 0, "memory or log size out of range");
      Check.require(writeBuffer >= MIB / 2, "write buffer under 512 KiB");
      Check.require(openFiles >= 16, "fewer than 16 open files");
    }
  }

  /**
   * Writes on their way to the disk.
   *
   * @param length operations that may wait to be committed; 4096. Above it callers wait
   * @param octets their octets; 16 MiB. One larger operation is taken alone
   * @param batchLength operations in one durability round; 512. More makes the round slower for all
   * @param batchOctets their octets; 4 MiB
   * @param roomTimeout how long a caller waits for room before it is refused; 30 s
   * @param commitTimeout how long a caller waits for its commit before it is told that the outcome
   *     is unknown; 2 min, which only a disk that hangs takes
   */
  public record Queue(
      int length,
      long octets,
      int batchLength,
      long batchOctets,
      Duration roomTimeout,
      Duration commitTimeout) {
    public static final Queue DEFAULT =
        new Queue(4096, 16L * MIB, 512, 4L * MIB, Duration.ofSeconds(30), Duration.ofMinutes(2));

    public Queue {
      Check.require(length > 0 && octets > 0, "a queue without room");
      Check.require(batchLength > 0 && batchOctets > 0, "a batch without room");
      Check.require(roomTimeout.isPositive() && commitTimeout.isPositive(), "no time to wait");
    }
  }

  /**
   * Reads.
   *
   * @param threads for reads that may touch the disk; 4
   * @param waiting reads that may wait for them; 10,000
   * @param timeout how long one may take, waiting included, before the caller is refused; 1 min
   * @param headsCached heads kept in memory; 100,000, at about 200 octets each
   * @param blobsCached blobs known to be there without a look; 10,000, at about 200 octets each
   */
  public record Reads(
      int threads, int waiting, Duration timeout, int headsCached, int blobsCached) {
    public static final Reads DEFAULT =
        new Reads(4, 10_000, Duration.ofMinutes(1), 100_000, 10_000);

    public Reads {
      Check.require(threads > 0 && waiting > 0 && timeout.isPositive(), "no way to read");
      Check.require(headsCached > 0 && blobsCached > 0, "a cache without room");
    }
  }

  /**
   * Pauses between attempts to open the database anew after a failed write.
   *
   * @param first the first; 200 ms, doubling with each failure
   * @param most the longest; 5 s
   */
  public record Retry(Duration first, Duration most) {
    public static final Retry DEFAULT = new Retry(Duration.ofMillis(200), Duration.ofSeconds(5));

    public Retry {
      Check.require(first.isPositive(), "no pause before a retry");
      Check.require(most.compareTo(first) >= 0, "the longest pause is under the first");
    }
  }

  public RocksSettings with(Memory newMemory) {
    return new RocksSettings(newMemory, queue, reads, retry, keysKept, compressionLevel);
  }

  public RocksSettings with(Queue newQueue) {
    return new RocksSettings(memory, newQueue, reads, retry, keysKept, compressionLevel);
  }

  public RocksSettings with(Reads newReads) {
    return new RocksSettings(memory, queue, newReads, retry, keysKept, compressionLevel);
  }

  public RocksSettings with(Retry newRetry) {
    return new RocksSettings(memory, queue, reads, newRetry, keysKept, compressionLevel);
  }

  /** Apart from the settings, so that a part can be made before the whole is. */
  private static final class Check {
    private Check() {}

    static void require(boolean condition, String problem) {
      if (!condition) {
        throw new IllegalArgumentException(problem);
      }
    }
  }
}
