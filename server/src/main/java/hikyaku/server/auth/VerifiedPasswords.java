package hikyaku.server.auth;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Remembers for a short time that a password was right, so that a POP3 client that polls does not
 * cost a hash each time. Keeps no password, only its digest under a key that dies with the process.
 * The version of the account is part of the digest: any change of the account makes it forgotten.
 */
final class VerifiedPasswords {
  private final byte[] key = new byte[32];
  private final Duration lifetime;
  private final InstantSource clock;
  private final Map<ByteBuffer, Instant> until;

  /** Remembers at most {@code capacity} passwords, each for its lifetime. */
  VerifiedPasswords(int capacity, Duration lifetime, InstantSource clock, SecureRandom random) {
    random.nextBytes(key);
    this.lifetime = lifetime;
    this.clock = clock;
    this.until =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Instant> eldest) {
            return size() > capacity;
          }
        };
  }

  /** A digest of a name and a password that means nothing outside of this process. */
  byte[] fingerprint(String name, long version, byte[] password) {
    byte[] named = (name + '\0' + version + '\0').getBytes(StandardCharsets.UTF_8);
    return Crypto.hmac(key, named, password);
  }

  synchronized boolean contains(byte[] fingerprint) {
    Instant end = until.get(ByteBuffer.wrap(fingerprint));
    return end != null && clock.instant().isBefore(end);
  }

  synchronized void add(byte[] fingerprint) {
    until.put(ByteBuffer.wrap(fingerprint), clock.instant().plus(lifetime));
  }
}
