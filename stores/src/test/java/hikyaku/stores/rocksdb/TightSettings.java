package hikyaku.stores.rocksdb;

import java.time.Duration;

/** Settings under which everything overflows: caches evict, queues fill, files are many. */
final class TightSettings {
  private static final int MIB = 1024 * 1024;

  private TightSettings() {}

  static final RocksSettings TIGHT =
      RocksSettings.DEFAULT
          .with(new RocksSettings.Memory(MIB, MIB / 2, MIB, 16))
          .with(
              new RocksSettings.Queue(
                  8, 100_000, 3, 50_000, Duration.ofSeconds(30), Duration.ofMinutes(2)))
          .with(new RocksSettings.Reads(1, 1000, Duration.ofMinutes(1), 4, 4))
          .with(new RocksSettings.Retry(Duration.ofMillis(1), Duration.ofMillis(20)));

  /** Many small files, but rounds of the usual size. */
  static final RocksSettings SMALL_FILES = TIGHT.with(RocksSettings.Queue.DEFAULT);
}
