package hikyaku.server.auth;

/**
 * The cost of Argon2id (RFC 9106). Changing it makes each account's hash anew at its next login by
 * password.
 *
 * @param memoryKib KiB of memory for one hash. 19456: with two passes the least that OWASP's
 *     password storage guide asks for; a few at a time fit any heap
 * @param passes over that memory. 2
 * @param lanes computed one after the other here, so they only cost. 1
 */
public record Argon2Parameters(int memoryKib, int passes, int lanes) {
  public static final Argon2Parameters DEFAULTS = new Argon2Parameters(19_456, 2, 1);

  /** The most memory that a stored hash may ask for, in KiB: it comes from our own store. */
  static final int MAX_MEMORY_KIB = 256 * 1024;

  static final int MAX_PASSES = 64;
  static final int MAX_LANES = 16;

  public Argon2Parameters {
    boolean sane =
        lanes >= 1
            && lanes <= MAX_LANES
            && memoryKib >= 8 * lanes
            && memoryKib <= MAX_MEMORY_KIB
            && passes >= 1
            && passes <= MAX_PASSES;
    if (!sane) {
      throw new IllegalArgumentException("Argon2 parameters out of range");
    }
  }
}
