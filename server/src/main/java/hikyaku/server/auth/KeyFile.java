package hikyaku.server.auth;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;

/**
 * The installation's key in a file that only its owner may read: 32 random octets. Whoever has it
 * and the store can read the secrets of APOP and CRAM-MD5 and keys of DKIM; whoever loses it has to
 * set them anew. Passwords do not depend on it.
 */
public final class KeyFile implements InstallationKey {
  private static final int OCTETS = 32;
  private static final int FINGERPRINT_OCTETS = 8;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private final byte[] master;

  private KeyFile(byte[] master) {
    this.master = master;
  }

  /**
   * Reads the file, or makes it if there is none.
   *
   * @throws IOException if that fails, if the file is damaged, or if others may read it
   */
  public static KeyFile open(Path file) throws IOException {
    if (!Files.exists(file)) {
      byte[] master = new byte[OCTETS];
      new SecureRandom().nextBytes(master);
      write(file, master);
    }
    return read(file);
  }

  /**
   * Reads the file.
   *
   * @throws IOException if that fails, if the file is damaged, or if others may read it
   */
  public static KeyFile read(Path file) throws IOException {
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
    if (!OWNER_ONLY.containsAll(permissions)) {
      throw new IOException(file + " may be read by others; it must have mode 0600");
    }
    byte[] master = Files.readAllBytes(file);
    if (master.length != OCTETS) {
      throw new IOException(file + " has " + master.length + " octets, not " + OCTETS);
    }
    return new KeyFile(master);
  }

  /**
   * The key of another node.
   *
   * @param hexadecimal as {@link #secret} gives it
   * @throws IllegalArgumentException if that is no key
   */
  public static KeyFile of(String hexadecimal) {
    byte[] master = HexFormat.of().parseHex(hexadecimal);
    if (master.length != OCTETS) {
      throw new IllegalArgumentException("a key has " + OCTETS + " octets");
    }
    return new KeyFile(master);
  }

  /** Puts the key into a file, over the one that was there. */
  public void keepIn(Path file) throws IOException {
    write(file, master.clone());
  }

  /** The key itself in hexadecimal digits: to be shown to nobody but another node's operator. */
  public String secret() {
    return HexFormat.of().formatHex(master);
  }

  /** What tells keys apart and gives none away, in hexadecimal digits. */
  public String fingerprint() {
    return HexFormat.of().formatHex(derive("fingerprint"), 0, FINGERPRINT_OCTETS);
  }

  /** Writes the key durably, and wipes it. */
  private static void write(Path file, byte[] master) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null) {
      throw new IOException(file + " is no file");
    }
    Path fresh =
        Files.createTempFile(
            directory, ".key", ".new", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    try {
      try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
        ByteBuffer octets = ByteBuffer.wrap(master);
        while (octets.hasRemaining()) {
          channel.write(octets);
        }
        channel.force(true);
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
        entries.force(true);
      }
    } finally {
      Files.deleteIfExists(fresh);
      Crypto.wipe(master);
    }
  }

  @Override
  public byte[] derive(String purpose) {
    try {
      return KDF.getInstance("HKDF-SHA256")
          .deriveData(
              HKDFParameterSpec.ofExtract()
                  .addIKM(master)
                  .thenExpand(Crypto.ascii("hikyaku " + purpose), OCTETS));
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }
}
