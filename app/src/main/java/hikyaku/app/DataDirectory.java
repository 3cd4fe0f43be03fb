package hikyaku.app;

import hikyaku.app.config.StoreSettings;
import hikyaku.server.ops.Json;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * The directory of everything durable. It is held by one process at a time, by a lock on its file
 * {@code lock}; a node that runs says in {@code admin.json} how to reach it.
 *
 * <pre>
 * lock         held while in use
 * admin.json   where the node that runs is managed, and the token for it (mode 0600)
 * store/       logs and blobs, or the name of the engine that has them elsewhere
 * tls/         the self-signed certificate, if there is no other
 * id           a random number that the directory keeps, by which a cluster knows it again
 * front/       input that a front holds for its clients, while it is too long for memory
 * log/         what was logged of sessions and messages, to be searched
 * search/      the index of texts, which is made anew when it is gone
 * secret.key   the key of the installation, for secrets that must be kept as they are (mode 0600)
 * </pre>
 */
public final class DataDirectory implements AutoCloseable {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> OWNER_FILE =
      PosixFilePermissions.fromString("rw-------");
  private static final int TOKEN_OCTETS = 32;

  /**
   * How a node that runs is reached.
   *
   * @param process its process id
   */
  public record Endpoint(String host, int port, String token, long process) {}

  private final Path path;
  private final FileChannel lockFile;

  private DataDirectory(Path path, FileChannel lockFile) {
    this.path = path;
    this.lockFile = lockFile;
  }

  /** Makes the directory if need be, and takes it; empty if another process has it. */
  static Optional<DataDirectory> take(Path path) throws Failure {
    FileChannel channel = null;
    try {
      if (!Files.isDirectory(path)) {
        Files.createDirectories(path, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      }
      channel =
          FileChannel.open(
              path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        channel.close();
        return Optional.empty();
      }
      Files.deleteIfExists(endpointFile(path));
      return Optional.of(new DataDirectory(path.toRealPath(), channel));
    } catch (IOException e) {
      throw new Failure(
          "The data directory "
              + path
              + " cannot be used: "
              + Reason.of(e)
              + ". Name another with --data, or make it writable.",
          e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException heldByThisProcess) {
      return null;
    }
  }

  /** Whether there is anything in it. */
  static boolean exists(Path path) {
    return Files.isDirectory(path.resolve("store")) || isFront(path);
  }

  /** Whether it is a front's, which has no mail. */
  static boolean isFront(Path path) {
    return Files.isDirectory(path.resolve("front"));
  }

  /** How to reach the node that has the directory; empty while it starts or stops. */
  public static Optional<Endpoint> endpoint(Path path) throws Failure {
    try {
      return Optional.of(
          Json.MAPPER.readValue(Files.readAllBytes(endpointFile(path)), Endpoint.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | JacksonException e) {
      throw new Failure(
          "The file "
              + endpointFile(path)
              + " cannot be read: "
              + Reason.of(e)
              + ". Be the user that runs the node.",
          e);
    }
  }

  private static Path endpointFile(Path path) {
    return path.resolve("admin.json");
  }

  /** Random, for one run of a node. */
  static String newToken() {
    byte[] octets = new byte[TOKEN_OCTETS];
    new SecureRandom().nextBytes(octets);
    return HexFormat.of().formatHex(octets);
  }

  /** Tells other processes how to reach the node. */
  void publish(InetSocketAddress admin, String token) throws IOException {
    Endpoint endpoint =
        new Endpoint(
            admin.getAddress().getHostAddress(),
            admin.getPort(),
            token,
            ProcessHandle.current().pid());
    Path fresh = path.resolve("admin.json.new");
    Files.deleteIfExists(fresh);
    Files.createFile(fresh, PosixFilePermissions.asFileAttribute(OWNER_FILE));
    try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(Json.MAPPER.writeValueAsBytes(endpoint)));
    }
    Files.move(fresh, endpointFile(path), StandardCopyOption.ATOMIC_MOVE);
  }

  Path path() {
    return path;
  }

  Path store() {
    return path.resolve("store");
  }

  /** Where a front holds what is too long for memory; made if it is not there. */
  Path spool() throws IOException {
    return Files.createDirectories(
        path.resolve("front"), PosixFilePermissions.asFileAttribute(OWNER_ONLY));
  }

  /** Where the journal is. */
  Path journal() {
    return path.resolve("log");
  }

  /** Where the index of texts is. */
  Path search() {
    return path.resolve("search");
  }

  private Path engineFile() {
    return store().resolve("engine");
  }

  /** The engine that keeps the mail of this directory; empty if nobody noted it. */
  Optional<StoreSettings.Engine> engine() throws IOException {
    if (!Files.exists(engineFile())) {
      return Optional.empty();
    }
    String name = Files.readString(engineFile()).strip();
    for (StoreSettings.Engine engine : StoreSettings.Engine.values()) {
      if (engine.name().toLowerCase(Locale.ROOT).equals(name)) {
        return Optional.of(engine);
      }
    }
    throw new IOException(engineFile() + " names no engine that this release has: " + name);
  }

  /** Notes the engine, so that the directory is not opened with another by mistake. */
  void noteEngine(StoreSettings.Engine engine) throws IOException {
    if (!engine().equals(Optional.of(engine))) {
      Files.createDirectories(store());
      Files.writeString(engineFile(), engine.name().toLowerCase(Locale.ROOT) + "\n");
    }
  }

  Path tls() {
    return path.resolve("tls");
  }

  Path key() {
    return key(path);
  }

  /** Where the key of a directory is, whoever has the directory. */
  static Path key(Path path) {
    return path.resolve("secret.key");
  }

  /** The number that the directory keeps; made at the first call. */
  long id() throws IOException {
    Path file = path.resolve("id");
    if (!Files.exists(file)) {
      Path fresh = path.resolve("id.new");
      Files.writeString(fresh, Long.toHexString(new SecureRandom().nextLong()) + "\n");
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }
    try {
      return Long.parseUnsignedLong(Files.readString(file).strip(), 16);
    } catch (NumberFormatException e) {
      throw new IOException(file + " is damaged; take it away, and another is made", e);
    }
  }

  /** Lets other processes have it. */
  @Override
  public void close() throws IOException {
    try (lockFile) {
      Files.deleteIfExists(endpointFile(path));
    }
  }
}
