package hikyaku.server.published;

import hikyaku.server.dkim.DkimKey;
import hikyaku.server.dns.DnsException;
import hikyaku.server.published.Finding.State;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Compares what a domain should publish with what it does. */
public final class Inspector {
  private final Plan plan;
  private final Lookup lookup;

  public Inspector(Plan plan, Lookup lookup) {
    this.plan = plan;
    this.lookup = lookup;
  }

  /**
   * All records of a domain.
   *
   * @param keys those that it has
   */
  public List<Finding> inspect(String domain, List<DkimKey> keys, Instant now) {
    List<Finding> findings = new ArrayList<>();
    for (Wanted wanted : plan.records(domain, keys, now)) {
      findings.add(inspect(wanted));
    }
    for (String host : plan.hosts()) {
      addresses(host, findings, true);
    }
    if (plan.policyIds().apply(domain).isPresent()) {
      addresses(Plan.policyHost(domain), findings, false);
    }
    return findings;
  }

  /** One record. */
  public Finding inspect(Wanted wanted) {
    try {
      List<String> all = lookup.look(wanted.name(), wanted.kind());
      List<String> found = plan.ofThisKind(wanted, all);
      State state =
          found.isEmpty()
              ? State.MISSING
              : wanted.rule().isRight(found, lookup) ? State.RIGHT : State.DIFFERS;
      return new Finding(wanted, state, found, "");
    } catch (DnsException e) {
      return new Finding(wanted, State.UNKNOWN, List.of(), String.valueOf(e.getMessage()));
    }
  }

  /**
   * A host has addresses, and each of them says that it is the host's.
   *
   * @param forMail whether mail comes to it, else whoever asks for a policy does
   */
  private void addresses(String host, List<Finding> findings, boolean forMail) {
    List<String> addresses = new ArrayList<>();
    String cause = "";
    for (Kind kind : List.of(Kind.A, Kind.AAAA)) {
      try {
        addresses.addAll(lookup.look(host, kind));
      } catch (DnsException e) {
        cause = String.valueOf(e.getMessage());
      }
    }
    if (addresses.isEmpty()) {
      Wanted wanted = forMail ? Plan.address(host) : Plan.policyAddress(host);
      State state = cause.isEmpty() ? State.MISSING : State.UNKNOWN;
      findings.add(new Finding(wanted, state, List.of(), cause));
    }
    for (String address : addresses) {
      InetAddress literal = InetAddress.ofLiteral(address);
      if (forMail && !literal.isLoopbackAddress()) {
        findings.add(inspect(Plan.reverse(literal, host)));
      }
    }
  }
}
