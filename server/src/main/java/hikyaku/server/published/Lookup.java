package hikyaku.server.published;

import hikyaku.server.dns.CachingDns;
import hikyaku.server.dns.DnsException;
import hikyaku.server.dns.Tlsa;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/** What is published in DNS, as text: what an operator has to compare with what should be there. */
@FunctionalInterface
public interface Lookup {
  /**
   * The values of the records of a name, in any order: numbers and names as in a zone, names
   * without a dot at the end; strings of a text record joined, an octet for each char (ISO-8859-1).
   * Empty if there are none.
   *
   * @param name of a {@link Kind#PTR}: the address
   * @throws DnsException if nobody can say now
   */
  List<String> look(String name, Kind kind) throws DnsException;

  /** Asks DNS. */
  static Lookup in(CachingDns dns) {
    return (name, kind) ->
        switch (kind) {
          case A -> addresses(dns.a(name));
          case AAAA -> addresses(dns.aaaa(name));
          case MX ->
              dns.mx(name).orElse(List.of()).stream()
                  .map(mx -> mx.preference() + " " + mx.host())
                  .toList();
          case PTR -> dns.ptr(InetAddress.ofLiteral(name)).orElse(List.of());
          case SRV -> dns.srv(name).orElse(List.of());
          case TLSA ->
              dns.tlsa(name).records().orElse(List.of()).stream().map(Tlsa::toString).toList();
          case TXT -> dns.txt(name).orElse(List.of());
        };
  }

  private static List<String> addresses(Optional<List<InetAddress>> found) {
    return found.orElse(List.of()).stream().map(InetAddress::getHostAddress).toList();
  }
}
