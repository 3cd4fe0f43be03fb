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

/** Keeps shared secrets under AES-256-GCM, each bound to its account. */
final class SecretSealer {
  private static final int NONCE_OCTETS = 12;
  private static final int TAG_BITS = 128;

  private final SecretKeySpec key;
  private final SecureRandom random;

  SecretSealer(InstallationKey installation, SecureRandom random) {
    this.key = new SecretKeySpec(installation.derive("shared secrets"), "AES");
    this.random = random;
  }

  Credentials.Sealed seal(String accountId, byte[] secret) {
    byte[] nonce = new byte[NONCE_OCTETS];
    random.nextBytes(nonce);
    try {
      byte[] ciphertext = cipher(Cipher.ENCRYPT_MODE, nonce, accountId).doFinal(secret);
      return new Credentials.Sealed(ByteString.copyFrom(nonce), ByteString.copyFrom(ciphertext));
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  /** The secret, or nothing if it was sealed under another key or for another account. */
  Optional<byte[]> open(String accountId, Credentials.Sealed sealed) {
    if (sealed.nonce().size() != NONCE_OCTETS) {
      return Optional.empty();
    }
    try {
      Cipher cipher = cipher(Cipher.DECRYPT_MODE, sealed.nonce().toByteArray(), accountId);
      return Optional.of(cipher.doFinal(sealed.ciphertext().toByteArray()));
    } catch (GeneralSecurityException notOurs) {
      return Optional.empty();
    }
  }

  private Cipher cipher(int mode, byte[] nonce, String accountId) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(accountId.getBytes(StandardCharsets.UTF_8));
    return cipher;
  }
}
