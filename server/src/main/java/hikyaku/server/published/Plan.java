package hikyaku.server.published;

import hikyaku.server.dkim.DkimKey;
import hikyaku.server.dns.DnsException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a domain should publish.
 *
 * @param hosts the names that mail and clients come to, the first one preferred
 * @param services what clients may use
 * @param sources addresses that mail goes out from, those of all nodes that do not leave them to
 *     the system
 * @param relays hosts that mail of a domain is handed to, to be carried on, by name or address
 * @param reports the address that takes reports of DMARC; empty for postmaster of each domain
 * @param policyIds the id of a domain's policy about TLS, if this server gives one out
 * @param keyHashes the SHA-256 of the keys of a host's certificates, in hexadecimal digits, one for
 *     each that clients may be shown
 */
public record Plan(
    List<String> hosts,
    List<Service> services,
    List<InetAddress> sources,
    Function<String, List<String>> relays,
    String reports,
    Function<String, Optional<String>> policyIds,
    Function<String, List<String>> keyHashes) {
  private static final String SPF = "v=spf1";
  private static final String DMARC = "v=dmarc1";
  private static final String STS = "v=stsv1";
  private static final String TLSRPT = "v=tlsrptv1";
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMddHHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("yyyy-MM-dd", Locale.ROOT).withZone(ZoneOffset.UTC);

  public Plan {
    hosts = List.copyOf(hosts);
    services = List.copyOf(services);
    sources = List.copyOf(sources);
    if (hosts.isEmpty()) {
      throw new IllegalArgumentException("mail must come to some host");
    }
  }

  /**
   * A service that clients find by its name.
   *
   * @param name as in SRV records, without the underscore
   */
  public record Service(String name, int port) {}

  /** What is to be published under the domain's own names. */
  List<Wanted> records(String domain, List<DkimKey> keys, Instant now) {
    List<Wanted> records = new ArrayList<>();
    for (int i = 0; i < hosts.size(); i++) {
      String host = hosts.get(i);
      records.add(
          new Wanted(
              domain,
              Kind.MX,
              (i + 1) * 10 + " " + host,
              true,
              "Mail for the domain comes here.",
              Rule.names(host)));
    }
    records.add(spf(domain));
    for (DkimKey key : keys) {
      records.add(key(key, now));
    }
    records.add(dmarc(domain));
    agreement(domain).ifPresent(records::add);
    records.add(
        policyIds.apply(domain).map(id -> sts(domain, id)).orElseGet(() -> sts(domain, now)));
    records.add(reports(domain));
    for (String host : hosts) {
      for (String hash : keyHashes.apply(host)) {
        records.add(tlsa(host, hash));
      }
    }
    for (Service service : services) {
      records.add(
          new Wanted(
              "_%s._tcp.%s".formatted(service.name(), domain),
              Kind.SRV,
              "0 1 %d %s".formatted(service.port(), hosts.getFirst()),
              false,
              "",
              Rule.leadsTo(service.port(), hosts.getFirst())));
    }
    return records;
  }

  private Wanted spf(String domain) {
    StringBuilder value = new StringBuilder(SPF + " mx");
    List<String> carriers = relays.apply(domain);
    Stream.concat(
            sources.stream().filter(Plan::isSeen).map(Plan::term),
            carriers.stream().map(Plan::term).flatMap(Optional::stream))
        .distinct()
        .forEach(term -> value.append(' ').append(term));
    value.append(carriers.isEmpty() ? " -all" : " ~all");
    String remark =
        carriers.isEmpty()
            ? "Who may send for the domain: the MX hosts, and each node's queue.client.sources. A node"
                + " without these that is no MX host must be named too."
            : "Who may send for the domain. If a relay passes mail on from other addresses, its"
                + " operator says what to name.";
    return new Wanted(
        domain,
        Kind.TXT,
        value.toString(),
        true,
        remark,
        Rule.single(SPF, (spf, lookup) -> allows(new SpfTerms(domain, spf), lookup)));
  }

  private boolean allows(SpfTerms spf, Lookup lookup) throws DnsException {
    if (!spf.allowsExchanges(hosts)) {
      return false;
    }
    for (InetAddress source : sources) {
      if (isSeen(source) && !spf.allows(source, lookup)) {
        return false;
      }
    }
    return true;
  }

  /** How SPF names a host (RFC 7208 §5.3, §5.6); nothing for one that the world does not see. */
  private static Optional<String> term(String host) {
    try {
      InetAddress address = InetAddress.ofLiteral(host);
      return isSeen(address) ? Optional.of(term(address)) : Optional.empty();
    } catch (IllegalArgumentException aName) {
      return host.equals("localhost") ? Optional.empty() : Optional.of("a:" + host);
    }
  }

  private static String term(InetAddress address) {
    return (address instanceof Inet4Address ? "ip4:" : "ip6:") + address.getHostAddress();
  }

  /** Whether the world sees an address: what is private is another one outside (RFC 1918, 4193). */
  private static boolean isSeen(InetAddress address) {
    boolean unique = address instanceof Inet6Address && (address.getAddress()[0] & 0xFE) == 0xFC;
    return !address.isLoopbackAddress()
        && !address.isSiteLocalAddress()
        && !address.isLinkLocalAddress()
        && !unique;
  }

  /** The record of a key. */
  public static Wanted key(DkimKey key, Instant now) {
    boolean past = now.isAfter(key.publishedUntil());
    String remark =
        switch (key.state()) {
          case NEW -> "A new key; it signs once it is activated.";
          case ACTIVE -> "The key that signs.";
          case RETIRED ->
              past
                  ? "A key that no longer signs; the record may go, then delete the key."
                  : "A key that no longer signs; the record stays until "
                      + DAY.format(key.publishedUntil())
                      + ".";
        };
    return new Wanted(
        key.recordName(), Kind.TXT, key.recordText(), !past, remark, Rule.key(key.recordText()));
  }

  private Wanted dmarc(String domain) {
    String place = "mailto:" + (reports.isEmpty() ? "postmaster@" + domain : reports);
    return new Wanted(
        "_dmarc." + domain,
        Kind.TXT,
        "v=DMARC1; p=none; rua=" + place,
        true,
        "What others do with mail that proves nothing. Begin with none; go on to quarantine and"
            + " reject when the reports show nothing of yours.",
        Rule.single(
            DMARC,
            dmarc ->
                Rule.tags(dmarc).containsKey("p") && (reports.isEmpty() || names(dmarc, place))));
  }

  /** Whether a record has reports sent to a place; it may say how much that takes. */
  private static boolean names(String dmarc, String place) {
    return Arrays.stream(Rule.tags(dmarc).getOrDefault("rua", "").split(","))
        .map(uri -> uri.replaceFirst("![0-9]+[kmgtKMGT]?$", ""))
        .anyMatch(place::equalsIgnoreCase);
  }

  /**
   * RFC 7489 §7.1: where reports go to another domain, that has to agree. What is above or below is
   * of the same organization.
   */
  private Optional<Wanted> agreement(String domain) {
    String takes = reports.substring(reports.lastIndexOf('@') + 1).toLowerCase(Locale.ROOT);
    if (takes.isEmpty()
        || ("." + takes).endsWith("." + domain)
        || ("." + domain).endsWith("." + takes)) {
      return Optional.empty();
    }
    return Optional.of(
        new Wanted(
            domain + "._report._dmarc." + takes,
            Kind.TXT,
            "v=DMARC1",
            true,
            "Says that "
                + takes
                + " takes reports of "
                + domain
                + "; without it none come. *._report._dmarc."
                + takes
                + " says so for all domains.",
            (_, _) -> true));
  }

  /** RFC 8461 §3.1, for a policy that this server gives out. */
  private static Wanted sts(String domain, String id) {
    return new Wanted(
        "_mta-sts." + domain,
        Kind.TXT,
        "v=STSv1; id=" + id,
        true,
        "The policy that this server gives out at https://"
            + policyHost(domain)
            + "/.well-known/mta-sts.txt. The id is another one whenever the policy is.",
        Rule.single(STS, sts -> Rule.tags(sts).getOrDefault("id", "").equals(id)));
  }

  /** Where others get a domain's policy (RFC 8461 §3.3). */
  static String policyHost(String domain) {
    return "mta-sts." + domain;
  }

  /** RFC 7672 §3.1.1: the server's own key, whoever has signed its certificate. */
  private static Wanted tlsa(String host, String hash) {
    return new Wanted(
        "_25._tcp." + host,
        Kind.TLSA,
        "3 1 1 " + hash,
        false,
        "DANE: only in a zone that is signed by DNSSEC. It stays right while the certificate is"
            + " renewed with the same key. Before another key is used, publish its record beside"
            + " this one and wait for two of its TTLs; take this one out after the change.",
        (found, _) -> found.stream().anyMatch(("3 1 1 " + hash)::equalsIgnoreCase));
  }

  /** RFC 8461 §3.1. The policy itself is a file that some web server has. */
  private Wanted sts(String domain, Instant now) {
    String servers =
        hosts.stream().map(host -> "mx: " + host + "\\r\\n").reduce("", String::concat);
    return new Wanted(
        "_mta-sts." + domain,
        Kind.TXT,
        "v=STSv1; id=" + STAMP.format(now),
        false,
        "Only together with a policy, which this server gives out for the domains of"
            + " mta-sts-policy.domains, and others have on a web server, at https://mta-sts."
            + domain
            + "/.well-known/mta-sts.txt: \"version: STSv1\\r\\nmode: testing\\r\\n"
            + servers
            + "max_age: 604800\". The id changes with it.",
        Rule.single(
            STS, sts -> Rule.tags(sts).getOrDefault("id", "").matches("[A-Za-z0-9]{1,32}")));
  }

  /** RFC 8460 §3. */
  private static Wanted reports(String domain) {
    return new Wanted(
        "_smtp._tls." + domain,
        Kind.TXT,
        "v=TLSRPTv1; rua=mailto:postmaster@" + domain,
        false,
        "Where other servers tell daily how TLS with yours went.",
        Rule.single(
            TLSRPT, text -> Rule.tags(text).getOrDefault("rua", "").matches("(mailto|https):.+")));
  }

  /** That a host has an address, which only its owner knows. */
  static Wanted address(String host) {
    return new Wanted(
        host,
        Kind.A,
        "",
        true,
        "Mail comes to this host, so it must have an address.",
        (found, _) -> !found.isEmpty());
  }

  /** That whoever asks for a policy finds a server; it is this one that has it. */
  static Wanted policyAddress(String host) {
    return new Wanted(
        host,
        Kind.A,
        "",
        true,
        "Must lead to listen.web of this server, which needs a certificate of this name.",
        (found, _) -> !found.isEmpty());
  }

  /** That an address says whose it is. */
  static Wanted reverse(InetAddress address, String host) {
    return new Wanted(
        address.getHostAddress(),
        Kind.PTR,
        host,
        true,
        "Whoever gave you the address sets this. Many servers take no mail from one without.",
        Rule.names(host));
  }

  /** Text records of a name serve many purposes; only those of this one are compared. */
  List<String> ofThisKind(Wanted wanted, List<String> found) {
    return switch (wanted.kind()) {
      case TXT ->
          found.stream()
              .filter(each -> {
                String version =
                    Stream.of(SPF, DMARC, STS, TLSRPT)
                        .filter(known -> Rule.isOf(known, wanted.value()))
                        .findFirst()
                        .orElse("");
                return version.isEmpty() || Rule.isOf(version, each);
              })
              .toList();
      default -> found;
    };
  }
}
