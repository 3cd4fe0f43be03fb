package hikyaku.server.net;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The addresses that begin alike, or a single one.
 *
 * @param network the first of them
 * @param bits how many bits they share
 */
public record AddressPrefix(InetAddress network, int bits) {
  /** What the platform takes for an address and people do not: {@code 10.1}, zones, brackets. */
  private static final Pattern LITERAL =
      Pattern.compile("([0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

  private static final Pattern BITS = Pattern.compile("[0-9]{1,3}");

  public AddressPrefix {
    if (bits < 0 || bits > length(network)) {
      throw new IllegalArgumentException(
          "a prefix of " + network.getHostAddress() + " has at most " + length(network) + " bits");
    }
    InetAddress first = first(network, bits);
    if (!first.equals(network)) {
      throw new IllegalArgumentException(
          network.getHostAddress()
              + " is no network of "
              + bits
              + " bits; "
              + text(first, bits)
              + " is");
    }
  }

  /**
   * Reads {@code 10.0.0.0/8}, {@code 192.0.2.7}, {@code 2001:db8::/32} or {@code ::1}.
   *
   * @throws IllegalArgumentException with a sentence for who wrote it
   */
  public static AddressPrefix parse(String text) {
    int slash = text.indexOf('/');
    String literal = slash < 0 ? text : text.substring(0, slash);
    String bits = slash < 0 ? "" : text.substring(slash + 1);
    if (!LITERAL.matcher(literal).matches() || slash >= 0 && !BITS.matcher(bits).matches()) {
      throw notOne(text, null);
    }
    InetAddress address;
    try {
      address = InetAddress.ofLiteral(literal);
    } catch (IllegalArgumentException e) {
      throw notOne(text, e);
    }
    return new AddressPrefix(address, slash < 0 ? length(address) : Integer.parseInt(bits));
  }

  private static IllegalArgumentException notOne(String text, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        "\""
            + text
            + "\" is not an IP address or a prefix of them, such as \"192.0.2.7\" or \"10.0.0.0/8\"",
        cause);
  }

  private static int length(InetAddress address) {
    return address.getAddress().length * Byte.SIZE;
  }

  private static InetAddress first(InetAddress address, int bits) {
    byte[] octets = address.getAddress();
    int whole = bits / Byte.SIZE;
    if (whole < octets.length) {
      octets[whole] &= (byte) (0xff00 >> bits % Byte.SIZE);
      Arrays.fill(octets, whole + 1, octets.length, (byte) 0);
    }
    try {
      return InetAddress.getByAddress(octets);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("as long as it was", e);
    }
  }

  /** Whether the address is one of them. */
  public boolean contains(InetAddress address) {
    return length(address) == length(network)
        && Arrays.equals(first(address, bits).getAddress(), network.getAddress());
  }

  private static String text(InetAddress network, int bits) {
    return network.getHostAddress() + (bits == length(network) ? "" : "/" + bits);
  }

  @Override
  public String toString() {
    return text(network, bits);
  }
}
