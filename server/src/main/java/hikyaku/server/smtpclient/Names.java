package hikyaku.server.smtpclient;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/** What DNS says, as far as mail needs it. Names are in A-labels. */
public interface Names {
  /** One MX record. */
  record Mx(int preference, String host) {}

  /**
   * The MX records of a domain, in any order; empty if it has none, though it exists. Nothing if
   * there is no such domain.
   *
   * @throws UnreachableException if nobody can say now
   */
  Optional<List<Mx>> exchanges(String domain) throws UnreachableException;

  /**
   * The addresses of a host, of IPv6 and IPv4; empty if it has none, or does not exist.
   *
   * @throws UnreachableException if nobody can say now
   */
  List<InetAddress> addresses(String host) throws UnreachableException;
}
