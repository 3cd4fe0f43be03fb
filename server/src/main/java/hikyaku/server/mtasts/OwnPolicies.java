package hikyaku.server.mtasts;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/** The policies that domains here have for whoever sends them mail. Safe for many threads. */
public final class OwnPolicies {
  private static final String HOST = "mta-sts.";

  /** Characters of an id, of 32 that there may be (RFC 8461 §3.1). */
  private static final int ID = 20;

  private final OwnPolicySettings settings;
  private final Predicate<String> ours;
  private final String text;

  /**
   * @param hostname the server that is named if no other is
   * @param ours whether mail for a domain comes here
   */
  public OwnPolicies(OwnPolicySettings settings, String hostname, Predicate<String> ours) {
    this.settings = settings;
    this.ours = ours;
    List<String> servers =
        settings.mx().isEmpty() ? List.of(hostname.toLowerCase(Locale.ROOT)) : settings.mx();
    StsPolicy policy = new StsPolicy(settings.mode(), servers, settings.maxAge());
    this.text = String.join("\r\n", policy.lines()) + "\r\n";
  }

  private boolean has(String domain) {
    String lower = domain.toLowerCase(Locale.ROOT);
    return (settings.domains().contains(OwnPolicySettings.ALL)
            || settings.domains().contains(lower))
        && ours.test(lower);
  }

  /**
   * What a policy host gives out.
   *
   * @param host the name that it was asked by
   */
  public Optional<String> at(String host) {
    String lower = host.toLowerCase(Locale.ROOT);
    return lower.startsWith(HOST) && has(lower.substring(HOST.length()))
        ? Optional.of(text)
        : Optional.empty();
  }

  /** What DNS has to say of a domain's policy (RFC 8461 §3.1): another id for each other policy. */
  public Optional<String> id(String domain) {
    if (!has(domain)) {
      return Optional.empty();
    }
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return Optional.of(HexFormat.of().formatHex(hash).substring(0, ID));
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }
}
