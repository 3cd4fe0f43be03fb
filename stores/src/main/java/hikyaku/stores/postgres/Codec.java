package hikyaku.stores.postgres;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.base.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.zip.CRC32C;

/**
 * Packs and unpacks the pieces in which blobs and snapshots are kept, on platform threads: the
 * compressor is native code.
 */
final class Codec implements AutoCloseable {
  /** Octets of a piece, but for the last. */
  static final int SIZE = 64 * 1024;

  static final int RAW = 0;
  static final int ZSTD = 1;

  /** Less is not worth a try: a Zstandard frame has some twenty octets of its own. */
  private static final int WORTH_COMPRESSING = 64;

  /** For threads that only compute. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /**
   * A piece as it is kept.
   *
   * @param size of what it stands for
   * @param crc CRC-32C of its octets as they are kept
   */
  record Piece(int coding, int size, int crc, byte[] octets) {}

  private final int level;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          Math.max(2, Runtime.getRuntime().availableProcessors()),
          Thread.ofPlatform().daemon().name("postgres-codec-", 0).factory());

  Codec(int level) {
    this.level = level;
  }

  /** All of an array, in pieces. */
  List<Piece> encode(byte[] content, int length) {
    return call(() -> {
      List<Piece> pieces = new ArrayList<>();
      for (int from = 0; from < length; from += SIZE) {
        pieces.add(encode(content, from, Math.min(SIZE, length - from)));
      }
      return pieces;
    });
  }

  private Piece encode(byte[] content, int from, int length) {
    if (length >= WORTH_COMPRESSING) {
      byte[] packed = new byte[(int) Zstd.compressBound(length)];
      long count = Zstd.compressByteArray(packed, 0, packed.length, content, from, length, level);
      if (!Zstd.isError(count) && count < length - length / 16) {
        return piece(ZSTD, length, Arrays.copyOf(packed, (int) count));
      }
    }
    return piece(RAW, length, Arrays.copyOfRange(content, from, from + length));
  }

  private static Piece piece(int coding, int size, byte[] octets) {
    return new Piece(coding, size, crc(octets), octets);
  }

  /**
   * What the pieces stand for, one after the other.
   *
   * @param what for whom one is unsound, in words
   */
  List<byte[]> decode(List<Piece> pieces, String what) {
    return call(() -> pieces.stream().map(piece -> decode(piece, what)).toList());
  }

  private static byte[] decode(Piece piece, String what) {
    if (crc(piece.octets()) != piece.crc()) {
      throw new StoreException.Corrupt(what + " does not pass its checksum", null);
    }
    if (piece.size() < 0 || piece.size() > SIZE) {
      throw new StoreException.Corrupt(what + " is said to have " + piece.size() + " octets", null);
    }
    byte[] octets =
        switch (piece.coding()) {
          case RAW -> piece.octets();
          case ZSTD -> unpack(piece, what);
          default -> throw new StoreException.Corrupt(what + " has an unknown coding", null);
        };
    if (octets.length != piece.size()) {
      throw new StoreException.Corrupt(what + " has " + octets.length + " octets", null);
    }
    return octets;
  }

  private static byte[] unpack(Piece piece, String what) {
    try {
      byte[] octets = new byte[piece.size()];
      long count = Zstd.decompress(octets, piece.octets());
      return count == octets.length ? octets : Arrays.copyOf(octets, (int) count);
    } catch (ZstdException e) {
      throw new StoreException.Corrupt(what + " cannot be unpacked", e);
    }
  }

  static int crc(byte[]... parts) {
    CRC32C crc = new CRC32C();
    for (byte[] part : parts) {
      crc.update(part, 0, part.length);
    }
    return (int) crc.getValue();
  }

  private <T> T call(Supplier<T> work) {
    return Waiting.forAnswer(
        Waiting.begin(threads, work), PATIENCE, "packing has not come back in time");
  }

  @Override
  public void close() {
    threads.close();
  }
}
