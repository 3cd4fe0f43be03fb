/**
 * The embedded engine: the store contract on RocksDB, in the process.
 *
 * <p>The way of a write: callers put operations into a bounded queue ({@link
 * hikyaku.stores.rocksdb.CommitQueue}); one platform thread ({@link
 * hikyaku.stores.rocksdb.Committer}) takes what has gathered, stages it into one batch, writes and
 * syncs it once, brings the caches up to date and then answers the callers. Because that thread is
 * the only writer, an operation's checks and its writes cannot be parted by another's.
 *
 * <p>A large blob goes past all this into a file ({@link hikyaku.stores.rocksdb.LargeUpload}); only
 * the record that makes a blob of it is committed.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>Native code runs only on this package's platform threads, and only inside {@link
 *       hikyaku.stores.rocksdb.Database#use}: RocksDB used after close takes the process down.
 *   <li>An append is answered after its batch is synced. Writes that nobody waits for (blobs,
 *       snapshots, compaction) are not synced by themselves; the next sync covers them, since all
 *       go through one write-ahead log.
 *   <li>After a failed write nothing is written until the database has been opened anew, for what
 *       the failed write left behind is unknown. Reads go on meanwhile where they can.
 *   <li>A file is durable before a record names it, and a record's end is durable before its file
 *       goes away; a file without a record is waste, which a sweep finds.
 *   <li>Entries go away on the maintenance thread alone, so that what a head counts as gone is
 *       counted once.
 *   <li>Every value carries a checksum over its key and itself ({@link
 *       hikyaku.stores.rocksdb.Frames}).
 * </ul>
 */
@NullMarked
package hikyaku.stores.rocksdb;

import org.jspecify.annotations.NullMarked;
