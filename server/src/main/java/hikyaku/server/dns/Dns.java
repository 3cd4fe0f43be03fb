package hikyaku.server.dns;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * The records of a name, aliases (CNAME) followed. Each question gives nothing if there is no such
 * name, and an empty list if it has no such record. Names are in A-labels, without the final dot.
 * Safe for many threads; a thread that is interrupted while it waits gets a {@link DnsException}.
 */
public interface Dns {
  /**
   * One MX record.
   *
   * @param host empty if it is the root, as in a null MX (RFC 7505 §3)
   */
  record Mx(int preference, String host) {}

  /** IPv4 addresses. */
  Optional<List<InetAddress>> a(String host) throws DnsException;

  /** IPv6 addresses. */
  Optional<List<InetAddress>> aaaa(String host) throws DnsException;

  /** In any order. */
  Optional<List<Mx>> mx(String domain) throws DnsException;

  /**
   * Texts, each with its strings joined (RFC 7208 §3.3, RFC 6376 §3.6.2.2); octets one per char.
   */
  Optional<List<String>> txt(String name) throws DnsException;

  /** The names that an address has by its PTR records. */
  Optional<List<String>> ptr(InetAddress address) throws DnsException;
}
