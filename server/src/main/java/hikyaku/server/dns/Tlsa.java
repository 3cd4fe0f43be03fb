package hikyaku.server.dns;

import java.util.HexFormat;

/**
 * A TLSA record (RFC 6698 §2.1).
 *
 * @param usage what the certificate is to be: 2 a trust anchor (DANE-TA), 3 the server's (DANE-EE)
 * @param selector what of it is meant: 0 all of it, 1 its key
 * @param matching how that is compared: 0 whole, 1 by SHA-256, 2 by SHA-512
 */
public record Tlsa(int usage, int selector, int matching, byte[] data) {
  /** As in a zone file. */
  @Override
  public String toString() {
    return "%d %d %d %s".formatted(usage, selector, matching, HexFormat.of().formatHex(data));
  }
}
