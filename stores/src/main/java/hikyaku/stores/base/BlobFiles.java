package hikyaku.stores.base;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Contents of blobs as files of a directory.
 *
 * <p>A file is written under {@code incoming}, synced, renamed to {@code ab/HASH-NUMBER}, and its
 * directory synced, before anything names it. The number is of this upload alone: a sweep takes
 * away the very file that a blob's record named, never one that somebody has just put.
 */
public final class BlobFiles implements AutoCloseable {
  /** Parts of the directory, by how the names of blobs begin. */
  public static final int PARTS = 256;

  private static final Logger LOG = LoggerFactory.getLogger(BlobFiles.class);
  private static final String INCOMING = "incoming";
  private static final Pattern NAME = Pattern.compile("([0-9a-f]{64})-([0-9]{1,19})");
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int THREADS = 8;

  /** More threads for syncs than for other work: those that wait for a disk share its rounds. */
  private static final int SYNCING_THREADS = 32;

  private static final Duration IDLE = Duration.ofMinutes(1);

  private final Path directory;
  private final ExecutorService threads;
  private final ExecutorService syncing;

  /** Parts that this process has seen to be durable. */
  private final Set<Path> durableParts = ConcurrentHashMap.newKeySet();

  /** Files coming in. */
  private final Set<Upload> open = ConcurrentHashMap.newKeySet();

  /**
   * Work with files.
   *
   * @param <T> its result
   */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws IOException;
  }

  /**
   * @param directory where the files are
   * @param engine names the threads
   */
  public BlobFiles(Path directory, String engine) {
    this.directory = directory;
    this.threads = threads(THREADS, engine + "-files-");
    this.syncing = threads(SYNCING_THREADS, engine + "-sync-");
  }

  private static ExecutorService threads(int most, String name) {
    ThreadPoolExecutor made =
        new ThreadPoolExecutor(
            most,
            most,
            IDLE.toSeconds(),
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name(name, 0).factory());
    made.allowCoreThreadTimeOut(true);
    return made;
  }

  /**
   * Makes the directory if it is not there. It is durable afterwards: whoever made it may have been
   * cut off before it was.
   */
  public void prepare() {
    boolean writable =
        call(
            "making " + directory,
            () -> {
              Files.createDirectories(incoming());
              sync(directory);
              syncParent();
              return Files.isWritable(incoming());
            });
    if (!writable) {
      throw new StoreException.Unavailable(directory + " cannot be written", null);
    }
  }

  /** A mount's parent may be closed to this user, who has then made nothing in it. */
  private void syncParent() throws IOException {
    Path parent = directory.toAbsolutePath().getParent();
    if (parent == null) {
      return;
    }
    FileChannel opened;
    try {
      opened = FileChannel.open(parent, StandardOpenOption.READ);
    } catch (IOException e) {
      LOG.atInfo().setCause(e).addKeyValue("path", parent).log("a parent cannot be synced");
      return;
    }
    try (opened) {
      opened.force(true);
    }
  }

  private Path incoming() {
    return directory.resolve(INCOMING);
  }

  /** The place of a blob's file. */
  public Path path(BlobId id, long number) {
    String hex = id.toString();
    return directory.resolve(hex.substring(0, 2)).resolve(hex + "-" + number);
  }

  /** A file coming in. Used by one thread, but that any may abandon it. */
  public final class Upload {
    private final long number;
    private final Path path;
    private final FileChannel channel;
    private volatile boolean abandoned;

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

    public long number() {
      return number;
    }

    /**
     * Begins to add octets, after those before are written.
     *
     * @param octets gives them, on a thread that may wait
     * @return how many there are, once they are written
     */
    public CompletableFuture<Integer> append(Supplier<ByteBuffer> octets) {
      return start(
          threads,
          "writing " + path,
          () -> {
            ByteBuffer left = octets.get();
            int count = left.remaining();
            while (left.hasRemaining()) {
              channel.write(left);
            }
            return count;
          });
    }

    /** Adds octets. */
    public void write(ByteBuffer octets) {
      int unused = finished(append(() -> octets));
    }

    /** Waits for what {@link #append} has begun. */
    public int finished(CompletableFuture<Integer> begun) {
      return await(begun, "writing " + path);
    }

    /** Makes it durable under its name. */
    public void finish(BlobId id) {
      Path place = path(id, number);
      String what = "keeping " + place;
      Path unused =
          await(
              start(
                  syncing,
                  what,
                  () -> {
                    channel.force(true);
                    channel.close();
                    Path part = place.resolveSibling(".").normalize();
                    makePart(part);
                    Files.move(path, place, StandardCopyOption.ATOMIC_MOVE);
                    open.remove(this);
                    if (abandoned) {
                      // Whoever waited for this has given up.
                      Files.delete(place);
                    }
                    sync(part);
                    return place;
                  }),
              what);
    }

    /** Takes back what is not kept. If that cannot be done now, a sweep does it. */
    public void abandon() {
      abandoned = true;
      try {
        boolean unused = call("taking back " + path, this::takeBack);
      } catch (StoreException e) {
        LOG.atDebug().setCause(e).addKeyValue("path", path).log("an upload is left for a sweep");
      }
    }

    private boolean takeBack() throws IOException {
      open.remove(this);
      release();
      return Files.deleteIfExists(path);
    }

    /** As {@link #abandon}, on a thread that may wait, and with nobody waiting for it. */
    private void abandonHere() {
      try {
        boolean unused = takeBack();
      } catch (IOException e) {
        LOG.atDebug().setCause(e).addKeyValue("path", path).log("an upload is left for a sweep");
      }
    }
  }

  /** A part that is there may be another upload's, which has yet to sync it. */
  private void makePart(Path part) throws IOException {
    if (!durableParts.contains(part)) {
      Files.createDirectories(part);
      sync(directory);
      durableParts.add(part);
    }
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      file.force(true);
    }
  }

  /**
   * Begins a file.
   *
   * @param number never used before
   */
  public Upload begin(long number) {
    Path path = incoming().resolve(Long.toString(number));
    String what = "making " + path;
    CompletableFuture<Upload> made =
        start(
            threads,
            what,
            () ->
                new Upload(
                    number,
                    path,
                    FileChannel.open(
                        path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)));
    try {
      return await(made, what);
    } catch (StoreException e) {
      // Nobody else will, if it comes after all.
      CompletableFuture<Void> unused = made.thenAcceptAsync(Upload::abandonHere, threads);
      throw e;
    }
  }

  /**
   * Octets of a file, fewer where it ends before; nothing if it is not there. To be called on a
   * thread that may wait.
   */
  public static Optional<byte[]> readHere(Path path, long from, int length) {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer octets = ByteBuffer.allocate(length);
      while (octets.hasRemaining() && file.read(octets, from + octets.position()) > 0) {
        continue;
      }
      return Optional.of(
          octets.hasRemaining()
              ? Arrays.copyOf(octets.array(), octets.position())
              : octets.array());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed("reading " + path, e);
    }
  }

  /** As {@link #readHere}, on another thread. */
  public Optional<byte[]> read(Path path, long from, int length) {
    return call("reading " + path, () -> readHere(path, from, length));
  }

  /** Takes a file away; nothing if it is not there. */
  public void delete(Path path) {
    boolean unused = call("taking away " + path, () -> Files.deleteIfExists(path));
  }

  /** Whether it is certain that a file is not there. */
  public boolean isMissing(Path path) {
    return call("looking for " + path, () -> Files.notExists(path));
  }

  /** A file that is kept. */
  public record Kept(Path path, BlobId id, long number) {}

  /**
   * Files of one part of the directory.
   *
   * @param number under {@link #PARTS}
   */
  public List<Kept> kept(int number) {
    return call(
        "listing files",
        () -> {
          Path part = directory.resolve("%02x".formatted(number));
          if (!Files.isDirectory(part)) {
            return List.of();
          }
          try (Stream<Path> files = Files.list(part)) {
            return files.flatMap(file -> kept(file).stream()).toList();
          }
        });
  }

  /** Nothing for a file that is not a blob's, whoever has put it there. */
  private static Optional<Kept> kept(Path file) {
    Matcher name = NAME.matcher(file.getFileName().toString());
    if (!name.matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Kept(file, BlobId.parse(name.group(1)), Long.parseLong(name.group(2))));
    } catch (NumberFormatException e) {
      // Of as many digits as the largest number, and larger.
      return Optional.empty();
    }
  }

  /** Files that are coming in or were never finished; each is named by its number. */
  public List<Path> coming() {
    return call(
        "listing files",
        () -> {
          try (Stream<Path> files = Files.list(incoming())) {
            return files.toList();
          }
        });
  }

  /** Takes away what was never finished, where nobody else may be writing. */
  public void clearComing() {
    Snags snags = new Snags();
    coming().forEach(file -> snags.at(() -> delete(file)));
    snags.tell(LOG, "uploads that were never finished could not be taken away");
  }

  private static StoreException failed(String what, IOException cause) {
    return new StoreException.Unavailable(what + " has failed: " + cause.getMessage(), cause);
  }

  private static <T> CompletableFuture<T> start(ExecutorService on, String what, Work<T> work) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    try {
      on.execute(() -> {
        try {
          answer.complete(work.run());
        } catch (IOException e) {
          answer.completeExceptionally(failed(what, e));
        } catch (Throwable e) {
          answer.completeExceptionally(e);
        }
      });
    } catch (RejectedExecutionException e) {
      throw new StoreException.Unavailable("the store is closed", e);
    }
    return answer;
  }

  private static <T> T await(CompletableFuture<T> answer, String what) {
    return Waiting.forAnswer(answer, PATIENCE, what + " has not come back in time");
  }

  private <T> T call(String what, Work<T> work) {
    return await(start(threads, what, work), what);
  }

  @Override
  public void close() {
    threads.close();
    syncing.close();
    open.forEach(Upload::release);
  }
}
