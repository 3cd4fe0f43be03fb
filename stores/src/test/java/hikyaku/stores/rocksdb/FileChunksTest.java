package hikyaku.stores.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.rocksdb.proto.FileIndexRecord;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is read of a blob's file, and when. */
final class FileChunksTest {
  private static final long NUMBER = 7;
  private static final int CHUNKS = 12;
  private static final byte[] NOTHING = {};

  /** Octets that do not compress, so that a window holds one chunk, and after them some that do. */
  private static final byte[] CONTENT = content();

  private final Disk disk = new Disk();
  private final FileChunks chunks =
      new FileChunks(
          Path.of("file"),
          new BlobState(NUMBER, CONTENT.length, Chunks.SIZE, 0, disk.fileOctets),
          disk);

  private static byte[] content() {
    byte[] octets = new byte[CHUNKS * Chunks.SIZE - 100];
    new Random(1).nextBytes(octets);
    Arrays.fill(octets, octets.length / 2, octets.length, (byte) 'a');
    return octets;
  }

  private static byte[] expected(int index) {
    int from = index * Chunks.SIZE;
    return Arrays.copyOfRange(CONTENT, from, Math.min(CONTENT.length, from + Chunks.SIZE));
  }

  /** A file in memory. What was begun is read when it is waited for. */
  private static final class Disk implements FileChunks.Source {
    final FileAhead ahead = new FileAhead(2L * FileChunks.WINDOW);
    final List<Integer> readSingly = new ArrayList<>();
    int begun;
    boolean broken;
    boolean failsAhead;
    byte[] file;
    final long fileOctets;

    Disk() {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      FileIndexRecord.Builder index = FileIndexRecord.newBuilder();
      try (ChunkEncoder encoder = new ChunkEncoder(2)) {
        for (int i = 0; i < CHUNKS; i++) {
          byte[] frame =
              Frames.encode(Keys.chunk(NUMBER, i), encoder.encode(expected(i)).getFirst());
          index.addChunkOctets(frame.length);
          all.writeBytes(frame);
        }
      }
      fileOctets = all.size();
      all.writeBytes(Frames.encode(Keys.number(NUMBER), index.build()));
      file = all.toByteArray();
    }

    private Optional<byte[]> octets(long from, int length) {
      if (broken) {
        throw new StoreException.Unavailable("the disk is broken", null);
      }
      int start = (int) Math.min(from, file.length);
      return Optional.of(Arrays.copyOfRange(file, start, Math.min(file.length, start + length)));
    }

    @Override
    public Optional<byte[]> read(Path path, long from, int length) {
      readSingly.add(length);
      return octets(from, length);
    }

    @Override
    public FileChunks.@Nullable Begun begin(Path path, long from, int length) {
      FileAhead.Room room = ahead.take(length);
      if (room == null) {
        return null;
      }
      begun++;
      boolean failed = failsAhead;
      return new FileChunks.Begun() {
        @Override
        public Optional<byte[]> octets() {
          if (failed) {
            throw new StoreException.Unavailable("too many files were open", null);
          }
          return Disk.this.octets(from, length);
        }

        @Override
        public boolean hasFailed() {
          return failed;
        }

        @Override
        public void release() {
          room.close();
        }
      };
    }
  }

  @Test
  void whoGoesOnIsReadAheadForWithinTheRoomThatThereIs() {
    byte[] spare = NOTHING;
    for (int index = 0; index < CHUNKS; index++) {
      spare = chunks.chunk(index, spare);
      assertThat(spare).isEqualTo(expected(index));
      assertThat(disk.ahead.taken()).isLessThanOrEqualTo(2L * FileChunks.WINDOW);
    }
    assertThat(disk.readSingly).as("the index and the first two chunks").hasSize(3);
    assertThat(disk.begun).as("what compresses comes in one window").isBetween(4, CHUNKS - 3);
    chunks.close();
    assertThat(disk.ahead.taken()).isZero();
  }

  @Test
  void whoWantsOneChunkHasNoOtherRead() {
    assertThat(chunks.chunk(0, NOTHING)).isEqualTo(expected(0));
    assertThat(disk.begun).isZero();
    assertThat(chunks.chunk(0, NOTHING)).isEqualTo(expected(0));
    assertThat(disk.begun).isZero();
    assertThat(disk.readSingly)
        .as("the index, and the chunk twice: what no room was taken for is not kept")
        .hasSize(3);
  }

  @Test
  void anyOrderGivesTheSameAndHoldsNoMore() {
    Random random = new Random(2);
    for (int i = 0; i < 200; i++) {
      int index = i % 3 == 0 ? random.nextInt(CHUNKS) : i % CHUNKS;
      assertThat(chunks.chunk(index, NOTHING)).isEqualTo(expected(index));
      assertThat(disk.ahead.taken()).isLessThanOrEqualTo(2L * FileChunks.WINDOW);
    }
    chunks.close();
    assertThat(disk.ahead.taken()).isZero();
  }

  @Test
  void withoutRoomItIsReadWhenItIsWanted() {
    FileAhead.Room all = disk.ahead.take(2 * FileChunks.WINDOW);
    assertThat(all).isNotNull();
    for (int index = 0; index < CHUNKS; index++) {
      assertThat(chunks.chunk(index, NOTHING)).isEqualTo(expected(index));
    }
    assertThat(disk.begun).isZero();
    assertThat(disk.readSingly).hasSize(CHUNKS + 1);
    all.close();
    all.close();
    assertThat(disk.ahead.taken()).isZero();
  }

  @Test
  void aReadThatFailsIsToldOfAndTriedAgain() {
    assertThat(chunks.chunk(0, NOTHING)).isEqualTo(expected(0));
    assertThat(chunks.chunk(1, NOTHING)).isEqualTo(expected(1));
    disk.broken = true;
    assertThatThrownBy(() -> chunks.chunk(2, NOTHING))
        .isInstanceOf(StoreException.Unavailable.class);
    assertThat(disk.ahead.taken()).isZero();
    disk.broken = false;
    assertThat(chunks.chunk(2, NOTHING)).isEqualTo(expected(2));
    assertThat(chunks.chunk(3, NOTHING)).isEqualTo(expected(3));
  }

  @Test
  void whatFailedAheadIsReadWhenItIsWanted() {
    assertThat(chunks.chunk(0, NOTHING)).isEqualTo(expected(0));
    disk.failsAhead = true;
    assertThat(chunks.chunk(1, NOTHING)).isEqualTo(expected(1));
    assertThat(disk.begun).isEqualTo(1);
    disk.failsAhead = false;
    int read = disk.readSingly.size();
    assertThat(chunks.chunk(2, NOTHING)).isEqualTo(expected(2));
    assertThat(disk.readSingly).hasSize(read + 1);
    assertThat(disk.begun).as("and it goes on ahead").isEqualTo(2);
    assertThat(chunks.chunk(3, NOTHING)).isEqualTo(expected(3));
    assertThat(disk.readSingly).hasSize(read + 1);
    chunks.close();
    assertThat(disk.ahead.taken()).isZero();
  }

  @Test
  void damageAndACutAreFoundWhereTheyAre() {
    for (int index = 0; index < CHUNKS - 2; index++) {
      assertThat(chunks.chunk(index, NOTHING)).isEqualTo(expected(index));
    }
    chunks.close();
    disk.file[(int) disk.fileOctets - 3] ^= 1;
    assertThat(chunks.chunk(CHUNKS - 3, NOTHING)).isEqualTo(expected(CHUNKS - 3));
    assertThat(chunks.chunk(CHUNKS - 2, NOTHING)).isEqualTo(expected(CHUNKS - 2));
    assertThatThrownBy(() -> chunks.chunk(CHUNKS - 1, NOTHING))
        .isInstanceOf(StoreException.Corrupt.class)
        .hasMessageContaining("piece " + (CHUNKS - 1));
    disk.file = Arrays.copyOf(disk.file, (int) disk.fileOctets - 20);
    chunks.close();
    assertThatThrownBy(() -> chunks.chunk(CHUNKS - 1, NOTHING))
        .isInstanceOf(StoreException.Corrupt.class);
    assertThat(chunks.chunk(0, NOTHING)).isEqualTo(expected(0));
  }

  @Test
  void anArrayThatIsGivenIsUsedWhereItFits() {
    byte[] spare = new byte[Chunks.SIZE];
    assertThat(chunks.chunk(0, spare)).isSameAs(spare).isEqualTo(expected(0));
    assertThat(chunks.chunk(CHUNKS - 2, spare)).isSameAs(spare).isEqualTo(expected(CHUNKS - 2));
    assertThat(chunks.chunk(CHUNKS - 1, spare)).isNotSameAs(spare).isEqualTo(expected(CHUNKS - 1));
  }
}
