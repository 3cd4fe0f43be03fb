package hikyaku.server.dkim;

import com.google.protobuf.ByteString;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Arrays;
import java.util.Optional;

/** How a signature is made (RFC 6376 §3.3, RFC 8301 §3, RFC 8463 §3). */
public enum Algorithm {
  RSA("rsa", "RSA"),
  ED25519("ed25519", "Ed25519");

  private final String keyType;
  private final String family;

  Algorithm(String keyType, String family) {
    this.keyType = keyType;
    this.family = family;
  }

  /** What {@code k=} of a record in DNS says, and the operator. */
  public String keyType() {
    return keyType;
  }

  /** What {@code a=} of a signature says. */
  public String tag() {
    return keyType + "-sha256";
  }

  /** How the platform calls its keys. */
  String family() {
    return family;
  }

  public static Optional<Algorithm> of(String keyType) {
    return Arrays.stream(values()).filter(each -> each.keyType.equals(keyType)).findFirst();
  }

  /**
   * Signs. RSA and Ed25519 as they are used here give the same signature each time.
   *
   * @param octets what is hashed and signed: canonical header fields
   * @throws IllegalArgumentException if the key is of another algorithm
   */
  ByteString sign(PrivateKey key, byte[] octets) {
    try {
      Signature signature =
          Signature.getInstance(
              switch (this) {
                case RSA -> "SHA256withRSA";
                case ED25519 -> "Ed25519";
              });
      signature.initSign(key);
      signature.update(
          switch (this) {
            case RSA -> octets;
            // The hash is what is signed (RFC 8463 §3), by the pure form of Ed25519.
            case ED25519 -> sha256().digest(octets);
          });
      return ByteString.copyFrom(signature.sign());
    } catch (InvalidKeyException e) {
      throw new IllegalArgumentException("a key of another algorithm than " + keyType, e);
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }
}
