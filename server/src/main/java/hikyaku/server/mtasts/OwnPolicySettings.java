package hikyaku.server.mtasts;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The policy that domains here have about TLS with their servers, for whoever sends them mail
 * (MTA-STS, RFC 8461).
 *
 * @param domains those that have it: {@code listen.web} gives it out under {@code
 *     https://mta-sts.DOMAIN/.well-known/mta-sts.txt}. * for all domains here, empty for none
 * @param mode testing (others tell what would not have come, in their reports), enforce (what does
 *     not come by TLS to one of these servers, with a certificate of its name, does not come at
 *     all), or none (there is no policy any more; for max-age before it is taken away)
 * @param mx the servers that mail for the domains comes to, each a name or a pattern such as
 *     *.example.org, as their MX records have them. Empty for hostname
 * @param maxAge how long others keep to it once they have it. A year at most; RFC 8461 §3.2 wants
 *     weeks or more
 */
public record OwnPolicySettings(
    List<String> domains, StsPolicy.Mode mode, List<String> mx, Duration maxAge) {
  public static final OwnPolicySettings DEFAULTS =
      new OwnPolicySettings(List.of(), StsPolicy.Mode.TESTING, List.of(), Duration.ofDays(14));

  /** All domains that are ours. */
  static final String ALL = "*";

  public OwnPolicySettings {
    domains = domains.stream().map(each -> each.toLowerCase(Locale.ROOT)).toList();
    mx = mx.stream().map(each -> each.toLowerCase(Locale.ROOT)).toList();
    if (!mx.stream().allMatch(StsParser::isServer) || mx.size() > StsParser.MOST_SERVERS) {
      throw new IllegalArgumentException(
          "mta-sts-policy.mx names servers, each as mx.example.org or *.example.org");
    }
    if (maxAge.toSeconds() < 1 || maxAge.compareTo(StsParser.LONGEST) > 0) {
      throw new IllegalArgumentException(
          "mta-sts-policy.max-age is more than nothing, and a year at most");
    }
  }
}
