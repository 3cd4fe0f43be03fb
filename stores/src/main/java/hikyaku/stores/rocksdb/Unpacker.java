package hikyaku.stores.rocksdb;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * Takes apart what Zstandard has compressed, where it is. What it works with is kept for the next,
 * for the whole process: to make it anew takes a fifth of the time of a chunk. Native code that
 * computes and never waits.
 */
final class Unpacker extends ByteOutput {
  /** Kept at most: more are never at work, but for threads that have lost their turn. */
  private static final int KEPT = 2 * Runtime.getRuntime().availableProcessors();

  private static final Queue<ZstdDecompressCtx> IDLE = new ArrayBlockingQueue<>(KEPT);

  private final ZstdDecompressCtx context;
  private final byte[] octets;
  private int count;

  private Unpacker(ZstdDecompressCtx context, byte[] octets) {
    this.context = context;
    this.octets = octets;
  }

  /**
   * Takes octets apart.
   *
   * @param into where they come to
   * @return how many they are
   * @throws ZstdException if they are more than fit, or cannot be taken apart
   */
  static int unpack(ByteString packed, byte[] into) {
    ZstdDecompressCtx idle = IDLE.poll();
    ZstdDecompressCtx context = idle == null ? new ZstdDecompressCtx() : idle;
    try {
      Unpacker unpacker = new Unpacker(context, into);
      // Gives the array that is behind, which nothing else does without a copy.
      UnsafeByteOperations.unsafeWriteTo(packed, unpacker);
      return unpacker.count;
    } catch (IOException e) {
      throw new IllegalStateException("nothing here is input or output", e);
    } finally {
      if (!IDLE.offer(context)) {
        context.close();
      }
    }
  }

  @Override
  public void write(byte[] value, int offset, int length) {
    count = context.decompressByteArray(octets, 0, octets.length, value, offset, length);
  }

  @Override
  public void writeLazy(byte[] value, int offset, int length) {
    write(value, offset, length);
  }

  @Override
  public void write(byte value) {
    write(new byte[] {value}, 0, 1);
  }

  @Override
  public void write(ByteBuffer value) {
    byte[] copy = new byte[value.remaining()];
    value.get(copy);
    write(copy, 0, copy.length);
  }

  @Override
  public void writeLazy(ByteBuffer value) {
    write(value);
  }
}
