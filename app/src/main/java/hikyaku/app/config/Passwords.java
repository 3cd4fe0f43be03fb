package hikyaku.app.config;

import hikyaku.server.auth.Argon2Parameters;
import hikyaku.server.auth.HashingLimits;

/**
 * How passwords are kept.
 *
 * @param argon2 the cost of a password's hash
 * @param hashing bounds of hashing
 */
public record Passwords(Argon2Parameters argon2, HashingLimits hashing) {
  public static final Passwords DEFAULTS =
      new Passwords(Argon2Parameters.DEFAULTS, HashingLimits.DEFAULTS);
}
