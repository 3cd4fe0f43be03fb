package hikyaku.server.auth;

/**
 * Bounds of password hashing.
 *
 * @param threads hashes computed at once; each takes a core and {@link
 *     Argon2Parameters#memoryKib()}. The number of cores, at most 8
 * @param waiting logins that may wait for theirs, those being computed included. 256: some seconds'
 *     worth. Beyond it a login is {@link LoginResult.Unavailable}
 * @param passwordOctets UTF-8 octets of a password. 1024: longer than any, short enough to hash
 * @param scramIterations of PBKDF2 for SCRAM-SHA-256, computed by the client at each login and here
 *     when a password is set. 50000: as much as widespread clients take, which refuse more than
 *     65536
 */
public record HashingLimits(int threads, int waiting, int passwordOctets, int scramIterations) {
  public static final HashingLimits DEFAULTS =
      new HashingLimits(
          Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 8), 256, 1024, 50_000);

  public HashingLimits {
    if (threads < 1 || waiting < 1 || passwordOctets < 8 || scramIterations < 4096) {
      throw new IllegalArgumentException("hashing limits out of range");
    }
  }
}
