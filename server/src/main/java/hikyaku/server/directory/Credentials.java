package hikyaku.server.directory;

import com.google.protobuf.ByteString;
import java.util.Optional;

/**
 * An account's credentials, none of which tells the password.
 *
 * @param accountId whose
 * @param version changes whenever anything about the account does
 * @param epoch changes whenever the password or the shared secret does, but not when the same
 *     password gets other keys
 * @param password empty if none has been set
 * @param sharedSecret for APOP and CRAM-MD5; empty unless the account was given one
 */
public record Credentials(
    String accountId,
    long version,
    long epoch,
    Optional<Password> password,
    Optional<Sealed> sharedSecret) {
  @Override
  public String toString() {
    return "Credentials[" + accountId + "]";
  }

  /**
   * What a password is checked against.
   *
   * @param phc its hash in the PHC string format ({@code $argon2id$v=19$m=…})
   * @param scram keys for SCRAM-SHA-256; empty if the hash came from elsewhere without them
   */
  public record Password(String phc, Optional<Scram> scram) {
    @Override
    public String toString() {
      return "Password[…]";
    }
  }

  /**
   * SCRAM-SHA-256 as RFC 5802 §3 has the server keep it.
   *
   * @param salt random
   * @param iterations of PBKDF2
   * @param storedKey {@code H(ClientKey)}, 32 octets
   * @param serverKey 32 octets
   */
  public record Scram(ByteString salt, int iterations, ByteString storedKey, ByteString serverKey) {
    @Override
    public String toString() {
      return "Scram[…]";
    }
  }

  /**
   * A secret under AES-256-GCM.
   *
   * @param nonce 12 octets, never used twice under the key
   * @param ciphertext with its tag; the account id is authenticated with it
   */
  public record Sealed(ByteString nonce, ByteString ciphertext) {
    @Override
    public String toString() {
      return "Sealed[…]";
    }
  }
}
