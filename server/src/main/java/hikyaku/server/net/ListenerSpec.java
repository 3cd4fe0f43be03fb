package hikyaku.server.net;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * One address to listen on.
 *
 * @param name how messages and settings call it, e.g. {@code imaps}; unique in a server
 * @param protocol what is spoken there
 * @param address where to bind; port 0 takes any free one
 * @param tls how TLS is spoken there
 * @param proxies whose connections begin with a header of the PROXY protocol, and who are believed
 *     what it says; nobody else is
 */
public record ListenerSpec(
    String name,
    Protocol protocol,
    InetSocketAddress address,
    TlsMode tls,
    List<AddressPrefix> proxies) {
  public ListenerSpec {
    proxies = List.copyOf(proxies);
  }

  /** One without proxies. */
  public ListenerSpec(String name, Protocol protocol, InetSocketAddress address, TlsMode tls) {
    this(name, protocol, address, tls, List.of());
  }

  boolean isProxy(InetAddress peer) {
    return proxies.stream().anyMatch(prefix -> prefix.contains(peer));
  }

  @Override
  public String toString() {
    return name + " on " + address.getHostString() + ":" + address.getPort();
  }
}
