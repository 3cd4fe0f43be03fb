package hikyaku.server.smtpclient;

import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import hikyaku.server.dns.SecureDns;
import hikyaku.server.dns.Tlsa;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/** Asks the DNS. */
public final class DnsNames implements Names {
  private final SecureDns dns;

  public DnsNames(SecureDns dns) {
    this.dns = dns;
  }

  @Override
  public Exchanges exchanges(String domain) throws UnreachableException {
    try {
      if (dns.isTrusting()) {
        SecureDns.Answer<Dns.Mx> found = dns.secureMx(domain);
        return new Exchanges(found.records().map(DnsNames::own), found.secure());
      }
      return new Exchanges(dns.mx(domain).map(DnsNames::own), false);
    } catch (DnsException e) {
      throw silent(e);
    }
  }

  private static List<Mx> own(List<Dns.Mx> found) {
    return found.stream().map(mx -> new Mx(mx.preference(), mx.host())).toList();
  }

  @Override
  public List<Tlsa> tlsa(String host, int port) throws UnreachableException {
    try {
      SecureDns.Answer<Tlsa> found = dns.tlsa("_" + port + "._tcp." + host);
      return found.secure() ? found.records().orElse(List.of()) : List.of();
    } catch (DnsException e) {
      throw new UnreachableException(
          Verdict.deferred(
              "4.7.5",
              "it cannot be found out whether there are TLSA records for "
                  + host
                  + " (DANE): "
                  + e.getMessage()),
          e);
    }
  }

  @Override
  public Addresses addresses(String host) throws UnreachableException {
    if (dns.isTrusting()) {
      try {
        SecureDns.Answer<InetAddress> found = dns.secureAddresses(host);
        return new Addresses(found.records().orElse(List.of()), found.secure(), found.name());
      } catch (DnsException e) {
        throw silent(e);
      }
    }
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
