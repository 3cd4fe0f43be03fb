package hikyaku.server.dkim;

import com.google.protobuf.ByteString;
import java.io.IOException;

/**
 * Seals messages that are sent on to other services, so that these can see what was found when they
 * came here (ARC, RFC 8617 §5.1). Safe for use by many threads.
 */
@FunctionalInterface
public interface Sealer {
  /** Seals nothing. */
  Sealer NONE = (_, _, _) -> Signer.Signatures.NONE;

  /** What the sets before are worth: {@code cv} of the seal (RFC 8617 §4.4). */
  enum Validation {
    NONE,
    PASS,
    FAIL
  }

  /**
   * What was found when a message came.
   *
   * @param instance of the set that is to be added, 1 to 50
   * @param validation of the sets before
   * @param before the canonical fields of the sets before, as a seal covers them (RFC 8617 §5.1.1)
   * @param results as Authentication-Results has them, from the name of who found it on
   */
  record Arrival(int instance, Validation validation, ByteString before, String results) {}

  /**
   * Seals a message by the RSA key of a domain, if that is one of ours and has one.
   *
   * @param domain of who sends it on
   * @param message as it goes out
   * @return the three fields; none if it is not sealed
   * @throws hikyaku.mailbox.store.StoreException if keys or message cannot be read now
   */
  Signer.Signatures seal(String domain, Arrival arrival, Signer.Content message) throws IOException;
}
