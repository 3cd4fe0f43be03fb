package hikyaku.stores.rocksdb;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;
import com.google.protobuf.UnsafeByteOperations;
import hikyaku.stores.rocksdb.proto.ChunkRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Compresses chunks where that helps. Keeps what Zstandard works with, for to make that anew takes
 * about as long as to compress a short message. Native code that computes and never waits.
 */
final class ChunkEncoder implements AutoCloseable {
  /** Less is not worth a try: a Zstandard frame has some twenty octets of its own. */
  private static final int WORTH_COMPRESSING = 64;

  /** Workplaces kept at most: more are never at work, but for threads that have lost their turn. */
  private static final int KEPT = 2 * Runtime.getRuntime().availableProcessors();

  private final int level;
  private final Queue<Workplace> idle = new ArrayBlockingQueue<>(KEPT);
  private volatile boolean closed;

  /**
   * @param level of Zstandard
   */
  ChunkEncoder(int level) {
    this.level = level;
  }

  /** What one compression at a time needs. */
  private static final class Workplace {
    private final ZstdCompressCtx context;
    private byte[] packed = new byte[0];

    Workplace(int level) {
      context = new ZstdCompressCtx().setLevel(level);
    }

    /** The octets compressed; null if that does not make them much fewer. */
    byte @Nullable [] pack(byte[] content, int from, int length) {
      // Where there is room for no more, what does not help ends early.
      int most = length - length / 16 - 1;
      if (packed.length < most) {
        packed = new byte[Math.min(Chunks.SIZE, 2 * most)];
      }
      try {
        int count = context.compressByteArray(packed, 0, most, content, from, length);
        return Arrays.copyOf(packed, count);
      } catch (ZstdException e) {
        return null;
      }
    }
  }

  /**
   * All of an array, in chunks. The array belongs to the chunks from now on: where compressing does
   * not help, they hold it.
   */
  List<ChunkRecord> encode(byte[] content) {
    List<ChunkRecord> chunks = new ArrayList<>();
    for (int from = 0; from < content.length; from += Chunks.SIZE) {
      chunks.add(encode(content, from, Math.min(Chunks.SIZE, content.length - from)));
    }
    return chunks;
  }

  /** Part of an array as one chunk, to which the array belongs from now on. */
  ChunkRecord encode(byte[] content, int from, int length) {
    byte[] packed = length < WORTH_COMPRESSING ? null : pack(content, from, length);
    return packed == null
        ? Chunks.raw(content, from, length)
        : ChunkRecord.newBuilder()
            .setCoding(ChunkRecord.Coding.ZSTD)
            .setSize(length)
            .setOctets(UnsafeByteOperations.unsafeWrap(packed))
            .build();
  }

  private byte @Nullable [] pack(byte[] content, int from, int length) {
    Workplace taken = idle.poll();
    Workplace workplace = taken == null ? new Workplace(level) : taken;
    try {
      return workplace.pack(content, from, length);
    } finally {
      if (!idle.offer(workplace)) {
        workplace.context.close();
      }
      if (closed) {
        close();
      }
    }
  }

  /** Lets go of what is kept; who still encodes does so at its end. */
  @Override
  public void close() {
    closed = true;
    for (Workplace each = idle.poll(); each != null; each = idle.poll()) {
      each.context.close();
    }
  }
}
