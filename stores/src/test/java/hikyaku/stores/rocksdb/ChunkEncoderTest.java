package hikyaku.stores.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.stores.rocksdb.proto.ChunkRecord;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever is coded comes back, and what compresses is compressed. */
class ChunkEncoderTest {
  private static final byte[] KEY = Keys.chunk(1, 0);

  private static byte[] decoded(ChunkRecord chunk) {
    return Chunks.decode(Column.CHUNKS, KEY, Frames.encode(KEY, chunk));
  }

  @Test
  void takesLongAndShortInTurns() {
    Random random = new Random(1);
    try (ChunkEncoder encoder = new ChunkEncoder(1)) {
      for (int length :
          new int[] {0, 1, 63, 64, 65, 4_000, Chunks.SIZE, 100, Chunks.SIZE - 1, 70}) {
        byte[] text = new byte[length + 7];
        Arrays.fill(text, (byte) 'a');
        ChunkRecord compressed = encoder.encode(text, 7, length);
        assertThat(decoded(compressed)).isEqualTo(Arrays.copyOfRange(text, 7, text.length));
        assertThat(compressed.getCoding())
            .isEqualTo(length < 64 ? ChunkRecord.Coding.RAW : ChunkRecord.Coding.ZSTD);

        byte[] noise = new byte[length + 7];
        random.nextBytes(noise);
        ChunkRecord raw = encoder.encode(noise, 7, length);
        assertThat(decoded(raw)).isEqualTo(Arrays.copyOfRange(noise, 7, noise.length));
        assertThat(raw.getCoding()).isEqualTo(ChunkRecord.Coding.RAW);
      }
    }
  }

  @Test
  void dividesIntoChunks() {
    byte[] content = new byte[2 * Chunks.SIZE + 100];
    new Random(2).nextBytes(content);
    Arrays.fill(content, 0, Chunks.SIZE, (byte) 'b');
    try (ChunkEncoder encoder = new ChunkEncoder(1)) {
      List<ChunkRecord> chunks = encoder.encode(content);
      assertThat(chunks)
          .extracting(ChunkRecord::getSize)
          .containsExactly(Chunks.SIZE, Chunks.SIZE, 100);
      for (int i = 0; i < chunks.size(); i++) {
        int from = i * Chunks.SIZE;
        assertThat(decoded(chunks.get(i)))
            .isEqualTo(
                Arrays.copyOfRange(content, from, Math.min(content.length, from + Chunks.SIZE)));
      }
    }
  }
}
