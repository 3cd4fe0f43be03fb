package hikyaku.stores.postgres;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.Waiting;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Message contents as files of a directory that all nodes share.
 *
 * <p>A file is written under {@code incoming}, synced, renamed to {@code ab/HASH-NUMBER}, and its
 * directory synced, before anything in the database names it. The number is of this upload alone: a
 * sweep takes away the very file that the blob's row named, never one that somebody has just put.
 */
final class BlobFiles implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BlobFiles.class);
  private static final String INCOMING = "incoming";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int THREADS = 8;

  private final @Nullable Path directory;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS, Thread.ofPlatform().daemon().name("postgres-files-", 0).factory());

  /** Files coming in. */
  private final Set<Upload> open = ConcurrentHashMap.newKeySet();

  /** Work with files. */
  private interface Work<T> {
    T run() throws IOException;
  }

  BlobFiles(Optional<Path> directory) {
    this.directory = directory.orElse(null);
  }

  /** Makes the directory if need be. */
  void prepare() {
    if (directory != null) {
      Path made = call("making " + directory, () -> Files.createDirectories(incoming()));
      require(Files.isWritable(made), made + " cannot be written");
    }
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new StoreException.Unavailable(problem, null);
    }
  }

  /** Whether new blobs go into files. */
  boolean isWanted() {
    return directory != null;
  }

  private Path directory() {
    if (directory == null) {
      throw new StoreException.Unavailable(
          "the content is in a shared directory, and this node is told of none", null);
    }
    return directory;
  }

  private Path incoming() {
    return directory().resolve(INCOMING);
  }

  Path path(BlobId id, long number) {
    String hex = id.toString();
    return directory().resolve(hex.substring(0, 2)).resolve(hex + "-" + number);
  }

  /** A file coming in. Used by one thread. */
  final class Upload {
    private final long number;
    private final Path path;
    private final FileChannel channel;
    private final ByteArrayOutputStream sums = new ByteArrayOutputStream();

    private Upload(long number, Path path, FileChannel channel) {
      this.number = number;
      this.path = path;
      this.channel = channel;
      open.add(this);
    }

    /** Lets go of the file where nobody will write to it any more. */
    private void release() {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.atDebug().setCause(e).addKeyValue("path", path).log("a file did not close in order");
      }
    }

    long number() {
      return number;
    }

    byte[] sums() {
      return sums.toByteArray();
    }

    /** Adds octets: whole chunks, but for the last call. */
    void write(byte[] octets, int count) {
      for (int from = 0; from < count; from += Codec.SIZE) {
        int length = Math.min(Codec.SIZE, count - from);
        byte[] chunk = java.util.Arrays.copyOfRange(octets, from, from + length);
        sums.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(Codec.crc(chunk)).array());
      }
      int unused =
          call(
              "writing " + path,
              () -> {
                ByteBuffer left = ByteBuffer.wrap(octets, 0, count);
                while (left.hasRemaining()) {
                  channel.write(left);
                }
                return count;
              });
    }

    /** Makes it durable under its name. */
    void finish(BlobId id) {
      Path place = path(id, number);
      Path unused =
          call(
              "keeping " + place,
              () -> {
                channel.force(true);
                channel.close();
                open.remove(this);
                Path parent = place.resolveSibling(".").normalize();
                if (!Files.isDirectory(parent)) {
                  Files.createDirectories(parent);
                  sync(directory());
                }
                Files.move(path, place, StandardCopyOption.ATOMIC_MOVE);
                sync(parent);
                return place;
              });
    }

    /** Takes it back. If that cannot be done now, a sweep does it. */
    void abandon() {
      try {
        boolean unused =
            call(
                "taking back " + path,
                () -> {
                  open.remove(this);
                  channel.close();
                  return Files.deleteIfExists(path);
                });
      } catch (StoreException e) {
        LOG.atDebug().setCause(e).addKeyValue("path", path).log("an upload is left for a sweep");
      }
    }
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      file.force(true);
    }
  }

  Upload begin(long number) {
    Path path = incoming().resolve(Long.toString(number));
    return call(
        "making " + path,
        () ->
            new Upload(
                number,
                path,
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)));
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
    Optional<byte[]> octets = call("reading " + path, () -> read(path, from, length));
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

  private static Optional<byte[]> read(Path path, long from, int length) throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer octets = ByteBuffer.allocate(length);
      while (octets.hasRemaining() && file.read(octets, from + octets.position()) > 0) {
        continue;
      }
      return Optional.of(java.util.Arrays.copyOf(octets.array(), octets.position()));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Takes a file away; nothing if it is not there. */
  void delete(Path path) {
    boolean unused = call("taking away " + path, () -> Files.deleteIfExists(path));
  }

  /** A file that is kept, and when it was written. */
  record Kept(Path path, BlobId id, long number) {}

  /** Files written before a time, of those whose name begins with two hexadecimal digits. */
  List<Kept> olderThan(String digits, Instant edge) {
    return call(
        "listing files",
        () -> {
          Path part = directory().resolve(digits);
          if (!Files.isDirectory(part)) {
            return List.of();
          }
          try (Stream<Path> files = Files.list(part)) {
            return files
                .filter(file -> file.getFileName().toString().matches("[0-9a-f]{64}-[0-9]{1,19}"))
                .filter(file -> isOlder(file, edge))
                .map(BlobFiles::kept)
                .toList();
          }
        });
  }

  private static Kept kept(Path file) {
    String name = file.getFileName().toString();
    return new Kept(file, BlobId.parse(name.substring(0, 64)), Long.parseLong(name.substring(65)));
  }

  /** Takes away what came in before a time and was never finished. */
  void clearIncoming(Instant edge) {
    List<Path> old =
        call(
            "listing files",
            () -> {
              try (Stream<Path> files = Files.list(incoming())) {
                return files.filter(file -> isOlder(file, edge)).toList();
              }
            });
    old.forEach(this::delete);
  }

  private static boolean isOlder(Path file, Instant edge) {
    try {
      return Files.getLastModifiedTime(file).compareTo(FileTime.from(edge)) < 0;
    } catch (IOException gone) {
      return false;
    }
  }

  private <T> T call(String what, Work<T> work) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    try {
      threads.execute(() -> {
        try {
          answer.complete(work.run());
        } catch (IOException e) {
          answer.completeExceptionally(
              new StoreException.Unavailable(what + " has failed: " + e.getMessage(), e));
        } catch (Throwable e) {
          answer.completeExceptionally(e);
        }
      });
    } catch (RejectedExecutionException e) {
      throw new StoreException.Unavailable("the store is closed", e);
    }
    return Waiting.forAnswer(answer, PATIENCE, what + " has not come back in time");
  }

  @Override
  public void close() {
    threads.close();
    open.forEach(Upload::release);
  }
}
