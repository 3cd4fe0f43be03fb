package hikyaku.server.auth;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * A block of IP addresses.
 *
 * @param network the first address's octets, bits behind the prefix zero
 * @param bits length of the prefix
 */
public record AddressBlock(List<Byte> network, int bits) {
  private static final int IPV6_SOURCE_BITS = 64;

  /** Loopback, IPv4 and IPv6. */
  public static final List<AddressBlock> LOOPBACK = List.of(parse("127.0.0.0/8"), parse("::1/128"));

  public AddressBlock {
    network = List.copyOf(network);
  }

  /**
   * Reads {@code 192.0.2.0/24}, {@code 2001:db8::/32}, or a single address.
   *
   * @throws IllegalArgumentException if it is none, or a host name
   */
  public static AddressBlock parse(String text) {
    int slash = text.indexOf('/');
    String literal = slash < 0 ? text : text.substring(0, slash);
    InetAddress address = InetAddress.ofLiteral(literal);
    int all = address.getAddress().length * 8;
    int bits = slash < 0 ? all : Integer.parseInt(text.substring(slash + 1));
    if (bits < 0 || bits > all) {
      throw new IllegalArgumentException("no prefix length of " + literal + ": " + bits);
    }
    return of(address.getAddress(), bits);
  }

  /** Whom an address is taken for when failures are counted: IPv4 itself, IPv6 its /64. */
  public static AddressBlock source(InetAddress address) {
    byte[] octets = address.getAddress();
    return of(octets, octets.length == 4 ? 32 : IPV6_SOURCE_BITS);
  }

  private static AddressBlock of(byte[] octets, int bits) {
    byte[] masked = Arrays.copyOf(octets, octets.length);
    for (int bit = bits; bit < masked.length * 8; bit++) {
      masked[bit / 8] &= (byte) ~(0x80 >> (bit % 8));
    }
    Byte[] boxed = new Byte[masked.length];
    Arrays.setAll(boxed, i -> masked[i]);
    return new AddressBlock(List.of(boxed), bits);
  }

  public boolean contains(InetAddress address) {
    byte[] octets = address.getAddress();
    return octets.length == network.size() && of(octets, bits).equals(this);
  }

  @Override
  public String toString() {
    byte[] octets = new byte[network.size()];
    for (int i = 0; i < octets.length; i++) {
      octets[i] = network.get(i);
    }
    try {
      return InetAddress.getByAddress(octets).getHostAddress() + "/" + bits;
    } catch (UnknownHostException neitherFourNorSixteen) {
      return HexFormat.of().formatHex(octets) + "/" + bits;
    }
  }
}
