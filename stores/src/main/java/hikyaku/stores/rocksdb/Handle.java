package hikyaku.stores.rocksdb;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.rocksdb.AbstractImmutableNativeReference;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.IndexType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.ReadTier;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** RocksDB opened once, with everything native that belongs to it. Used under {@link Database}. */
final class Handle implements AutoCloseable {
  private static final long MIB = 1024L * 1024;

  /** When nothing is merged, files may become many before writing is held up. */
  private static final int FILES_WITHOUT_COMPACTION = 2000;

  private static final int KEPT_INFO_LOGS = 3;

  /**
   * The least octets of a shard of the cache: a block that is larger than its shard is not kept.
   */
  private static final long SHARD = 4 * MIB;

  /** More shards are of no use to few threads. */
  private static final int MOST_SHARD_BITS = 6;

  /** The part of the cache that what finds records has before the records themselves. */
  private static final double FINDERS_FIRST = 0.5;

  /** Everything to be closed, in the order in which it was made. */
  private final List<AbstractImmutableNativeReference> owned = new ArrayList<>();

  private final Map<Column, ColumnFamilyHandle> columns = new EnumMap<>(Column.class);
  private final RocksDB db;
  private final ReadOptions reading;
  private final ReadOptions readingOnce;
  private final ReadOptions readingMemory;
  private final WriteOptions synced;
  private final WriteOptions unsynced;

  private Handle(Path directory, RocksSettings.Memory memory, boolean compacting)
      throws RocksDBException {
    try {
      Cache cache = own(cache(Math.max(memory.blockCache(), MIB)));
      BloomFilter bloom = own(new BloomFilter(10));
      DBOptions options = own(options(memory));
      List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
      for (Column column : Column.values()) {
        ColumnFamilyOptions columnOptions = own(options(column, memory, compacting, cache, bloom));
        descriptors.add(new ColumnFamilyDescriptor(column.octets(), columnOptions));
      }
      List<ColumnFamilyHandle> handles = new ArrayList<>();
      db = own(RocksDB.open(options, directory.toString(), descriptors, handles));
      for (Column column : Column.values()) {
        columns.put(column, own(handles.get(column.ordinal())));
      }
      reading = own(new ReadOptions());
      readingOnce = own(new ReadOptions().setFillCache(false));
      readingMemory = own(new ReadOptions().setReadTier(ReadTier.BLOCK_CACHE_TIER));
      synced = own(new WriteOptions().setSync(true));
      unsynced = own(new WriteOptions().setSync(false));
    } catch (RocksDBException | RuntimeException e) {
      closeOwned();
      throw e;
    }
  }

  /**
   * Opens RocksDB.
   *
   * @param compacting whether it may merge files; not if one of them is damaged, for that would end
   *     all writing
   */
  static Handle open(Path directory, RocksSettings.Memory memory, boolean compacting)
      throws RocksDBException {
    return new Handle(directory, memory, compacting);
  }

  /**
   * Whether the database can be read as far as this. Nothing is changed by looking, whereas opening
   * it for writing lets go of what its log holds behind a break.
   *
   * @param wanted how far it must go
   * @return how far it goes, or at least {@code wanted}
   */
  static long reach(Path directory, long wanted) throws RocksDBException {
    // What is looked at is held in memory, so one small column goes first. It may have let go of a
    // log that others still need, and then knows of less than there is.
    long small = reach(directory, List.of(Column.META));
    return small >= wanted ? small : reach(directory, List.of(Column.values()));
  }

  private static long reach(Path directory, List<Column> columns) throws RocksDBException {
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    try (DBOptions options =
            new DBOptions()
                .setWalRecoveryMode(WALRecoveryMode.PointInTimeRecovery)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setKeepLogFileNum(KEPT_INFO_LOGS);
        ColumnFamilyOptions plain = new ColumnFamilyOptions();
        RocksDB db =
            RocksDB.openReadOnly(
                options,
                directory.toString(),
                columns.stream()
                    .map(column -> new ColumnFamilyDescriptor(column.octets(), plain))
                    .toList(),
                handles)) {
      handles.forEach(ColumnFamilyHandle::close);
      return db.getLatestSequenceNumber();
    }
  }

  private <R extends AbstractImmutableNativeReference> R own(R reference) {
    owned.add(reference);
    return reference;
  }

  private static Cache cache(long octets) {
    int bits = 63 - Long.numberOfLeadingZeros(Math.max(1, octets / SHARD));
    return new LRUCache(octets, Math.min(bits, MOST_SHARD_BITS), false, FINDERS_FIRST);
  }

  private static DBOptions options(RocksSettings.Memory memory) {
    return new DBOptions()
        .setCreateIfMissing(true)
        .setCreateMissingColumnFamilies(true)
        .setParanoidChecks(true)
        // A torn tail is what a crash leaves; AcknowledgedMark finds a log cut short of an answer.
        .setWalRecoveryMode(WALRecoveryMode.PointInTimeRecovery)
        .setDbWriteBufferSize(memory.writeBuffer())
        .setMaxTotalWalSize(memory.log())
        .setRecycleLogFileNum(2)
        .setMaxOpenFiles(memory.openFiles())
        .setMaxBackgroundJobs(2)
        .setMaxSubcompactions(1)
        // Who reads from memory must not find itself deleting files.
        .setAvoidUnnecessaryBlockingIO(true)
        .setBytesPerSync(MIB)
        .setSkipStatsUpdateOnDbOpen(true)
        .setStatsDumpPeriodSec(0)
        .setStatsPersistPeriodSec(0)
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setMaxLogFileSize(MIB)
        .setKeepLogFileNum(KEPT_INFO_LOGS)
        .setMaxManifestFileSize(4 * MIB)
        .setManifestPreallocationSize(64 * 1024);
  }

  private static ColumnFamilyOptions options(
      Column column,
      RocksSettings.Memory memory,
      boolean compacting,
      Cache cache,
      BloomFilter bloom) {
    boolean octets = column == Column.CHUNKS || column == Column.SNAPSHOTS;
    BlockBasedTableConfig table =
        new BlockBasedTableConfig()
            .setBlockCache(cache)
            .setCacheIndexAndFilterBlocks(true)
            .setPinL0FilterAndIndexBlocksInCache(true)
            // A filter in one piece is an octet and more for each record of its file: hardly any
            // has a place in the cache beside others, and each look for what is not there, of which
            // every append has some, would read one whole.
            .setIndexType(IndexType.kTwoLevelIndexSearch)
            .setPartitionFilters(true)
            .setBlockSize(octets ? 32 * 1024 : 8 * 1024)
            .setFilterPolicy(bloom);
    long share = column == Column.CHUNKS ? 2 : 4;
    return new ColumnFamilyOptions()
        .setTableFormatConfig(table)
        .setWriteBufferSize(memory.writeBuffer() / share)
        .setArenaBlockSize(Math.min(MIB, memory.writeBuffer() / 32))
        .setMaxWriteBufferNumber(3)
        // Chunks are compressed already.
        .setCompressionType(
            octets ? CompressionType.NO_COMPRESSION : CompressionType.LZ4_COMPRESSION)
        .setLevelCompactionDynamicLevelBytes(true)
        .setDisableAutoCompactions(!compacting)
        .setLevel0SlowdownWritesTrigger(compacting ? 20 : FILES_WITHOUT_COMPACTION)
        .setLevel0StopWritesTrigger(compacting ? 36 : FILES_WITHOUT_COMPACTION);
  }

  byte @Nullable [] get(Column column, byte[] key) throws RocksDBException {
    return db.get(columns.get(column), reading, key);
  }

  /** As {@link #get}, without a place in the cache for what will hardly be asked for again. */
  byte @Nullable [] getOnce(Column column, byte[] key) throws RocksDBException {
    return db.get(columns.get(column), readingOnce, key);
  }

  /** As {@link #get}, but fails with Incomplete where the disk would have to be asked. */
  byte @Nullable [] getFromMemory(Column column, byte[] key) throws RocksDBException {
    return db.get(columns.get(column), readingMemory, key);
  }

  /** Whether there is such a record in this view. */
  boolean has(Column column, byte[] key, Snapshot view) throws RocksDBException {
    try (ReadOptions options = new ReadOptions().setSnapshot(view).setFillCache(false)) {
      return db.get(columns.get(column), options, key, new byte[0]) != RocksDB.NOT_FOUND;
    }
  }

  /** The values of many keys of one column family, null where there is none. */
  List<byte @Nullable []> get(Column column, List<byte[]> keys) throws RocksDBException {
    List<ColumnFamilyHandle> handles = Collections.nCopies(keys.size(), columns.get(column));
    List<byte @Nullable []> values = new ArrayList<>(keys.size());
    for (byte @Nullable [] value : db.multiGetAsList(reading, handles, keys)) {
      values.add(value);
    }
    return values;
  }

  /** Walks the keys from {@code from} on up to {@code to}, or to the end. */
  Scan scan(Column column, byte[] from, byte @Nullable [] to) {
    return scan(column, from, to, null);
  }

  Scan scan(Column column, byte[] from, byte @Nullable [] to, @Nullable Snapshot snapshot) {
    ReadOptions options = new ReadOptions();
    Slice bound = to == null ? null : new Slice(to);
    if (bound != null) {
      options.setIterateUpperBound(bound);
    }
    if (snapshot != null) {
      options.setSnapshot(snapshot).setFillCache(false).setReadaheadSize(MIB);
    }
    Scan scan = new Scan(db.newIterator(columns.get(column), options), options, bound);
    scan.seek(from);
    return scan;
  }

  /** Walks all keys with this prefix. */
  Scan scan(Column column, byte[] prefix) {
    return scan(column, prefix, Keys.behind(prefix), null);
  }

  void put(WriteBatch batch, Column column, byte[] key, byte[] value) throws RocksDBException {
    batch.put(columns.get(column), key, value);
  }

  void delete(WriteBatch batch, Column column, byte[] key) throws RocksDBException {
    batch.delete(columns.get(column), key);
  }

  void deleteRange(WriteBatch batch, Column column, byte[] from, byte[] to)
      throws RocksDBException {
    batch.deleteRange(columns.get(column), from, to);
  }

  /** Writes the batch; with {@code sync} it and all before it is durable on return. */
  void write(WriteBatch batch, boolean sync) throws RocksDBException {
    db.write(sync ? synced : unsynced, batch);
  }

  /** RocksDB's own count of records written; grows with every batch. */
  long latest() {
    return db.getLatestSequenceNumber();
  }

  Snapshot snapshot() {
    return db.getSnapshot();
  }

  void release(Snapshot snapshot) {
    db.releaseSnapshot(snapshot);
  }

  /** Writes out what is only in the log, so that the next start has nothing to read again. */
  void flush() throws RocksDBException {
    try (FlushOptions options = new FlushOptions().setWaitForFlush(true)) {
      db.flush(options, List.copyOf(columns.values()));
    }
  }

  private void closeOwned() {
    for (AbstractImmutableNativeReference reference : owned.reversed()) {
      reference.close();
    }
  }

  @Override
  public void close() {
    closeOwned();
  }
}
