package hikyaku.server.smtpclient;

import hikyaku.server.dns.Tlsa;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/** What DNS says, as far as mail needs it. Names are in A-labels. */
public interface Names {
  /** One MX record. */
  record Mx(int preference, String host) {}

  /**
   * The MX records of a domain, in any order.
   *
   * @param records empty if it has none, though it exists; nothing if there is no such domain
   * @param secure whether DNSSEC vouches for them
   */
  record Exchanges(Optional<List<Mx>> records, boolean secure) {}

  /**
   * The addresses of a host, of IPv6 and IPv4.
   *
   * @param addresses none too if there is no such host
   * @param secure whether DNSSEC vouches for them
   * @param name the host's own, where its name is an alias; empty if that is not so
   */
  record Addresses(List<InetAddress> addresses, boolean secure, String name) {
    Addresses(List<InetAddress> addresses, boolean secure) {
      this(addresses, secure, "");
    }
  }

  /**
   * @throws UnreachableException if nobody can say now
   */
  Exchanges exchanges(String domain) throws UnreachableException;

  /**
   * @throws UnreachableException if nobody can say now
   */
  Addresses addresses(String host) throws UnreachableException;

  /**
   * What DNSSEC vouches that the certificate of a server may be (RFC 7672 §2.2).
   *
   * @return empty if there is nothing, or nothing that can be believed
   * @throws UnreachableException if nobody can say now: then nothing may be sent there
   */
  List<Tlsa> tlsa(String host, int port) throws UnreachableException;
}
