package hikyaku.server.smtpclient;

import hikyaku.server.smtpclient.Hop.Login;
import hikyaku.server.smtpclient.Hop.Security;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/** From a route to the servers that are tried, in order (RFC 5321 §5.1). */
final class Exchanges {
  /** Addresses that are tried for one message; RFC 5321 §5.1 wants two at least. */
  private static final int MOST = 10;

  /**
   * Hosts whose addresses are asked for. A domain may name thousands, each of which keeps DNS
   * waiting.
   */
  private static final int MOST_ASKED = 20;

  /** Addresses of a host that come before more of another's: one of each family. */
  private static final int TURN = 2;

  private final Names names;
  private final Set<String> own;
  private final int port;
  private final boolean loopback;
  private final Passwords passwords;
  private final TlsMeans means;
  private final RandomGenerator random;

  /** What to log in with at relays. */
  interface Passwords {
    /**
     * @throws UnreachableException if there is none now
     */
    String of(Relay relay) throws UnreachableException;
  }

  /**
   * @param own names by which this server is known, in lower case: mail never goes to itself
   * @param port at which exchanges listen
   */
  Exchanges(
      Names names,
      Set<String> own,
      int port,
      boolean loopback,
      Passwords passwords,
      TlsMeans means,
      RandomGenerator random) {
    this.names = names;
    this.own = own;
    this.port = port;
    this.loopback = loopback;
    this.passwords = passwords;
    this.means = means;
    this.random = random;
  }

  /**
   * @return at least one
   * @throws UnreachableException if there is none, now or ever
   */
  List<Hop> of(Route route, Letter.Tls tls) throws UnreachableException {
    Offer offer = offer(route, tls);
    if (offer.hops.isEmpty()) {
      List<UnreachableException> refused = List.copyOf(offer.refused.values());
      // As long as one of them may do later, it is not over.
      throw refused.stream()
          .filter(each -> !each.verdict().isFinal())
          .findFirst()
          .orElseGet(refused::getLast);
    }
    return offer.hops;
  }

  /**
   * Servers of a route.
   *
   * @param hops those that may be tried, in order
   * @param refused those that may not; at least one if there is no other
   */
  record Offer(List<Hop> hops, Map<String, UnreachableException> refused) {}

  /**
   * @throws UnreachableException if there is none, now or ever
   */
  Offer offer(Route route, Letter.Tls tls) throws UnreachableException {
    return switch (route) {
      case Route.Named(Relay relay) -> relay(relay, tls);
      case Route.Exchange(String domain) -> exchanges(domain, tls);
    };
  }

  private Offer relay(Relay relay, Letter.Tls tls) throws UnreachableException {
    if (tls == Letter.Tls.REQUIRED && relay.tls() == Relay.Tls.NONE) {
      throw unreachable(
          Verdict.failed(
              Demands.REQUIRED_STATUS,
              "the relay " + relay.host() + " is spoken to without TLS, " + Demands.REQUIRED));
    }
    List<InetAddress> addresses = addresses(relay.bareHost()).addresses();
    if (addresses.isEmpty()) {
      // It is the operator's mistake, not the sender's, so it does not end the message.
      throw unreachable(Verdict.deferred("4.4.4", "the relay " + relay.host() + " has no address"));
    }
    Security security =
        switch (relay.tls()) {
          case IMPLICIT -> Security.IMPLICIT;
          case STARTTLS -> Security.REQUIRED;
          case NONE -> Security.NONE;
        };
    Login login =
        relay.user().isEmpty() ? Login.NONE : new Login(relay.user(), passwords.of(relay));
    List<Hop> hops =
        alternating(addresses).stream()
            .limit(MOST)
            .map(a ->
                new Hop(
                    relay.bareHost(),
                    new InetSocketAddress(a, relay.port()),
                    security,
                    PeerCheck.NAMED,
                    TlsPolicy.relay(relay.bareHost()),
                    login))
            .toList();
    return new Offer(hops, Map.of());
  }

  private Offer exchanges(String domain, Letter.Tls tls) throws UnreachableException {
    Names.Exchanges found = names.exchanges(domain);
    List<Names.Mx> records =
        found
            .records()
            .orElseThrow(
                () -> unreachable(Verdict.failed("5.1.2", "there is no domain " + domain)));
    if (records.size() == 1 && records.getFirst().host().isEmpty()) {
      throw unreachable(Verdict.failed("5.1.10", domain + " says that it takes no mail (null MX)"));
    }
    boolean implicit = records.isEmpty();
    List<Names.Mx> all = implicit ? List.of(new Names.Mx(0, domain)) : records;
    int ours =
        all.stream()
            .filter(mx -> own.contains(mx.host().toLowerCase(Locale.ROOT)))
            .mapToInt(Names.Mx::preference)
            .min()
            .orElse(Integer.MAX_VALUE);
    Map<Integer, List<String>> byPreference = new TreeMap<>(Comparator.naturalOrder());
    for (Names.Mx mx : all) {
      if (mx.preference() < ours && !mx.host().isEmpty()) {
        byPreference.computeIfAbsent(mx.preference(), _ -> new ArrayList<>()).add(mx.host());
      }
    }
    if (byPreference.isEmpty()) {
      throw unreachable(
          Verdict.failed(
              "5.4.6",
              "mail for " + domain + " would come back here, and it is not a domain here"));
    }
    return hops(domain, byPreference.values(), implicit, found.secure(), tls);
  }

  /**
   * @param secure whether DNSSEC vouches for the hosts' names
   */
  private Offer hops(
      String domain,
      Iterable<List<String>> groups,
      boolean implicit,
      boolean secure,
      Letter.Tls tls) {
    Demands demands = new Demands(domain, tls, means);
    List<List<Hop>> hosts = new ArrayList<>();
    Map<String, UnreachableException> refused = new LinkedHashMap<>();
    boolean refusedAddress = false;
    int asked = 0;
    boolean all = true;
    for (List<String> group : groups) {
      Collections.shuffle(group, random::nextInt);
      for (String host : group) {
        if (inFirstTurn(hosts) >= MOST || asked == MOST_ASKED) {
          all = false;
          break;
        }
        asked++;
        try {
          Names.Addresses found = addresses(host);
          // Without an MX record it is the domain's own address that counts (RFC 7672 §2.2.1).
          boolean believed = found.secure() && (secure || implicit);
          Demands.Demand demand =
              demands.of(host, found.name(), believed, each -> names.tlsa(each, port));
          List<Hop> hops =
              alternating(found.addresses().stream().filter(this::usable).toList()).stream()
                  .map(address -> demand.hop(new InetSocketAddress(address, port)))
                  .toList();
          refusedAddress |= hops.size() < found.addresses().size();
          if (!hops.isEmpty()) {
            hosts.add(hops);
          }
        } catch (UnreachableException e) {
          refused.put(host, e);
        }
      }
    }
    if (hosts.isEmpty() && !refused.isEmpty() && !all) {
      // Among those that were not asked there may be one that does.
      Verdict some =
          Verdict.failed("5.4.4", domain + " names more mail servers than are asked for");
      refused.put(domain, unreachable(some.forNow()));
    } else if (hosts.isEmpty() && refused.isEmpty()) {
      String what =
          refusedAddress
              ? " has only addresses that no mail is sent to"
              : implicit ? " has no mail server" : " names mail servers that have no address";
      Verdict none = Verdict.failed("5.4.4", domain + what);
      refused.put(domain, unreachable(all ? none : none.forNow()));
    }
    return new Offer(chosen(hosts), refused);
  }

  /** One of IPv6, one of IPv4 and so on, so that who lacks one family soon tries the other. */
  private static List<InetAddress> alternating(List<InetAddress> addresses) {
    Map<Boolean, List<InetAddress>> families =
        addresses.stream().collect(Collectors.partitioningBy(Inet6Address.class::isInstance));
    List<InetAddress> sixes = families.getOrDefault(true, List.of());
    List<InetAddress> fours = families.getOrDefault(false, List.of());
    List<InetAddress> all = new ArrayList<>();
    for (int i = 0; i < Math.max(sixes.size(), fours.size()); i++) {
      sixes.stream().skip(i).limit(1).forEach(all::add);
      fours.stream().skip(i).limit(1).forEach(all::add);
    }
    return all;
  }

  private static int inFirstTurn(List<List<Hop>> hosts) {
    return hosts.stream().mapToInt(host -> Math.min(TURN, host.size())).sum();
  }

  /** Host by host; each has its turn at the places before any has another. */
  private static List<Hop> chosen(List<List<Hop>> hosts) {
    int[] places = new int[hosts.size()];
    int left = Math.min(MOST, hosts.stream().mapToInt(List::size).sum());
    while (left > 0) {
      for (int i = 0; i < places.length; i++) {
        int more = Math.min(left, Math.min(TURN, hosts.get(i).size() - places[i]));
        places[i] += more;
        left -= more;
      }
    }
    List<Hop> chosen = new ArrayList<>();
    for (int i = 0; i < places.length; i++) {
      chosen.addAll(hosts.get(i).subList(0, places[i]));
    }
    return chosen;
  }

  private Names.Addresses addresses(String host) throws UnreachableException {
    Optional<InetAddress> literal = literal(host);
    return literal.isPresent()
        ? new Names.Addresses(List.of(literal.get()), false)
        : names.addresses(host);
  }

  private static Optional<InetAddress> literal(String host) {
    try {
      return Optional.of(InetAddress.ofLiteral(host));
    } catch (IllegalArgumentException name) {
      return Optional.empty();
    }
  }

  private boolean usable(InetAddress address) {
    return (loopback || !address.isLoopbackAddress())
        && !address.isAnyLocalAddress()
        && !address.isMulticastAddress()
        && !address.isLinkLocalAddress();
  }

  private static UnreachableException unreachable(Verdict verdict) {
    return new UnreachableException(verdict);
  }
}
