package hikyaku.server.smtpclient;

import java.net.InetAddress;

/** An address of this machine that connections come from. */
public record SourceAddress(InetAddress address) {
  /**
   * Reads an address; no name, for which somebody would have to be asked.
   *
   * @throws IllegalArgumentException with a sentence for who wrote it
   */
  public static SourceAddress parse(String text) {
    try {
      return new SourceAddress(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is no address; write one such as 192.0.2.1 or 2001:db8::1", e);
    }
  }

  /** Whether a connection to that address can come from this one. */
  boolean fits(InetAddress to) {
    return address.getClass() == to.getClass();
  }

  @Override
  public String toString() {
    return address.getHostAddress();
  }
}
