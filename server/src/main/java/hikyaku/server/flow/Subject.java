package hikyaku.server.flow;

import hikyaku.server.directory.Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Whom a limit is on, and who is counted.
 *
 * @param name in one spelling for each; {@value #ALL} for a default of all of the kind, {@code
 *     *@domain} for one of the accounts of a domain
 */
public record Subject(Kind kind, String name) {
  /** The name that stands for each of a kind that has no limit of its own. */
  public static final String ALL = "*";

  /** All sessions of all nodes. */
  public static final Subject TOTAL = new Subject(Kind.TOTAL, "");

  private static final Pattern WORD = Pattern.compile("[a-z0-9][a-z0-9._-]{0,252}");
  private static final String IN_DOMAIN = "*@";

  private static final int IPV4_CLIENT = 32;
  private static final int IPV6_CLIENT = 64;
  private static final int IPV4_NETWORK = 24;
  private static final int IPV6_NETWORK = 48;

  /** Kinds of subjects. */
  public enum Kind {
    /** An account, by its address. */
    ACCOUNT,
    /** All accounts of a domain together. */
    DOMAIN,
    /** A client: an IPv4 address, or an IPv6 /64, which is what one client has. */
    ADDRESS,
    /** The clients' network: an IPv4 /24 or an IPv6 /48. */
    PREFIX,
    /** A protocol, by its name. */
    PROTOCOL,
    /** A listener, by its name, on all nodes and fronts together. */
    LISTENER,
    /** A node, by its name. */
    NODE,
    /** Everything. */
    TOTAL;

    /** As an operator types it. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Whether a client over such a limit has only itself to blame. */
    boolean isOfClient() {
      return this == ADDRESS || this == PREFIX || this == ACCOUNT || this == DOMAIN;
    }
  }

  static Subject account(String address) {
    return new Subject(Kind.ACCOUNT, address);
  }

  static Subject domain(String domain) {
    return new Subject(Kind.DOMAIN, domain);
  }

  /** The domain of an account's address. */
  static Subject domainOf(String address) {
    return domain(address.substring(address.lastIndexOf('@') + 1));
  }

  /** What a client's address is counted as. */
  public static Subject address(InetAddress client) {
    boolean v4 = client.getAddress().length == 4;
    return new Subject(
        Kind.ADDRESS,
        v4
            ? client.getHostAddress()
            : network(client.getAddress(), IPV6_CLIENT) + "/" + IPV6_CLIENT);
  }

  /** What the network of a client's address is counted as. */
  public static Subject prefix(InetAddress client) {
    int bits = client.getAddress().length == 4 ? IPV4_NETWORK : IPV6_NETWORK;
    return new Subject(Kind.PREFIX, network(client.getAddress(), bits) + "/" + bits);
  }

  static Subject protocol(String name) {
    return new Subject(Kind.PROTOCOL, name);
  }

  static Subject listener(String name) {
    return new Subject(Kind.LISTENER, name);
  }

  static Subject node(String name) {
    return new Subject(Kind.NODE, name);
  }

  /**
   * Reads {@code account:u1@demo.test}, {@code account:*@demo.test}, {@code domain:demo.test},
   * {@code domain:*}, {@code address:192.0.2.7}, {@code prefix:192.0.2.0/24}, {@code
   * protocol:imap}, {@code listener:imaps}, {@code node:n1}, {@code total} and the like.
   *
   * @throws IllegalArgumentException with a sentence for the operator
   */
  public static Subject parse(String text) {
    if (text.equals(TOTAL.toString())) {
      return TOTAL;
    }
    int colon = text.indexOf(':');
    Kind kind =
        Arrays.stream(Kind.values())
            .filter(each -> each != Kind.TOTAL)
            .filter(each -> colon > 0 && each.label().equals(text.substring(0, colon)))
            .findFirst()
            .orElseThrow(() -> unknown(text));
    String name = text.substring(colon + 1);
    if (name.equals(ALL)) {
      return new Subject(kind, ALL);
    }
    return switch (kind) {
      case ACCOUNT -> account(canonicalAccount(name).orElseThrow(() -> unknown(text)));
      case DOMAIN -> domain(Address.canonicalDomain(name).orElseThrow(() -> unknown(text)));
      case ADDRESS, PREFIX -> client(text, kind, name);
      case PROTOCOL, LISTENER, NODE -> {
        if (!WORD.matcher(name).matches()) {
          throw unknown(text);
        }
        yield new Subject(kind, name);
      }
      case TOTAL -> throw unknown(text);
    };
  }

  private static Optional<String> canonicalAccount(String name) {
    return name.startsWith(IN_DOMAIN)
        ? Address.canonicalDomain(name.substring(IN_DOMAIN.length())).map(IN_DOMAIN::concat)
        : Address.parse(name).map(Address::toString);
  }

  /** The length of a prefix says whether a client or a network is meant, whatever the kind. */
  private static Subject client(String text, Kind kind, String name) {
    int slash = name.indexOf('/');
    String literal = slash < 0 ? name : name.substring(0, slash);
    InetAddress address;
    int bits;
    try {
      address = InetAddress.ofLiteral(literal);
      bits = slash < 0 ? -1 : Integer.parseInt(name.substring(slash + 1));
    } catch (IllegalArgumentException e) {
      throw unknown(text);
    }
    boolean v4 = address.getAddress().length == 4;
    if (v4 && !address.getHostAddress().equals(literal)) {
      // 192.0.2 would be 192.0.0.2.
      throw unknown(text);
    }
    if (slash < 0) {
      return kind == Kind.ADDRESS ? address(address) : prefix(address);
    }
    if (bits == (v4 ? IPV4_CLIENT : IPV6_CLIENT)) {
      return address(address);
    }
    if (bits == (v4 ? IPV4_NETWORK : IPV6_NETWORK)) {
      return prefix(address);
    }
    throw new IllegalArgumentException(
        "\"" + name + "\": clients are counted by IPv4 /32 and /24, IPv6 /64 and /48");
  }

  private static IllegalArgumentException unknown(String text) {
    return new IllegalArgumentException(
        "\""
            + text
            + "\" is nobody who could be limited; write "
            + Arrays.stream(Kind.values())
                .filter(kind -> kind != Kind.TOTAL)
                .map(kind -> kind.label() + ":NAME")
                .collect(Collectors.joining(", "))
            + " or total; the name * sets the default of all of a kind");
  }

  private static String network(byte[] octets, int bits) {
    byte[] masked = Arrays.copyOf(Arrays.copyOf(octets, bits / 8), octets.length);
    try {
      String text = InetAddress.getByAddress(masked).getHostAddress();
      return octets.length == 4 ? text : text.replaceFirst("(^|:)0(:0)+$", "::");
    } catch (UnknownHostException neitherFourNorSixteen) {
      throw new IllegalArgumentException(neitherFourNorSixteen);
    }
  }

  /** Whether it stands for each of its kind that has no limit of its own. */
  public boolean isDefault() {
    return kind != Kind.TOTAL && name.startsWith(ALL);
  }

  /** Where a limit on it is looked for: its own, then what it has by default. The first counts. */
  List<Subject> sources() {
    if (kind == Kind.TOTAL || name.equals(ALL)) {
      return List.of(this);
    }
    Subject all = new Subject(kind, ALL);
    if (kind == Kind.ACCOUNT && !isDefault()) {
      return List.of(this, account(IN_DOMAIN + domainOf(name).name()), all);
    }
    return List.of(this, all);
  }

  /** Whether it is this machine, to itself. */
  boolean isLoopback() {
    return (kind == Kind.ADDRESS || kind == Kind.PREFIX)
        && (name.startsWith("127.") || name.startsWith("::/"));
  }

  @Override
  public String toString() {
    return kind == Kind.TOTAL ? kind.label() : kind.label() + ":" + name;
  }
}
