package hikyaku.server.dns;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/** Also says what DNSSEC vouches for, as far as those who are asked can be believed about it. */
public interface SecureDns extends Dns {
  /**
   * What DNS says.
   *
   * @param records nothing if there is no such name, empty if it has no such record
   * @param secure whether a DNS server that is trusted here has checked all of it, aliases and
   *     absence included (RFC 4035 §4.3)
   * @param name whose the records are, where aliases lead to (RFC 7672 §2.1.3); empty for that
   *     which was asked for
   */
  record Answer<T>(Optional<List<T>> records, boolean secure, String name) {
    public Answer(Optional<List<T>> records, boolean secure) {
      this(records, secure, "");
    }
  }

  /** Whether any answer can be secure. */
  boolean isTrusting();

  /** In any order. */
  Answer<Mx> secureMx(String domain) throws DnsException;

  /**
   * IPv6 and IPv4 addresses; if nobody tells those of one kind, those of the other alone. Secure if
   * there are any, and all of them are.
   */
  Answer<InetAddress> secureAddresses(String host) throws DnsException;

  /** What certificates a service has, as of {@code _25._tcp.HOST} (RFC 6698 §3). */
  Answer<Tlsa> tlsa(String name) throws DnsException;
}
