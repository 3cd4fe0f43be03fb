package hikyaku.server.smtpclient;

import hikyaku.server.dns.Tlsa;
import hikyaku.server.mtasts.StsException;
import hikyaku.server.mtasts.StsPolicies;
import hikyaku.server.mtasts.StsPolicy;
import hikyaku.server.smtpclient.Hop.Login;
import hikyaku.server.smtpclient.Hop.Security;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/** What TLS the servers of one domain must have, one after the other. */
final class Demands {
  /** RFC 8689 §8. */
  static final String REQUIRED_STATUS = "5.7.30";

  static final String REQUIRED = "which the sender forbids (REQUIRETLS)";

  private final String domain;
  private final Letter.Tls wanted;
  private final TlsMeans means;
  private final Optional<StsPolicy> policy;

  /** Looks for the domain's policy. */
  Demands(String domain, Letter.Tls wanted, TlsMeans means) {
    this.domain = domain;
    this.wanted = wanted;
    this.means = means;
    if (wanted == Letter.Tls.OPTIONAL) {
      policy = Optional.empty();
      return;
    }
    StsPolicies.Found found = means.policies().apply(domain);
    this.policy = found.demanding();
    if (found.policy().isEmpty()) {
      found.trouble().ifPresent(this::tell);
    }
  }

  /**
   * How a server is to be spoken to.
   *
   * @param name by which it is asked for its certificate
   */
  record Demand(String name, Security security, PeerCheck check, TlsPolicy policy) {
    Hop hop(InetSocketAddress address) {
      return new Hop(name, address, security, check, policy, Login.NONE);
    }
  }

  /** Asks for a server's TLSA records. */
  @FunctionalInterface
  interface Records {
    /**
     * @throws UnreachableException if nobody can say now
     */
    List<Tlsa> of(String host) throws UnreachableException;
  }

  /**
   * How a server is to be spoken to. If there are records that DNSSEC vouches for, TLS is a must,
   * and what a policy says counts no more (RFC 7672 §2.2, RFC 8461 §2).
   *
   * @param canonical the name that the server's is an alias for; empty if it is none
   * @param believed whether DNSSEC vouches for the server's name and addresses
   * @throws UnreachableException if nothing may be sent there
   */
  Demand of(String host, String canonical, boolean believed, Records records)
      throws UnreachableException {
    if (wanted == Letter.Tls.OPTIONAL) {
      return new Demand(host, Security.IF_OFFERED, PeerCheck.ANYBODY, TlsPolicy.none(domain));
    }
    // RFC 7672 §2.2.2: the name that an alias stands for goes before the alias.
    if (believed && !canonical.isEmpty()) {
      Optional<Demand> byRecords = byRecords(canonical, records);
      if (byRecords.isPresent()) {
        return byRecords.get();
      }
    }
    Optional<Demand> byRecords = believed ? byRecords(host, records) : Optional.empty();
    return byRecords.isPresent() ? byRecords.get() : byPolicy(host, believed);
  }

  private Optional<Demand> byRecords(String host, Records records) throws UnreachableException {
    List<Tlsa> all;
    try {
      all = records.of(host);
    } catch (UnreachableException e) {
      TlsPolicy unknown = new TlsPolicy(TlsPolicy.Kind.TLSA, host, domain, List.of(), List.of());
      tell(unknown, TlsFault.DNSSEC_INVALID, String.valueOf(e.getMessage()), host);
      throw e;
    }
    if (all.isEmpty()) {
      return Optional.empty();
    }
    TlsPolicy policy = TlsPolicy.tlsa(host, domain, all);
    List<Tlsa> usable = all.stream().filter(Dane::isUsable).toList();
    // With none that means anything here, TLS is all that can be demanded.
    PeerCheck without = wanted == Letter.Tls.REQUIRED ? PeerCheck.NAMED : PeerCheck.UNUSABLE;
    PeerCheck check =
        usable.isEmpty() ? without : new PeerCheck.Dane(usable, List.of(host, domain));
    return Optional.of(new Demand(host, Security.REQUIRED, check, policy));
  }

  private Demand byPolicy(String host, boolean believed) throws UnreachableException {
    boolean required = wanted == Letter.Tls.REQUIRED;
    if (policy.isEmpty()) {
      if (required && !believed) {
        throw new UnreachableException(
            Verdict.failed(
                REQUIRED_STATUS,
                "nobody vouches that "
                    + host
                    + " is a server of "
                    + domain
                    + " (by DNSSEC or MTA-STS), "
                    + REQUIRED));
      }
      return required
          ? new Demand(host, Security.REQUIRED, PeerCheck.NAMED, TlsPolicy.none(domain))
          : new Demand(host, Security.IF_OFFERED, PeerCheck.ANYBODY, TlsPolicy.none(domain));
    }
    TlsPolicy sts = TlsPolicy.sts(domain, policy.get());
    boolean enforced = required || policy.get().mode() == StsPolicy.Mode.ENFORCE;
    if (policy.get().names(host)) {
      return enforced
          ? new Demand(host, Security.REQUIRED, PeerCheck.NAMED, sts)
          : new Demand(host, Security.IF_OFFERED, PeerCheck.OBSERVED, sts);
    }
    if (!enforced) {
      return new Demand(host, Security.IF_OFFERED, PeerCheck.STRAY, sts);
    }
    tell(sts, PeerCheck.STRAY.fault(), PeerCheck.STRAY.reason(), host);
    throw new UnreachableException(
        Verdict.deferred("4.7.5", host + " is no server that " + sts + " names"));
  }

  private void tell(StsException trouble) {
    TlsFault fault =
        switch (trouble.kind()) {
          case FETCH -> TlsFault.STS_POLICY_FETCH_ERROR;
          case INVALID -> TlsFault.STS_POLICY_INVALID;
          case CERTIFICATE -> TlsFault.STS_WEBPKI_INVALID;
        };
    tell(TlsPolicy.none(domain), fault, String.valueOf(trouble.getMessage()), "");
  }

  private void tell(TlsPolicy of, TlsFault fault, String reason, String host) {
    means.observer().told(new TlsObserver.Outcome(of, fault, reason, host, "", ""));
  }
}
