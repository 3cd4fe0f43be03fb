package hikyaku.server.origin;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who may send for a domain (RFC 7208 §4.6, §5, §6, §12).
 *
 * @param redirect where to look if nothing matches; null for none
 * @param explanation where it says to whomever it lets not pass why; null for nowhere
 */
record SpfRecord(
    List<Directive> directives, @Nullable MacroString redirect, @Nullable MacroString explanation) {
  private static final String VERSION = "v=spf1";

  /** RFC 7208 §4.6.1: what has a name and then "=", before any ":" or "/". */
  private static final Pattern MODIFIER = Pattern.compile("([A-Za-z][A-Za-z0-9._-]*)=(.*)");

  private static final Pattern MECHANISM =
      Pattern.compile("([-+?~]?)([A-Za-z][A-Za-z0-9._-]*)(.*)");

  /** A name or nothing, and lengths of prefixes. */
  private static final Pattern DUAL_CIDR = Pattern.compile("(.*?)(?:/([0-9]+))?(?://([0-9]+))?");

  private static final Pattern CIDR = Pattern.compile("([^/]*)(?:/([0-9]+))?");
  private static final Pattern NUMBER = Pattern.compile("0|[1-9][0-9]{0,2}");

  private static final Pattern IP4 =
      Pattern.compile("(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\\.(?!$)|$)){4}");

  /**
   * @param result what it comes to if the mechanism matches
   */
  record Directive(SpfResult result, Mechanism mechanism) {}

  /** RFC 7208 §5. A name that is null is that of the domain itself. */
  sealed interface Mechanism {
    record All() implements Mechanism {}

    record Include(MacroString domain) implements Mechanism {}

    record A(@Nullable MacroString domain, int bits4, int bits6) implements Mechanism {}

    record Mx(@Nullable MacroString domain, int bits4, int bits6) implements Mechanism {}

    record Ptr(@Nullable MacroString domain) implements Mechanism {}

    record Ip(Network network) implements Mechanism {}

    record Exists(MacroString domain) implements Mechanism {}
  }

  /** Addresses that begin alike; those of a family that has another length are none of it. */
  record Network(byte[] address, int bits) {
    boolean contains(byte[] other) {
      if (other.length != address.length) {
        return false;
      }
      int whole = bits / Byte.SIZE;
      int rest = bits % Byte.SIZE;
      return Arrays.equals(address, 0, whole, other, 0, whole)
          && (rest == 0 || (address[whole] ^ other[whole]) >> (Byte.SIZE - rest) == 0);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Network(byte[] same, int sameBits)
          && bits == sameBits
          && Arrays.equals(address, same);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(address) * 31 + bits;
    }

    @Override
    public String toString() {
      return MacroString.dotted(address) + "/" + bits;
    }
  }

  /** Whether a text is a record of this version (RFC 7208 §4.5). */
  static boolean isOne(String text) {
    return text.regionMatches(true, 0, VERSION, 0, VERSION.length())
        && (text.length() == VERSION.length() || text.charAt(VERSION.length()) == ' ');
  }

  /**
   * @param text for which {@link #isOne} holds
   * @throws BadRecordException if anything in it is wrong, wherever it stands
   */
  static SpfRecord parse(String text) throws BadRecordException {
    List<Directive> directives = new ArrayList<>();
    MacroString redirect = null;
    MacroString explanation = null;
    for (String term : text.substring(VERSION.length()).split(" ")) {
      Matcher modifier = MODIFIER.matcher(term);
      if (term.isEmpty()) {
        continue;
      }
      if (!modifier.matches()) {
        directives.add(directive(term));
        continue;
      }
      switch (Text.lower(modifier.group(1))) {
        case "redirect" -> {
          refuse(redirect != null, "two redirect modifiers");
          redirect = MacroString.domainSpec(modifier.group(2));
        }
        case "exp" -> {
          refuse(explanation != null, "two exp modifiers");
          explanation = MacroString.domainSpec(modifier.group(2));
        }
        default -> {
          var unused = MacroString.parse(modifier.group(2), true);
        }
      }
    }
    return new SpfRecord(List.copyOf(directives), redirect, explanation);
  }

  private static void refuse(boolean wrong, String why) throws BadRecordException {
    if (wrong) {
      throw new BadRecordException(why);
    }
  }

  private static Directive directive(String term) throws BadRecordException {
    Matcher matcher = MECHANISM.matcher(term);
    refuse(!matcher.matches(), "a term that is none");
    SpfResult result =
        switch (matcher.group(1)) {
          case "-" -> SpfResult.FAIL;
          case "~" -> SpfResult.SOFTFAIL;
          case "?" -> SpfResult.NEUTRAL;
          default -> SpfResult.PASS;
        };
    return new Directive(result, mechanism(Text.lower(matcher.group(2)), matcher.group(3)));
  }

  private static Mechanism mechanism(String name, String rest) throws BadRecordException {
    return switch (name) {
      case "all" -> {
        refuse(!rest.isEmpty(), "all has no value");
        yield new Mechanism.All();
      }
      case "include" -> new Mechanism.Include(MacroString.domainSpec(value(rest)));
      case "exists" -> new Mechanism.Exists(MacroString.domainSpec(value(rest)));
      case "ptr" -> new Mechanism.Ptr(rest.isEmpty() ? null : MacroString.domainSpec(value(rest)));
      case "a" -> {
        Dual dual = Dual.parse(rest);
        yield new Mechanism.A(dual.domain, dual.bits4, dual.bits6);
      }
      case "mx" -> {
        Dual dual = Dual.parse(rest);
        yield new Mechanism.Mx(dual.domain, dual.bits4, dual.bits6);
      }
      case "ip4" -> new Mechanism.Ip(network(value(rest), true));
      case "ip6" -> new Mechanism.Ip(network(value(rest), false));
      default -> throw new BadRecordException("a mechanism that does not exist");
    };
  }

  private static String value(String rest) throws BadRecordException {
    refuse(!rest.startsWith(":"), "a mechanism without its value");
    return rest.substring(1);
  }

  /** Name and lengths of {@code a} and {@code mx}. */
  private record Dual(@Nullable MacroString domain, int bits4, int bits6) {
    static Dual parse(String rest) throws BadRecordException {
      Matcher matcher = DUAL_CIDR.matcher(rest);
      refuse(!matcher.matches(), "a mechanism that is none");
      String domain = matcher.group(1);
      return new Dual(
          domain.isEmpty() ? null : MacroString.domainSpec(value(domain)),
          bits(matcher.group(2), 32),
          bits(matcher.group(3), 128));
    }
  }

  private static int bits(@Nullable String written, int most) throws BadRecordException {
    if (written == null) {
      return most;
    }
    refuse(!NUMBER.matcher(written).matches(), "a length that is none");
    int bits = Integer.parseInt(written);
    refuse(bits > most, "a length that is too long");
    return bits;
  }

  private static Network network(String value, boolean four) throws BadRecordException {
    Matcher matcher = CIDR.matcher(value);
    refuse(!matcher.matches(), "no address");
    byte[] address =
        address(matcher.group(1), four).orElseThrow(() -> new BadRecordException("no address"));
    return new Network(address, bits(matcher.group(2), four ? 32 : 128));
  }

  private static Optional<byte[]> address(String written, boolean four) {
    boolean looksIt = four ? IP4.matcher(written).matches() : isLike6(written);
    if (!looksIt) {
      return Optional.empty();
    }
    try {
      InetAddress address = InetAddress.ofLiteral(written);
      byte[] octets = address.getAddress();
      return Optional.of(address instanceof Inet4Address && !four ? mapped(octets) : octets);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean isLike6(String written) {
    return written.indexOf(':') >= 0
        && written.chars().allMatch(c -> Character.digit(c, 16) >= 0 || c == ':' || c == '.');
  }

  /** The platform takes an address that is mapped (RFC 4291 §2.5.5.2) for one of IPv4. */
  private static byte[] mapped(byte[] four) {
    byte[] six = new byte[16];
    six[10] = (byte) 0xff;
    six[11] = (byte) 0xff;
    System.arraycopy(four, 0, six, 12, 4);
    return six;
  }
}
