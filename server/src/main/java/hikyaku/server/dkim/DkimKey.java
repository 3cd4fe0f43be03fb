package hikyaku.server.dkim;

import com.google.protobuf.ByteString;
import hikyaku.server.directory.Credentials;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;

/**
 * A key of a domain.
 *
 * @param domain in A-labels and lower case
 * @param publicKey as in {@link KeyMaterial}
 * @param sealed the private key
 * @param imported whether it was made elsewhere
 * @param made when it came to be here
 * @param since when it came into its state
 */
public record DkimKey(
    String domain,
    String selector,
    Algorithm algorithm,
    State state,
    ByteString publicKey,
    Credentials.Sealed sealed,
    boolean imported,
    Instant made,
    Instant since) {

  /**
   * How long a retired key stays in DNS: mail that it has signed may wait five days here and five
   * days elsewhere, and is looked at by its reader's programs a little later.
   */
  public static final Duration STAYS_PUBLISHED = Duration.ofDays(14);

  /** What is done with a key. */
  public enum State {
    /** To be published; it does not sign yet. */
    NEW,
    /** Signs. */
    ACTIVE,
    /** Signs no longer, and stays in DNS for as long as mail is under way that it has signed. */
    RETIRED
  }

  static String recordName(String selector, String domain) {
    return selector + "._domainkey." + domain;
  }

  /** The name of its record in DNS, without a dot at the end (RFC 6376 §3.6.2.1). */
  public String recordName() {
    return recordName(selector, domain);
  }

  /** The text of its record in DNS (RFC 6376 §3.6.1). */
  public String recordText() {
    return "v=DKIM1; k=%s; p=%s"
        .formatted(
            algorithm.keyType(), Base64.getEncoder().encodeToString(publicKey.toByteArray()));
  }

  public int bits() {
    return KeyMaterial.bits(algorithm, publicKey);
  }

  /** Until when its record must stay in DNS; the end of time unless it is retired. */
  public Instant publishedUntil() {
    return state == State.RETIRED ? since.plus(STAYS_PUBLISHED) : Instant.MAX;
  }

  DkimKey in(State newState, Instant now) {
    return new DkimKey(
        domain, selector, algorithm, newState, publicKey, sealed, imported, made, now);
  }
}
