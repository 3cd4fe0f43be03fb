package hikyaku.stores.postgres;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.BlobFiles;
import hikyaku.stores.base.Snags;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Message contents in the directory that all nodes share, if this node is told of one. The
 * checksums of a file's chunks are in the database.
 */
final class SharedFiles implements AutoCloseable {
  private final @Nullable BlobFiles files;

  SharedFiles(Optional<Path> directory) {
    this.files = directory.map(path -> new BlobFiles(path, "postgres")).orElse(null);
  }

  /** Makes the directory if need be. */
  void prepare() {
    if (files != null) {
      files.prepare();
    }
  }

  /** Whether new blobs go into files. */
  boolean isWanted() {
    return files != null;
  }

  private BlobFiles files() {
    if (files == null) {
      throw new StoreException.Unavailable(
          "the content is in a shared directory, and this node is told of none", null);
    }
    return files;
  }

  Path path(BlobId id, long number) {
    return files().path(id, number);
  }

  /** A file coming in. Used by one thread. */
  static final class Upload {
    private final BlobFiles.Upload file;
    private final ByteArrayOutputStream sums = new ByteArrayOutputStream();

    private Upload(BlobFiles.Upload file) {
      this.file = file;
    }

    long number() {
      return file.number();
    }

    byte[] sums() {
      return sums.toByteArray();
    }

    /** Adds octets: whole chunks, but for the last call. */
    void write(byte[] octets, int count) {
      for (int from = 0; from < count; from += Codec.SIZE) {
        int length = Math.min(Codec.SIZE, count - from);
        byte[] chunk = Arrays.copyOfRange(octets, from, from + length);
        sums.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(Codec.crc(chunk)).array());
      }
      file.write(ByteBuffer.wrap(octets, 0, count));
    }

    /** Makes it durable under its name. */
    void finish(BlobId id) {
      file.finish(id);
    }

    /** Takes it back. If that cannot be done now, a sweep does it. */
    void abandon() {
      file.abandon();
    }
  }

  Upload begin(long number) {
    return new Upload(files().begin(number));
  }

  /**
   * One chunk of a blob.
   *
   * @throws StoreException.BlobMissing if the file is not there
   * @throws StoreException.Corrupt if it does not pass its checksum
   */
  byte[] read(BlobId id, PostgresBlobs.Stored blob, int index) {
    Path path = path(id, blob.number());
    long from = (long) index * Codec.SIZE;
    int length = (int) Math.min(Codec.SIZE, blob.size() - from);
    Optional<byte[]> octets = files().read(path, from, length);
    if (octets.isEmpty()) {
      throw new StoreException.BlobMissing(id);
    }
    int sum = ByteBuffer.wrap(blob.sums()).getInt(index * Integer.BYTES);
    if (octets.get().length != length || Codec.crc(octets.get()) != sum) {
      throw new StoreException.Corrupt(
          "chunk " + index + " of " + path + " does not pass its checksum", null);
    }
    return octets.get();
  }

  /** Takes a file away; nothing if it is not there. */
  void delete(Path path) {
    files().delete(path);
  }

  /** Files of one part that were written before a time. */
  List<BlobFiles.Kept> olderThan(int part, Instant edge) {
    return files().kept(part).stream().filter(file -> isOlder(file.path(), edge)).toList();
  }

  /** Takes away what came in before a time and was never finished. */
  void clearIncoming(Instant edge, Snags snags) {
    for (Path file : files().coming()) {
      if (isOlder(file, edge)) {
        snags.at(() -> delete(file));
      }
    }
  }

  private static boolean isOlder(Path file, Instant edge) {
    try {
      return Files.getLastModifiedTime(file).compareTo(FileTime.from(edge)) < 0;
    } catch (IOException gone) {
      return false;
    }
  }

  @Override
  public void close() {
    if (files != null) {
      files.close();
    }
  }
}
