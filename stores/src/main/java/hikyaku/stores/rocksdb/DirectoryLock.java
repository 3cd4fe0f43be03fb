package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** One process, and one store in it, has the directory. */
final class DirectoryLock implements AutoCloseable {
  /**
   * Directories open in this process. The system's locks do not tell stores of one process apart,
   * and closing any descriptor of the file would end the lock of the other.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final FileChannel channel;

  private DirectoryLock(Path directory, FileChannel channel) {
    this.directory = directory;
    this.channel = channel;
  }

  /**
   * Takes the directory.
   *
   * @throws StoreException.Unavailable if it is in use or cannot be written
   */
  static DirectoryLock take(Path directory) {
    try {
      Files.createDirectories(directory);
      Path real = directory.toRealPath();
      if (!HELD.add(real)) {
        throw new StoreException.Unavailable(directory + " is in use by this process", null);
      }
      try {
        return new DirectoryLock(real, lock(real));
      } catch (IOException | RuntimeException e) {
        HELD.remove(real);
        throw e;
      }
    } catch (IOException e) {
      throw new StoreException.Unavailable("cannot take the directory " + directory, e);
    }
  }

  private static FileChannel lock(Path directory) throws IOException {
    Path path = directory.resolve("lock");
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    @Nullable FileLock lock = null;
    try {
      lock = channel.tryLock();
      if (lock == null) {
        throw new StoreException.Unavailable(directory + " is in use by another process", null);
      }
      return channel;
    } finally {
      if (lock == null) {
        channel.close();
      }
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      HELD.remove(directory);
    }
  }
}
