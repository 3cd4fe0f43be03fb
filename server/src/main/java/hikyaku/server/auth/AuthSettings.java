package hikyaku.server.auth;

import java.time.Duration;
import java.util.Optional;

/**
 * How logins are taken.
 *
 * @param defaultDomain the domain of user names without one; empty to take full addresses only
 * @param hostName stands in the challenges of CRAM-MD5
 * @param plainTextAnywhere whether passwords may cross a connection without TLS from anywhere.
 *     false
 * @param plainTextFromLoopback whether they may from loopback. true: nobody is in between
 * @param sharedSecrets whether APOP and CRAM-MD5 are offered, to the accounts that were given a
 *     secret for them. false
 * @param verifiedPasswords right passwords remembered at once. 10000: about 1 MB
 * @param verifiedLifetime how long each is remembered. 5 min: longer than clients poll
 * @param throttle how guessing is slowed
 * @param sessions how many sessions an account may have
 */
public record AuthSettings(
    Optional<String> defaultDomain,
    String hostName,
    boolean plainTextAnywhere,
    boolean plainTextFromLoopback,
    boolean sharedSecrets,
    int verifiedPasswords,
    Duration verifiedLifetime,
    ThrottleSettings throttle,
    SessionLimits sessions) {
  /** The defaults, but for the name of the host. */
  public static AuthSettings defaults(String hostName) {
    return new AuthSettings(
        Optional.empty(),
        hostName,
        false,
        true,
        false,
        10_000,
        Duration.ofMinutes(5),
        ThrottleSettings.DEFAULTS,
        SessionLimits.DEFAULTS);
  }

  public AuthSettings withDefaultDomain(Optional<String> domain) {
    return new AuthSettings(
        domain,
        hostName,
        plainTextAnywhere,
        plainTextFromLoopback,
        sharedSecrets,
        verifiedPasswords,
        verifiedLifetime,
        throttle,
        sessions);
  }

  public AuthSettings withPlainText(boolean anywhere, boolean fromLoopback) {
    return new AuthSettings(
        defaultDomain,
        hostName,
        anywhere,
        fromLoopback,
        sharedSecrets,
        verifiedPasswords,
        verifiedLifetime,
        throttle,
        sessions);
  }

  public AuthSettings withSharedSecrets(boolean offered) {
    return new AuthSettings(
        defaultDomain,
        hostName,
        plainTextAnywhere,
        plainTextFromLoopback,
        offered,
        verifiedPasswords,
        verifiedLifetime,
        throttle,
        sessions);
  }

  public AuthSettings withThrottle(ThrottleSettings newThrottle) {
    return new AuthSettings(
        defaultDomain,
        hostName,
        plainTextAnywhere,
        plainTextFromLoopback,
        sharedSecrets,
        verifiedPasswords,
        verifiedLifetime,
        newThrottle,
        sessions);
  }

  public AuthSettings withSessions(SessionLimits newSessions) {
    return new AuthSettings(
        defaultDomain,
        hostName,
        plainTextAnywhere,
        plainTextFromLoopback,
        sharedSecrets,
        verifiedPasswords,
        verifiedLifetime,
        throttle,
        newSessions);
  }
}
