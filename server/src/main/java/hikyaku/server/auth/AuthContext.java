package hikyaku.server.auth;

import hikyaku.server.directory.Service;
import java.net.InetAddress;
import java.util.Optional;

/**
 * The session that wants to log in.
 *
 * @param session its id, for the log
 * @param service what it will use
 * @param remote the client's address, after PROXY
 * @param port the client's
 * @param tls whether the connection is under TLS
 * @param bindings data of that TLS session; {@link ChannelBindings#NONE} without
 */
public record AuthContext(
    String session,
    Service service,
    InetAddress remote,
    int port,
    boolean tls,
    ChannelBindings bindings) {

  /** Where SCRAM's {@code -PLUS} gets its channel binding data. */
  @FunctionalInterface
  public interface ChannelBindings {
    ChannelBindings NONE = type -> Optional.empty();

    /**
     * The data of a channel binding type, or nothing if this connection has none of that type.
     *
     * @param type {@value #TLS_EXPORTER} (RFC 9266 §2: 32 octets, exporter label {@code
     *     EXPORTER-Channel-Binding}, empty context; TLS 1.3) or {@value #TLS_SERVER_END_POINT} (RFC
     *     5929 §4.1: hash of the server's certificate)
     */
    Optional<byte[]> data(String type);

    String TLS_EXPORTER = "tls-exporter";
    String TLS_SERVER_END_POINT = "tls-server-end-point";
  }
}
