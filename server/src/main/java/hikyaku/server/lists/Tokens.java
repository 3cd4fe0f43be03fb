package hikyaku.server.lists;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.server.auth.InstallationKey;
import hikyaku.server.directory.Address;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What may be done by whoever shows a text that only this installation can have made. A token is
 * good for one thing, in one list: an id, and sixty bits of its HMAC, in letters and digits that
 * survive every spelling of an address.
 */
final class Tokens {
  private static final String ALGORITHM = "HmacSHA256";

  /** Letters and digits that survive every spelling of an address. */
  static final String BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

  private static final int SIGNATURE = 12;

  private final SecretKeySpec key;

  Tokens(InstallationKey installation) {
    key = new SecretKeySpec(installation.derive("mailing lists"), ALGORITHM);
  }

  /** What a token lets its bearer do. */
  enum Purpose {
    /** Mail to a member comes back. */
    BOUNCE,
    LEAVE,
    JOIN,
    /** Let a message that waits through, or throw it away. */
    DECIDE
  }

  /**
   * @param id of a member or a message; letters and digits of base32
   */
  String token(Purpose purpose, Address list, String id) {
    return id + signature(purpose, list, id);
  }

  /** The id in a token, if it is a good one. */
  Optional<String> id(Purpose purpose, Address list, String token) {
    String lower = token.toLowerCase(java.util.Locale.ROOT);
    if (lower.length() <= SIGNATURE) {
      return Optional.empty();
    }
    String id = lower.substring(0, lower.length() - SIGNATURE);
    return MessageDigest.isEqual(token(purpose, list, id).getBytes(UTF_8), lower.getBytes(UTF_8))
        ? Optional.of(id)
        : Optional.empty();
  }

  private String signature(Purpose purpose, Address list, String id) {
    return base32(mac(purpose + "\0" + list + "\0" + id), SIGNATURE);
  }

  private byte[] mac(String text) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac.doFinal(text.getBytes(UTF_8));
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  /** Letters and digits made of octets, five bits of each. */
  static String base32(byte[] octets, int length) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < length; i++) {
      out.append(BASE32.charAt(octets[i] & 31));
    }
    return out.toString();
  }

  /** A name made of a text, always the same. */
  static String name(String text, int length) {
    try {
      return base32(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)), length);
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }
}
