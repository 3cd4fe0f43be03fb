package hikyaku.server.auth;

import hikyaku.server.directory.CredentialSource.Known;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A digest of something both sides know and a secret: CRAM-MD5 and APOP. */
final class SharedSecretProof implements Proof {
  private static final int MD5_HEX = 32;

  /** Stands in where there is no secret; what is computed with it is never taken. */
  private static final byte[] NO_SECRET = Crypto.ascii("no secret of anybody");

  private final byte[] digest;
  private final Passwords passwords;
  private final UnaryOperator<byte[]> digestOf;

  /**
   * A proof to check.
   *
   * @param digest 16 octets, from the client
   * @param digestOf computes the digest from the secret
   */
  SharedSecretProof(byte[] digest, Passwords passwords, UnaryOperator<byte[]> digestOf) {
    this.digest = digest;
    this.passwords = passwords;
    this.digestOf = digestOf;
  }

  /** A digest in hexadecimal, or nothing if it is none. */
  static Optional<byte[]> hexDigest(String hex) {
    return hex.length() == MD5_HEX && hex.chars().allMatch(HexFormat::isHexDigit)
        ? Optional.of(HexFormat.of().parseHex(hex))
        : Optional.empty();
  }

  @Override
  public boolean matches(Optional<Known> known) {
    Optional<byte[]> secret = known.map(Known::credentials).flatMap(passwords::sharedSecret);
    boolean equal = MessageDigest.isEqual(digest, digestOf.apply(secret.orElse(NO_SECRET)));
    secret.ifPresent(Crypto::wipe);
    return equal && secret.isPresent();
  }
}
