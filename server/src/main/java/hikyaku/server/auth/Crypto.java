package hikyaku.server.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The functions that RFC 5802 §2.2 names, and those of CRAM-MD5 and APOP. */
final class Crypto {
  private Crypto() {}

  /** {@code HMAC(key, str)} with SHA-256. */
  static byte[] hmac(byte[] key, byte[]... parts) {
    return hmac("HmacSHA256", key, parts);
  }

  static byte[] hmacMd5(byte[] key, byte[]... parts) {
    return hmac("HmacMD5", key, parts);
  }

  private static byte[] hmac(String algorithm, byte[] key, byte[]... parts) {
    Mac mac = mac(algorithm, key);
    for (byte[] part : parts) {
      mac.update(part);
    }
    return mac.doFinal();
  }

  private static Mac mac(String algorithm, byte[] key) {
    try {
      Mac mac = Mac.getInstance(algorithm);
      mac.init(new SecretKeySpec(key, algorithm));
      return mac;
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  /** {@code H(str)}: SHA-256. */
  static byte[] hash(byte[] octets) {
    return digest("SHA-256", octets);
  }

  static byte[] md5(byte[]... parts) {
    return digest("MD5", parts);
  }

  private static byte[] digest(String algorithm, byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      for (byte[] part : parts) {
        digest.update(part);
      }
      return digest.digest();
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  /** {@code Hi(str, salt, i)}: PBKDF2 with HMAC-SHA-256 and one block of output. */
  static byte[] hi(byte[] password, byte[] salt, int iterations) {
    Mac mac = mac("HmacSHA256", password);
    mac.update(salt);
    byte[] u = mac.doFinal(new byte[] {0, 0, 0, 1});
    byte[] result = u.clone();
    for (int i = 1; i < iterations; i++) {
      u = mac.doFinal(u);
      xor(result, u);
    }
    return result;
  }

  /** {@code target := target XOR other}; of the same length. */
  static void xor(byte[] target, byte[] other) {
    for (int i = 0; i < target.length; i++) {
      target[i] ^= other[i];
    }
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  static void wipe(byte[] secret) {
    Arrays.fill(secret, (byte) 0);
  }
}
