package hikyaku.server.net;

import java.util.Optional;

/**
 * What was negotiated.
 *
 * @param protocol {@code TLSv1.3} or {@code TLSv1.2}
 * @param cipher the cipher suite by its IANA name
 * @param serverName the host name the client asked for (SNI, RFC 6066 §3)
 * @param alpn the protocol agreed by ALPN
 * @param exporter the {@code tls-exporter} channel binding (RFC 9266), TLS 1.3 only: under 1.2 it
 *     is safe only with an extended master secret, which cannot be seen from here
 * @param serverEndPoint the {@code tls-server-end-point} channel binding (RFC 5929 §4)
 */
public record TlsInfo(
    String protocol,
    String cipher,
    Optional<String> serverName,
    Optional<String> alpn,
    Optional<byte[]> exporter,
    Optional<byte[]> serverEndPoint) {
  /** The binding of the given type as SCRAM names it, if this connection has it. */
  public Optional<byte[]> channelBinding(String type) {
    return switch (type) {
      case "tls-exporter" -> exporter;
      case "tls-server-end-point" -> serverEndPoint;
      default -> Optional.empty();
    };
  }
}
