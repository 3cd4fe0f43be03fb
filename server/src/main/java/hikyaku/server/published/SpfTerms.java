package hikyaku.server.published;

import hikyaku.server.dns.DnsException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What an SPF record lets pass, as far as it says so itself (RFC 7208 §5). */
final class SpfTerms {
  /** A mechanism that lets pass, with a name or an address, and lengths of prefixes. */
  private static final Pattern PASS =
      Pattern.compile("\\+?(a|mx|ip4|ip6)(?::([^/]*))?(?:/([0-9]{1,3}))?(?://([0-9]{1,3}))?");

  /** What others say who are asked, and need not be asked here. */
  private static final Pattern OF_OTHERS =
      Pattern.compile("\\+?(include:|exists:|ptr|redirect=).*");

  private final String domain;
  private final List<String> terms;

  /**
   * @param domain whose record it is
   */
  SpfTerms(String domain, String record) {
    this.domain = domain;
    this.terms = Arrays.asList(record.toLowerCase(Locale.ROOT).split("\\s+"));
  }

  /** Whether it lets the hosts pass that mail goes to, or those of these names. */
  boolean allowsExchanges(List<String> hosts) {
    return has("mx", null)
        || hosts.stream().allMatch(host -> has("a", host.toLowerCase(Locale.ROOT)));
  }

  private boolean has(String mechanism, @Nullable String name) {
    return terms.stream()
        .map(PASS::matcher)
        .anyMatch(parts ->
            parts.matches()
                && parts.group(1).equals(mechanism)
                && Objects.equals(parts.group(2), name));
  }

  /**
   * Whether it lets an address pass. Where others have a say it is taken for granted.
   *
   * @throws DnsException if nobody can say now
   */
  boolean allows(InetAddress source, Lookup lookup) throws DnsException {
    for (String term : terms) {
      if (OF_OTHERS.matcher(term).matches() || covers(term, source, lookup)) {
        return true;
      }
    }
    return false;
  }

  private boolean covers(String term, InetAddress source, Lookup lookup) throws DnsException {
    Matcher parts = PASS.matcher(term);
    if (!parts.matches()) {
      return false;
    }
    String value = parts.group(2);
    boolean four = source instanceof Inet4Address;
    return switch (parts.group(1)) {
      case "ip4", "ip6" -> value != null && covers(value, parts.group(3), source);
      case "mx" -> {
        for (String exchange : lookup.look(value == null ? domain : value, Kind.MX)) {
          String host = exchange.substring(exchange.lastIndexOf(' ') + 1).toLowerCase(Locale.ROOT);
          if (isOf(host, parts.group(four ? 3 : 4), source, lookup)) {
            yield true;
          }
        }
        yield false;
      }
      default -> isOf(value == null ? domain : value, parts.group(four ? 3 : 4), source, lookup);
    };
  }

  private static boolean isOf(String host, @Nullable String bits, InetAddress source, Lookup lookup)
      throws DnsException {
    return lookup.look(host, source instanceof Inet4Address ? Kind.A : Kind.AAAA).stream()
        .anyMatch(address -> covers(address, bits, source));
  }

  /** Whether an address begins as another one. */
  private static boolean covers(String written, @Nullable String bits, InetAddress source) {
    byte[] network;
    try {
      network = InetAddress.ofLiteral(written).getAddress();
    } catch (IllegalArgumentException none) {
      return false;
    }
    byte[] address = source.getAddress();
    int most = address.length * Byte.SIZE;
    int same = bits == null ? most : Math.min(most, Integer.parseInt(bits));
    if (network.length != address.length) {
      return false;
    }
    for (int bit = 0; bit < same; bit++) {
      int mask = 0x80 >> bit % Byte.SIZE;
      if (((network[bit / Byte.SIZE] ^ address[bit / Byte.SIZE]) & mask) != 0) {
        return false;
      }
    }
    return true;
  }
}
