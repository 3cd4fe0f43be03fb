package hikyaku.server.foreign;

import java.time.Duration;

/**
 * How long foreign servers may take.
 *
 * @param connect to be connected to; the login is not possible now
 * @param login for all of the login, TLS included; the login is not possible now
 */
public record ForeignSettings(Duration connect, Duration login) {
  public static final ForeignSettings DEFAULTS =
      new ForeignSettings(Duration.ofSeconds(10), Duration.ofSeconds(30));
}
