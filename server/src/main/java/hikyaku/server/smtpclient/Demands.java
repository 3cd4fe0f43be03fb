package hikyaku.server.smtpclient;

import hikyaku.server.mtasts.StsException;
import hikyaku.server.mtasts.StsPolicies;
import hikyaku.server.mtasts.StsPolicy;
import hikyaku.server.smtpclient.Hop.Login;
import hikyaku.server.smtpclient.Hop.Security;
import java.net.InetSocketAddress;
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

  /**
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
    means
        .observer()
        .told(
            new TlsObserver.Outcome(
                sts, TlsFault.VALIDATION_FAILURE, PeerCheck.Stray.REASON, host, "", ""));
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
    means
        .observer()
        .told(
            new TlsObserver.Outcome(
                TlsPolicy.none(domain), fault, String.valueOf(trouble.getMessage()), "", "", ""));
  }
}
