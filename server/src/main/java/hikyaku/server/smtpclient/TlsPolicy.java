package hikyaku.server.smtpclient;

import hikyaku.server.dns.Tlsa;
import hikyaku.server.mtasts.StsPolicy;
import java.util.List;

/**
 * By what TLS with a server is demanded, if by anything.
 *
 * @param owner whose it is: of a domain, or of a server
 * @param domain whose mail it is about
 * @param lines the policy itself, as reports have it (RFC 8460 §4.4)
 * @param servers the patterns of servers that it names
 */
public record TlsPolicy(
    Kind kind, String owner, String domain, List<String> lines, List<String> servers) {
  public TlsPolicy {
    lines = List.copyOf(lines);
    servers = List.copyOf(servers);
  }

  /** Kinds of policies. */
  public enum Kind {
    /** None was found. */
    NONE("no-policy-found"),
    /** A policy of the domain (RFC 8461). */
    STS("sts"),
    /** Records of the server in DNS that DNSSEC vouches for (RFC 7672). */
    TLSA("tlsa"),
    /** The operator's, for a relay. */
    RELAY("relay");

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    /** As reports have it (RFC 8460 §4.4). */
    public String word() {
      return word;
    }
  }

  static TlsPolicy none(String domain) {
    return new TlsPolicy(Kind.NONE, domain, domain, List.of(), List.of());
  }

  static TlsPolicy sts(String domain, StsPolicy policy) {
    return new TlsPolicy(Kind.STS, domain, domain, policy.lines(), policy.mx());
  }

  static TlsPolicy tlsa(String host, String domain, List<Tlsa> records) {
    List<String> lines = records.stream().map(Tlsa::toString).toList();
    return new TlsPolicy(Kind.TLSA, host, domain, lines, List.of());
  }

  static TlsPolicy relay(String host) {
    return new TlsPolicy(Kind.RELAY, host, host, List.of(), List.of());
  }

  /** Who wants it so, for people. */
  @Override
  public String toString() {
    return switch (kind) {
      case NONE -> "the sender (REQUIRETLS)";
      case STS -> "the policy of " + owner + " (MTA-STS)";
      case TLSA -> "the TLSA records of " + owner + " (DANE)";
      case RELAY -> "the relay " + owner;
    };
  }
}
