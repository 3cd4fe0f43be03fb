package hikyaku.server.dkim;

import com.google.protobuf.ByteString;
import hikyaku.server.auth.SecretSealer;
import hikyaku.server.directory.Credentials;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;

/** Keys for tests. */
public final class TestKeys {
  private TestKeys() {}

  /** A sealer of an installation whose key is made from a word. */
  public static SecretSealer sealer(String word) {
    return new SecretSealer(
        purpose -> Arrays.copyOf((word + purpose).getBytes(StandardCharsets.UTF_8), 32),
        "t",
        new SecureRandom());
  }

  static DkimKey key(String domain, String selector, KeyMaterial material) {
    return new DkimKey(
        domain,
        selector,
        material.algorithm(),
        DkimKey.State.ACTIVE,
        material.publicKey(),
        new Credentials.Sealed(ByteString.EMPTY, ByteString.EMPTY),
        false,
        Instant.EPOCH,
        Instant.EPOCH);
  }
}
