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
  private final String domain;
  private final TlsMeans means;
  private final Optional<StsPolicy> policy;

  /** Looks for the domain's policy. */
  Demands(String domain, TlsMeans means) {
    this.domain = domain;
    this.means = means;
    StsPolicies.Found found = means.policies().apply(domain);
    this.policy = found.demanding();
    if (found.policy().isEmpty()) {
      found.trouble().ifPresent(this::tell);
    }
  }

  /** How a server is to be spoken to. */
  record Demand(Security security, PeerCheck check, TlsPolicy policy) {
    Hop hop(String host, InetSocketAddress address) {
      return new Hop(host, address, security, check, policy, Login.NONE);
    }
  }

  /** Asks for a server's TLSA records. */
  @FunctionalInterface
  interface Records {
    /**
     * @throws UnreachableException if nobody can say now
     */
    List<Tlsa> get() throws UnreachableException;
  }

  /**
   * For a server whose name and addresses DNSSEC vouches for: if there are records, TLS is a must,
   * and what a policy says counts no more (RFC 7672 §2.2, RFC 8461 §2).
   *
   * @throws UnreachableException if nothing may be sent there
   */
  Demand of(String host, Records records) throws UnreachableException {
    List<Tlsa> all;
    try {
      all = records.get();
    } catch (UnreachableException e) {
      TlsPolicy unknown = new TlsPolicy(TlsPolicy.Kind.TLSA, host, domain, List.of(), List.of());
      tell(unknown, TlsFault.DNSSEC_INVALID, String.valueOf(e.getMessage()), host);
      throw e;
    }
    if (all.isEmpty()) {
      return of(host);
    }
    TlsPolicy policy = TlsPolicy.tlsa(host, domain, all);
    List<Tlsa> usable = all.stream().filter(Dane::isUsable).toList();
    // With none that means anything here, TLS is all that can be demanded.
    PeerCheck check =
        usable.isEmpty() ? PeerCheck.ANYBODY : new PeerCheck.Dane(usable, List.of(host, domain));
    return new Demand(Security.REQUIRED, check, policy);
  }

  /**
   * For any other server.
   *
   * @throws UnreachableException if nothing may be sent there
   */
  Demand of(String host) throws UnreachableException {
    if (policy.isEmpty()) {
      return new Demand(Security.IF_OFFERED, PeerCheck.ANYBODY, TlsPolicy.none(domain));
    }
    TlsPolicy sts = TlsPolicy.sts(domain, policy.get());
    boolean enforced = policy.get().mode() == StsPolicy.Mode.ENFORCE;
    if (policy.get().names(host)) {
      return enforced
          ? new Demand(Security.REQUIRED, PeerCheck.NAMED, sts)
          : new Demand(Security.IF_OFFERED, PeerCheck.OBSERVED, sts);
    }
    if (!enforced) {
      return new Demand(Security.IF_OFFERED, PeerCheck.STRAY, sts);
    }
    tell(sts, TlsFault.VALIDATION_FAILURE, PeerCheck.Stray.REASON, host);
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
