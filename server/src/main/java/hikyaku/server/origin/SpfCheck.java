package hikyaku.server.origin;

import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import hikyaku.server.origin.SpfRecord.Directive;
import hikyaku.server.origin.SpfRecord.Mechanism;
import hikyaku.server.origin.SpfRecord.Network;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether a client may send for a domain: check_host() of RFC 7208 §4. Used once. */
final class SpfCheck {
  /** RFC 7208 §4.6.4: terms that ask DNS. */
  private static final int MOST_LOOKUPS = 10;

  /** RFC 7208 §4.6.4: terms that ask for what is not there. */
  private static final int MOST_VOID = 2;

  /**
   * RFC 7208 §4.6.4: of an mx mechanism, beyond which all is void; of addresses, beyond which the
   * rest is left out.
   */
  private static final int MOST_NAMES = 10;

  private final Dns dns;
  private final InetAddress client;
  private final String helo;
  private final String localPart;
  private final String senderDomain;

  private int lookups;
  private int voids;
  private @Nullable List<String> validated;

  /** Where the record that decided says why, and the domain that has it; null for nowhere. */
  private @Nullable MacroString explanation;

  private String explaining = "";

  private SpfCheck(
      Dns dns, InetAddress client, String helo, String localPart, String senderDomain) {
    this.dns = dns;
    this.client = client;
    this.helo = helo;
    this.localPart = localPart;
    this.senderDomain = senderDomain;
  }

  /**
   * What a check comes to.
   *
   * @param check can be asked for an explanation; null if no domain was asked
   */
  record Outcome(SpfResult result, @Nullable SpfCheck check) {}

  /**
   * Checks a client.
   *
   * @param helo how it calls itself
   * @param localPart of the sender; empty for {@code postmaster}
   * @param domain of the sender, or the client's name where that is checked
   */
  static Outcome check(Dns dns, InetAddress client, String helo, String localPart, String domain) {
    Optional<String> name = DomainName.of(domain);
    if (name.isEmpty()) {
      return new Outcome(SpfResult.NONE, null);
    }
    String who = localPart.isEmpty() ? "postmaster" : localPart;
    SpfCheck check = new SpfCheck(dns, client, helo, who, name.get());
    return new Outcome(check.answer(name.get()), check);
  }

  /**
   * What the domain says to whom it lets not pass, once it has come to that (RFC 7208 §6.2). Asks
   * DNS, and counts no more.
   *
   * @param receiver the name of this host
   * @return visible ASCII and spaces; nothing if it says nothing, or not as it should
   */
  Optional<String> explanation(String receiver, Instant now) {
    MacroString where = explanation;
    if (where == null) {
      return Optional.empty();
    }
    try {
      Optional<String> name = DomainName.of(name(where, explaining));
      List<String> texts = name.isEmpty() ? List.of() : dns.txt(name.get()).orElse(List.of());
      if (texts.size() != 1) {
        return Optional.empty();
      }
      String text =
          MacroString.explanation(texts.getFirst())
              .text(letter ->
                  switch (letter) {
                    case 'c' -> MacroString.readable(client.getAddress());
                    case 'r' -> receiver;
                    case 't' -> String.valueOf(now.getEpochSecond());
                    default -> value(letter, explaining);
                  });
      return Optional.of(text).filter(each -> !each.isEmpty());
    } catch (DnsException | BadRecordException e) {
      // As if there were no exp.
      return Optional.empty();
    }
  }

  private SpfResult answer(String domain) {
    try {
      return host(domain);
    } catch (DnsException e) {
      return SpfResult.TEMPERROR;
    } catch (BadRecordException e) {
      return SpfResult.PERMERROR;
    }
  }

  private SpfResult host(String domain) throws DnsException, BadRecordException {
    List<String> records =
        dns.txt(domain).orElse(List.of()).stream().filter(SpfRecord::isOne).toList();
    if (records.isEmpty()) {
      return SpfResult.NONE;
    }
    if (records.size() > 1) {
      throw new BadRecordException("two records");
    }
    SpfRecord record = SpfRecord.parse(records.getFirst());
    for (Directive directive : record.directives()) {
      if (matches(directive.mechanism(), domain)) {
        // Of an include this is the outer one's, which comes to it later; of a redirect the inner
        // one's.
        explanation = record.explanation();
        explaining = domain;
        return directive.result();
      }
    }
    MacroString redirect = record.redirect();
    if (redirect == null) {
      return SpfResult.NEUTRAL;
    }
    countLookup();
    SpfResult there = elsewhere(redirect, domain);
    return there == SpfResult.NONE ? SpfResult.PERMERROR : there;
  }

  private SpfResult elsewhere(MacroString to, String domain)
      throws DnsException, BadRecordException {
    Optional<String> name = DomainName.of(name(to, domain));
    return name.isEmpty() ? SpfResult.NONE : host(name.get());
  }

  private boolean matches(Mechanism mechanism, String domain)
      throws DnsException, BadRecordException {
    return switch (mechanism) {
      case Mechanism.All() -> true;
      case Mechanism.Ip(Network network) -> network.contains(client.getAddress());
      case Mechanism.Include(MacroString of) -> {
        countLookup();
        yield switch (elsewhere(of, domain)) {
          case PASS -> true;
          case FAIL, SOFTFAIL, NEUTRAL -> false;
          case NONE, PERMERROR -> throw new BadRecordException("a record that is not there");
          case TEMPERROR -> throw new IllegalStateException("that is thrown");
        };
      }
      case Mechanism.A(MacroString of, int bits4, int bits6) -> {
        countLookup();
        List<InetAddress> addresses = addresses(name(of, domain));
        countVoid(addresses);
        yield isOne(addresses, bits4, bits6);
      }
      case Mechanism.Mx(MacroString of, int bits4, int bits6) -> {
        countLookup();
        yield isExchange(name(of, domain), bits4, bits6);
      }
      case Mechanism.Ptr(MacroString of) -> {
        countLookup();
        String target = Text.lower(name(of, domain));
        yield validated().stream().anyMatch(name -> DomainName.isBelowOrSame(name, target));
      }
      case Mechanism.Exists(MacroString of) -> {
        countLookup();
        // Of IPv4, whatever the client has (RFC 7208 §5.7).
        List<InetAddress> addresses = dns.a(name(of, domain)).orElse(List.of());
        countVoid(addresses);
        yield !addresses.isEmpty();
      }
    };
  }

  private boolean isExchange(String domain, int bits4, int bits6)
      throws DnsException, BadRecordException {
    List<Dns.Mx> exchanges = dns.mx(domain).orElse(List.of());
    countVoid(exchanges);
    if (exchanges.size() > MOST_NAMES) {
      throw new BadRecordException("too many MX records");
    }
    for (Dns.Mx exchange : exchanges) {
      if (isOne(addresses(exchange.host()), bits4, bits6)) {
        return true;
      }
    }
    return false;
  }

  /** Those of the client's family. */
  private List<InetAddress> addresses(String host) throws DnsException {
    return (isSix() ? dns.aaaa(host) : dns.a(host)).orElse(List.of());
  }

  private boolean isSix() {
    return client instanceof Inet6Address;
  }

  private boolean isOne(List<InetAddress> addresses, int bits4, int bits6) {
    int bits = isSix() ? bits6 : bits4;
    return addresses.stream()
        .anyMatch(each -> new Network(each.getAddress(), bits).contains(client.getAddress()));
  }

  /** The names of the client that lead back to it (RFC 7208 §5.5). */
  private List<String> validated() {
    List<String> known = validated;
    if (known != null) {
      return known;
    }
    List<String> names = new ArrayList<>();
    try {
      for (String name : dns.ptr(client).orElse(List.of()).stream().limit(MOST_NAMES).toList()) {
        if (leadsBack(name)) {
          names.add(Text.lower(name));
        }
      }
    } catch (DnsException e) {
      // RFC 7208 §5.5: then none of them matches.
    }
    validated = names;
    return names;
  }

  private boolean leadsBack(String name) {
    try {
      return addresses(name).contains(client);
    } catch (DnsException e) {
      // RFC 7208 §5.5: this one is left out.
      return false;
    }
  }

  private String name(@Nullable MacroString spec, String domain)
      throws DnsException, BadRecordException {
    return spec == null ? domain : spec.name(letter -> value(letter, domain));
  }

  private String value(char letter, String domain) {
    return switch (letter) {
      case 's' -> localPart + "@" + senderDomain;
      case 'l' -> localPart;
      case 'o' -> senderDomain;
      case 'd' -> domain;
      case 'i' -> MacroString.dotted(client.getAddress());
      case 'p' -> clientName(domain);
      case 'v' -> isSix() ? "ip6" : "in-addr";
      case 'h' -> helo;
      default -> throw new IllegalStateException("the grammar has no such letter");
    };
  }

  /** RFC 7208 §7.3: the domain itself if it is one, or else one below it, or else any. */
  private String clientName(String domain) {
    List<String> names = validated();
    return names.stream()
        .filter(domain::equals)
        .findFirst()
        .or(() -> names.stream().filter(n -> DomainName.isBelowOrSame(n, domain)).findFirst())
        .or(() -> names.stream().findFirst())
        .orElse("unknown");
  }

  private void countLookup() throws BadRecordException {
    if (++lookups > MOST_LOOKUPS) {
      throw new BadRecordException("too many lookups");
    }
  }

  private void countVoid(List<?> found) throws BadRecordException {
    if (found.isEmpty() && ++voids > MOST_VOID) {
      throw new BadRecordException("too many lookups of what is not there");
    }
  }
}
