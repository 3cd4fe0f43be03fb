package hikyaku.server.auth;

import java.security.MessageDigest;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters.Builder;

/**
 * An Argon2id hash in the PHC string format: {@code $argon2id$v=19$m=19456,t=2,p=1$salt$hash}.
 *
 * @param parameters it was made with
 * @param salt 8 to 64 octets
 * @param hash 16 to 64 octets
 */
record PhcHash(Argon2Parameters parameters, byte[] salt, byte[] hash) {
  static final int SALT_OCTETS = 16;
  static final int HASH_OCTETS = 32;

  private static final Pattern FORM =
      Pattern.compile(
          "\\$argon2id\\$v=19\\$m=([0-9]{1,8}),t=([0-9]{1,4}),p=([0-9]{1,3})"
              + "\\$([A-Za-z0-9+/]{11,86})\\$([A-Za-z0-9+/]{22,86})");

  /** Hashes a prepared password. Slow, by design. */
  static PhcHash compute(Argon2Parameters parameters, byte[] salt, byte[] password) {
    return new PhcHash(parameters, salt, argon2id(parameters, salt, password, HASH_OCTETS));
  }

  /** Reads the format, or nothing if it is another. */
  static Optional<PhcHash> parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      return Optional.empty();
    }
    try {
      Argon2Parameters parameters =
          new Argon2Parameters(
              Integer.parseInt(form.group(1)),
              Integer.parseInt(form.group(2)),
              Integer.parseInt(form.group(3)));
      Base64.Decoder base64 = Base64.getDecoder();
      return Optional.of(
          new PhcHash(parameters, base64.decode(form.group(4)), base64.decode(form.group(5))));
    } catch (IllegalArgumentException outOfRange) {
      return Optional.empty();
    }
  }

  /** Whether the prepared password is the one. Slow, by design. */
  boolean matches(byte[] password) {
    return MessageDigest.isEqual(hash, argon2id(parameters, salt, password, hash.length));
  }

  private static byte[] argon2id(
      Argon2Parameters parameters, byte[] salt, byte[] password, int length) {
    Argon2BytesGenerator generator = new Argon2BytesGenerator();
    generator.init(
        new Builder(org.bouncycastle.crypto.params.Argon2Parameters.ARGON2_id)
            .withVersion(org.bouncycastle.crypto.params.Argon2Parameters.ARGON2_VERSION_13)
            .withMemoryAsKB(parameters.memoryKib())
            .withIterations(parameters.passes())
            .withParallelism(parameters.lanes())
            .withSalt(salt)
            .build());
    byte[] hash = new byte[length];
    int _ = generator.generateBytes(password, hash);
    return hash;
  }

  /** The format. */
  String format() {
    Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
    return "$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s"
        .formatted(
            parameters.memoryKib(),
            parameters.passes(),
            parameters.lanes(),
            base64.encodeToString(salt),
            base64.encodeToString(hash));
  }

  @Override
  public String toString() {
    return "PhcHash[…]";
  }
}
