package hikyaku.protocol.proxy;

import java.net.InetSocketAddress;

/** What the first octets of a connection from a proxy say. */
public sealed interface ProxyHeader {
  /** Octets of the longest header of version 1, its line ending included (PROXY §2.1). */
  int LONGEST_V1 = 107;

  /**
   * Octets of the longest header of version 2 that is read. Addresses take 52; the rest is for what
   * proxies add (names, TLS certificates), of which nothing is used.
   */
  int LONGEST_V2 = 4096;

  /**
   * The end has not come yet.
   *
   * @param wanted the header has at least so many octets, which are more than there are
   */
  record Incomplete(int wanted) implements ProxyHeader {}

  /**
   * The connection is a client's.
   *
   * @param source the client
   * @param destination what the client connected to
   * @param length octets of the header
   */
  record Proxied(InetSocketAddress source, InetSocketAddress destination, int length)
      implements ProxyHeader {}

  /**
   * Nothing is said about a client: the connection is the proxy's own (LOCAL), or of a kind without
   * Internet addresses (UNKNOWN, UNSPEC). The addresses of the connection itself count.
   *
   * @param length octets of the header
   */
  record Unproxied(int length) implements ProxyHeader {}

  /**
   * This is no header.
   *
   * @param reason for the log; holds nothing of the octets
   */
  record Malformed(String reason) implements ProxyHeader {}

  /**
   * Reads a header.
   *
   * @param octets with the first ones of the connection at its beginning
   * @param length how many there are
   */
  static ProxyHeader parse(byte[] octets, int length) {
    if (Version2.begins(octets, length)) {
      return Version2.parse(octets, length);
    }
    if (Version1.begins(octets, length)) {
      return Version1.parse(octets, length);
    }
    return new Malformed("no PROXY header");
  }
}
