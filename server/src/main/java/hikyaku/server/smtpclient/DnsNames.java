package hikyaku.server.smtpclient;

import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/** Asks the DNS. */
public final class DnsNames implements Names {
  private final Dns dns;

  public DnsNames(Dns dns) {
    this.dns = dns;
  }

  @Override
  public Exchanges exchanges(String domain) throws UnreachableException {
    try {
      return new Exchanges(
          dns.mx(domain)
              .map(found -> found.stream().map(mx -> new Mx(mx.preference(), mx.host())).toList()),
          false);
    } catch (DnsException e) {
      throw silent(e);
    }
  }

  @Override
  public Addresses addresses(String host) throws UnreachableException {
    List<InetAddress> found = new ArrayList<>();
    DnsException silent = null;
    try {
      found.addAll(dns.aaaa(host).orElse(List.of()));
    } catch (DnsException e) {
      silent = e;
    }
    try {
      found.addAll(dns.a(host).orElse(List.of()));
    } catch (DnsException e) {
      silent = e;
    }
    if (found.isEmpty() && silent != null) {
      throw silent(silent);
    }
    return new Addresses(found, false);
  }

  private static UnreachableException silent(DnsException e) {
    return new UnreachableException(Verdict.deferred("4.4.3", String.valueOf(e.getMessage())), e);
  }
}
