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
 * @param channelBinding whether SCRAM-SHA-256-PLUS is offered under TLS. true; false for clients
 *     that choose it and cannot do it, as mutt's submission does
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
    boolean channelBinding,
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
        true,
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
        channelBinding,
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
        channelBinding,
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
        channelBinding,
        verifiedPasswords,
        verifiedLifetime,
        throttle,
        sessions);
  }

  public AuthSettings withChannelBinding(boolean offered) {
    return new AuthSettings(
        defaultDomain,
        hostName,
        plainTextAnywhere,
        plainTextFromLoopback,
        sharedSecrets,
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
        channelBinding,
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
        channelBinding,
        verifiedPasswords,
        verifiedLifetime,
        throttle,
        newSessions);
  }
}
