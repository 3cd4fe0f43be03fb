package hikyaku.server.pop3;

import java.time.Duration;

/**
 * What an operator can set for POP3.
 *
 * @param exclusive whether a second session of a maildrop is refused with [IN-USE] (RFC 1939 §4,
 *     RFC 2449 §8.1.2), whichever node it comes to; it costs the store two small writes a session.
 *     By default they share it
 * @param loginDelay the least time between two logins of an account (RFC 2449 §6.5), full seconds
 *     by the nodes' clocks; it costs the store a small write a session; an earlier one is refused
 *     with [LOGIN-DELAY]. Zero, the default, for none
 * @param limits what a session may take
 */
public record Pop3Settings(boolean exclusive, Duration loginDelay, Pop3Limits limits) {
  public static final Pop3Settings DEFAULTS =
      new Pop3Settings(false, Duration.ZERO, Pop3Limits.DEFAULTS);

  public Pop3Settings {
    if (loginDelay.isNegative() || loginDelay.toNanosPart() != 0) {
      throw new IllegalArgumentException("login delay in full seconds, not " + loginDelay);
    }
  }
}
