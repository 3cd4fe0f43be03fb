package hikyaku.server.smtpclient;

import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Asks the DNS. */
public final class DnsNames implements Names {
  private final Dns dns;

  public DnsNames(Dns dns) {
    this.dns = dns;
  }

  @Override
  public Optional<List<Mx>> exchanges(String domain) throws UnreachableException {
    try {
      return dns.mx(domain)
          .map(found -> found.stream().map(mx -> new Mx(mx.preference(), mx.host())).toList());
    } catch (DnsException e) {
      throw silent(e);
    }
  }

  @Override
  public List<InetAddress> addresses(String host) throws UnreachableException {
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
    return found;
  }

  private static UnreachableException silent(DnsException e) {
    return new UnreachableException(Verdict.deferred("4.4.3", String.valueOf(e.getMessage())), e);
  }
}
