package hikyaku.protocol.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import hikyaku.protocol.proxy.ProxyHeader.Incomplete;
import hikyaku.protocol.proxy.ProxyHeader.Malformed;
import hikyaku.protocol.proxy.ProxyHeader.Proxied;
import hikyaku.protocol.proxy.ProxyHeader.Unproxied;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** A header in one line of text (PROXY §2.1). */
final class Version1 {
  private static final byte[] SIGNATURE = "PROXY ".getBytes(US_ASCII);

  private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
  private static final Pattern IPV4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");

  /** What an address may consist of: no zone, no brackets. The rest is the platform's to judge. */
  private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]{2,45}");

  private static final Pattern PORT = Pattern.compile("0|[1-9][0-9]{0,4}");
  private static final int HIGHEST_PORT = 65_535;

  private Version1() {}

  /** Whether the octets are the beginning of such a header, as far as they go. */
  static boolean begins(byte[] octets, int length) {
    int shown = Math.min(length, SIGNATURE.length);
    return Arrays.equals(octets, 0, shown, SIGNATURE, 0, shown);
  }

  static ProxyHeader parse(byte[] octets, int length) {
    int end = Math.min(length, ProxyHeader.LONGEST_V1);
    for (int i = SIGNATURE.length; i < end; i++) {
      if (octets[i] == '\n') {
        return octets[i - 1] == '\r'
            ? line(new String(octets, 0, i - 1, ISO_8859_1), i + 1)
            : new Malformed("version 1 without CR");
      }
    }
    return length < ProxyHeader.LONGEST_V1
        ? new Incomplete(length + 1)
        : new Malformed("version 1 is too long");
  }

  private static ProxyHeader line(String line, int length) {
    List<String> fields = List.of(line.split(" ", -1));
    if (fields.get(1).equals("UNKNOWN")) {
      return new Unproxied(length);
    }
    boolean tcp6 = fields.get(1).equals("TCP6");
    if (!tcp6 && !fields.get(1).equals("TCP4")) {
      return new Malformed("version 1 with another protocol");
    }
    if (fields.size() != 6) {
      return new Malformed("version 1 with another number of fields");
    }
    Optional<InetSocketAddress> source = address(tcp6, fields.get(2), fields.get(4));
    Optional<InetSocketAddress> destination = address(tcp6, fields.get(3), fields.get(5));
    return source.isPresent() && destination.isPresent()
        ? new Proxied(source.get(), destination.get(), length)
        : new Malformed("version 1 with a broken address");
  }

  private static Optional<InetSocketAddress> address(boolean tcp6, String address, String port) {
    if (!PORT.matcher(port).matches()
        || Integer.parseInt(port) > HIGHEST_PORT
        || !(tcp6 ? IPV6 : IPV4).matcher(address).matches()
        || tcp6 != address.contains(":")) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new InetSocketAddress(InetAddress.ofLiteral(address), Integer.parseInt(port)));
    } catch (IllegalArgumentException notAnAddress) {
      return Optional.empty();
    }
  }
}
