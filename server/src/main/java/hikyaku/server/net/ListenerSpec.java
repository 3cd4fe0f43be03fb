package hikyaku.server.net;

import java.net.InetSocketAddress;

/**
 * One address to listen on.
 *
 * @param name how messages and settings call it, e.g. {@code imaps}; unique in a server
 * @param protocol what is spoken there
 * @param address where to bind; port 0 takes any free one
 * @param tls how TLS is spoken there
 */
public record ListenerSpec(String name, Protocol protocol, InetSocketAddress address, TlsMode tls) {
  @Override
  public String toString() {
    return name + " on " + address.getHostString() + ":" + address.getPort();
  }
}
