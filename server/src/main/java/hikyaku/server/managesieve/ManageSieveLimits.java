package hikyaku.server.managesieve;

import java.time.Duration;

/**
 * What a client may take of a ManageSieve session.
 *
 * @param login how long a client may be silent before it has logged in; {@code net.login} is how
 *     long it may take to log in, whatever it says
 * @param idle the same afterwards; RFC 5804 §1.2 wants thirty minutes at least
 * @param command how long a client may be silent inside a command
 * @param errors replies to what is no command, or none in this state, until the session ends
 * @param failedLogins logins refused until the session ends
 */
public record ManageSieveLimits(
    Duration login, Duration idle, Duration command, int errors, int failedLogins) {
  public static final ManageSieveLimits DEFAULTS =
      new ManageSieveLimits(
          Duration.ofMinutes(10), Duration.ofMinutes(30), Duration.ofMinutes(2), 20, 5);

  public ManageSieveLimits {
    if (errors < 1 || failedLogins < 1) {
      throw new IllegalArgumentException("a session needs room for one error");
    }
  }
}
