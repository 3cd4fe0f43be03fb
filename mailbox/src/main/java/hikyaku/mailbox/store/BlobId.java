package hikyaku.mailbox.store;

import com.google.protobuf.ByteString;
import java.util.HexFormat;

/**
 * The name of a blob: the SHA-256 of its octets.
 *
 * @param sha256 32 octets
 */
public record BlobId(ByteString sha256) {
  public static final int LENGTH = 32;

  public BlobId {
    if (sha256.size() != LENGTH) {
      throw new IllegalArgumentException("a blob id has 32 octets, not " + sha256.size());
    }
  }

  public static BlobId of(byte[] sha256) {
    return new BlobId(ByteString.copyFrom(sha256));
  }

  public static BlobId parse(String hex) {
    return of(HexFormat.of().parseHex(hex));
  }

  /** 64 lower-case hexadecimal digits. */
  @Override
  public String toString() {
    return HexFormat.of().formatHex(sha256.toByteArray());
  }
}
