package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/**
 * The lifecycle of the native database: every call goes through {@link #use}, which holds it open
 * for as long as the call takes.
 *
 * <p>It is open, or failed (a write went wrong: reads may go on, writes may not), or closed.
 */
final class Database implements AutoCloseable {
  /** Free space wanted, beside the log's own size, before a full disk counts as mended. */
  private static final int SPARE = 1024 * 1024;

  private final Path directory;
  private final RocksSettings.Memory memory;
  private final AcknowledgedMark mark;
  private final ReentrantReadWriteLock lifecycle = new ReentrantReadWriteLock();
  private @Nullable Handle handle;
  private boolean damaged;
  private volatile boolean reopening;
  private volatile boolean closing;
  private volatile boolean closed;
  private volatile @Nullable StoreException failure;

  private Database(Path directory, RocksSettings.Memory memory, AcknowledgedMark mark) {
    this.directory = directory;
    this.memory = memory;
    this.mark = mark;
    this.handle = openHandle();
  }

  /**
   * Opens the database.
   *
   * @param mark how far it must go; if it does not, it is left as it is
   */
  static Database open(Path directory, RocksSettings.Memory memory, AcknowledgedMark mark) {
    return new Database(directory, memory, mark);
  }

  private Handle openHandle() {
    try {
      RocksDB.loadLibrary();
    } catch (RuntimeException | UnsatisfiedLinkError e) {
      throw new StoreException.Unavailable("RocksDB cannot run on this machine", e);
    }
    try {
      long marked = mark.read();
      if (marked > 0) {
        mark.check(Handle.reach(directory, marked));
      }
      return Handle.open(directory, memory, !damaged);
    } catch (RocksDBException e) {
      throw translate("cannot open the database in " + directory, e);
    }
  }

  /** Work on the open database. */
  @FunctionalInterface
  interface Use<T extends @Nullable Object> {
    T with(Handle handle) throws RocksDBException;
  }

  /**
   * Runs native work on this thread, which must be one of the engine's own.
   *
   * @param what names the work in an error
   */
  <T extends @Nullable Object> T use(Object what, Use<T> use) {
    if (Thread.currentThread().isVirtual()) {
      // A wait for the disk would hold its carrier from all others.
      throw new IllegalStateException("native code on a virtual thread");
    }
    try {
      return run(use);
    } catch (RocksDBException e) {
      throw translate(what.toString(), e);
    }
  }

  /** What was asked of memory alone is not all there. */
  static final class NotInMemory extends Exception {
    private static final long serialVersionUID = 1L;

    NotInMemory() {
      super("not in memory", null, false, false);
    }
  }

  /**
   * Runs native work that reads memory alone and so waits for nothing, on any thread.
   *
   * @param what names the work in an error
   * @throws NotInMemory if the disk would have to be asked
   */
  <T extends @Nullable Object> T useMemory(Object what, Use<T> use) throws NotInMemory {
    try {
      return run(use);
    } catch (RocksDBException e) {
      Status status = e.getStatus();
      if (status != null && status.getCode() == Status.Code.Incomplete) {
        throw new NotInMemory();
      }
      throw translate(what.toString(), e);
    }
  }

  private <T extends @Nullable Object> T run(Use<T> use) throws RocksDBException {
    lifecycle.readLock().lock();
    try {
      Handle open = handle;
      if (open == null) {
        throw unavailable();
      }
      return use.with(open);
    } finally {
      lifecycle.readLock().unlock();
    }
  }

  private StoreException unavailable() {
    StoreException cause = failure;
    if (closed || cause == null) {
      return new StoreException.Unavailable("the store is closed", null);
    }
    return new StoreException.Unavailable(String.valueOf(cause.getMessage()), cause);
  }

  /**
   * To be asked now and then by work that takes long: somebody waits to close or reopen.
   *
   * @throws StoreException.Unavailable if so
   */
  void yieldToLifecycle() {
    if (reopening || closing) {
      throw new StoreException.Unavailable("given up, for the database is being closed", null);
    }
  }

  /** Why writes are refused; null if they are not. */
  @Nullable StoreException failure() {
    return failure;
  }

  /** Refuses writes from now on, until {@link #reopen}. */
  StoreException fail(StoreException cause) {
    failure = cause;
    return cause;
  }

  /**
   * A file is damaged: from the next {@link #reopen} on, files are left as they are, so that what
   * is sound can be read and written.
   */
  void avoidDamage() {
    damaged = true;
  }

  /** The end is near: work that takes long gives up at its next {@link #yieldToLifecycle}. */
  void interruptLongWork() {
    closing = true;
  }

  /**
   * Opens the database anew after a failure, once the disk takes writes again.
   *
   * @param forget drops what is known of the database; runs before anybody reads the new one
   * @throws StoreException if it does not, or the database still cannot be opened
   */
  void reopen(Runnable forget) {
    probe();
    reopening = true;
    lifecycle.writeLock().lock();
    try {
      if (closed) {
        throw unavailable();
      }
      if (handle != null) {
        handle.close();
        handle = null;
      }
      forget.run();
      handle = openHandle();
    } finally {
      reopening = false;
      lifecycle.writeLock().unlock();
    }
  }

  /** The failure is over and everything that depends on the database has been read anew. */
  void mended() {
    failure = null;
  }

  /** Fails unless the disk has room for what opening writes, and takes a write. */
  private void probe() {
    Path file = directory.resolve("probe");
    try {
      long log = 0;
      try (Stream<Path> files = Files.list(directory)) {
        for (Path path : files.filter(f -> f.toString().endsWith(".log")).toList()) {
          log += Files.size(path);
        }
      }
      FileStore disk = Files.getFileStore(directory);
      if (disk.getUsableSpace() < log + SPARE) {
        throw new StoreException.Unavailable(
            "the disk of " + directory + " is full: " + disk.getUsableSpace() + " octets left",
            null);
      }
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        ByteBuffer octets = ByteBuffer.allocate(64 * 1024);
        while (octets.hasRemaining()) {
          channel.write(octets);
        }
        channel.force(true);
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new StoreException.Unavailable(directory + " cannot be written", e);
    }
  }

  /** What a native error means: a broken record, or an engine that cannot serve. */
  static StoreException translate(String what, RocksDBException e) {
    Status status = e.getStatus();
    String message = what + ": " + e.getMessage();
    if (status != null && status.getCode() == Status.Code.Corruption) {
      return new StoreException.Corrupt(message, e);
    }
    return new StoreException.Unavailable(message, e);
  }

  /** Closes for good. Work under way ends first. */
  @Override
  public void close() {
    closing = true;
    lifecycle.writeLock().lock();
    try {
      closed = true;
      if (handle != null) {
        handle.close();
        handle = null;
      }
    } finally {
      lifecycle.writeLock().unlock();
    }
  }
}
