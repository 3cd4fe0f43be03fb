package hikyaku.server.auth;

import com.google.protobuf.ByteString;
import hikyaku.server.directory.Credentials;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** Keeps secrets under AES-256-GCM, each bound to whom it is of. */
public final class SecretSealer {
  private static final int NONCE_OCTETS = 12;
  private static final int TAG_BITS = 128;

  private final SecretKeySpec key;
  private final SecureRandom random;

  /**
   * @param purpose what the secrets are, an ASCII label: those of one purpose cannot be taken for
   *     those of another
   */
  public SecretSealer(InstallationKey installation, String purpose, SecureRandom random) {
    this.key = new SecretKeySpec(installation.derive(purpose), "AES");
    this.random = random;
  }

  /**
   * Seals a secret, which stays the caller's to clear.
   *
   * @param owner whose it is; needed to open it again
   */
  public Credentials.Sealed seal(String owner, byte[] secret) {
    byte[] nonce = new byte[NONCE_OCTETS];
    random.nextBytes(nonce);
    try {
      byte[] ciphertext = cipher(Cipher.ENCRYPT_MODE, nonce, owner).doFinal(secret);
      return new Credentials.Sealed(ByteString.copyFrom(nonce), ByteString.copyFrom(ciphertext));
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  /** The secret, or nothing if it was sealed under another key or for another owner. */
  public Optional<byte[]> open(String owner, Credentials.Sealed sealed) {
    if (sealed.nonce().size() != NONCE_OCTETS) {
      return Optional.empty();
    }
    try {
      Cipher cipher = cipher(Cipher.DECRYPT_MODE, sealed.nonce().toByteArray(), owner);
      return Optional.of(cipher.doFinal(sealed.ciphertext().toByteArray()));
    } catch (GeneralSecurityException notOurs) {
      return Optional.empty();
    }
  }

  private Cipher cipher(int mode, byte[] nonce, String owner) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(owner.getBytes(StandardCharsets.UTF_8));
    return cipher;
  }
}
