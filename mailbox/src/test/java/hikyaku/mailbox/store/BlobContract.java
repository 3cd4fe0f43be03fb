package hikyaku.mailbox.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Blobs: what goes in comes out, is there once, and stays while it is named. */
public abstract class BlobContract extends StoreFixture {
  private static final Duration GRACE = Duration.ofHours(1);

  @ParameterizedTest
  @ValueSource(
      ints = {
        0,
        1,
        2,
        4095,
        4096,
        4097,
        32_767,
        65_535,
        65_536,
        65_537,
        131_071,
        131_072,
        131_073,
        BlobStore.INLINE - 1,
        BlobStore.INLINE,
        BlobStore.INLINE + 1,
        5_000_000
      })
  void ofEverySize(int size) {
    make(LOG, event("first"));
    for (byte[] content : List.of(noise(size, size), prose(size))) {
      Blob blob = put(content);
      assertThat(blob).isEqualTo(new Blob(idOf(content), size));
      assertThat(content(blob.id())).isEqualTo(content);
      append(LOG, event("x", 0, Tally.ZERO, blob.id()));
      reopen();
      assertThat(content(blob.id())).isEqualTo(content);
      assertRanges(blob.id(), content);
    }
  }

  private void assertRanges(BlobId id, byte[] content) {
    Random random = new Random(content.length);
    try (BlobReader reader = blobs().open(id)) {
      assertThat(reader.size()).isEqualTo(content.length);
      int[] places = {0, 1, 65_535, 65_536, 65_537, 131_072, content.length - 1, content.length};
      for (int i = 0; i < 40; i++) {
        int from =
            i < places.length
                ? Math.clamp(places[i], 0, content.length)
                : random.nextInt(content.length + 1);
        int length = random.nextInt(100_000);
        byte[] buffer = new byte[length + 2];
        int count = reader.read(from, buffer, 1, length);
        int expected = Math.min(length, content.length - from);
        assertThat(count).isEqualTo(expected);
        assertThat(Arrays.equals(buffer, 1, 1 + count, content, from, from + count)).isTrue();
        assertThat(buffer[0]).isZero();
        assertThat(buffer[1 + count]).isZero();
      }
      assertThat(reader.read(content.length + 1L, new byte[4], 0, 4)).isZero();
      assertThat(reader.read(Long.MAX_VALUE, new byte[4], 0, 4)).isZero();
      assertThatThrownBy(() -> reader.read(0, new byte[4], 2, 3))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> reader.read(-1, new byte[4], 0, 4))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void copyingAPart() throws IOException {
    byte[] content = noise(9, 700_000);
    Blob blob = put(content);
    try (BlobReader reader = blobs().open(blob.id())) {
      ByteArrayOutputStream part = new ByteArrayOutputStream();
      reader.copy(60_000, 400_000, part::write);
      assertThat(part.toByteArray()).isEqualTo(Arrays.copyOfRange(content, 60_000, 400_000));
    }
  }

  @Test
  void writtenInPiecesOfAnySize() {
    byte[] content = noise(5, 900_000);
    Random random = new Random(5);
    try (BlobWriter writer = blobs().create()) {
      int from = 0;
      while (from < content.length) {
        int piece =
            Math.min(random.nextInt(3) == 0 ? 0 : random.nextInt(200_000), content.length - from);
        byte[] own = Arrays.copyOfRange(content, from, from + piece);
        writer.write(own, 0, piece);
        Arrays.fill(own, (byte) 0);
        from += piece;
      }
      assertThat(writer.finish()).isEqualTo(new Blob(idOf(content), content.length));
    }
    assertThat(content(idOf(content))).isEqualTo(content);
  }

  @Test
  void aSingleInstanceOfEachContent() {
    byte[] small = prose(10_000);
    byte[] large = noise(7, 800_000);
    for (int i = 0; i < 3; i++) {
      put(small);
      put(large);
      if (i == 1) {
        reopen();
      }
    }
    List<Blob> expected =
        List.of(new Blob(idOf(small), small.length), new Blob(idOf(large), large.length)).stream()
            .sorted(Comparator.comparing(blob -> blob.id().toString()))
            .toList();
    assertThat(blobs().list(null, 10)).isEqualTo(expected);
    Store.Verified verified = assertWhole();
    assertThat(verified.blobs()).isEqualTo(2);
    assertThat(verified.blobOctets()).isEqualTo(810_000);
  }

  @Test
  void puttingTheSameContentAtOnce() throws Exception {
    for (int size : new int[] {3_000, 600_000}) {
      byte[] content = noise(size, size);
      List<Callable<Blob>> work = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        work.add(() -> put(content));
      }
      assertThat(together(work)).containsOnly(new Blob(idOf(content), size));
      assertThat(content(idOf(content))).isEqualTo(content);
    }
    assertThat(assertWhole().blobs()).isEqualTo(2);
  }

  @Test
  void aBlobGivenUpLeavesNothing() {
    byte[] content = noise(8, 2_000_000);
    try (BlobWriter writer = blobs().create()) {
      writer.write(content, 0, content.length);
    }
    try (BlobWriter writer = blobs().create()) {
      writer.write(content, 0, 10);
    }
    assertThatThrownBy(() -> blobs().open(idOf(content)))
        .isInstanceOf(StoreException.BlobMissing.class);
    assertThat(blobs().list(null, 10)).isEmpty();
    BlobWriter cutOff = blobs().create();
    cutOff.write(content, 0, content.length);
    reopen();
    cutOff.close();
    assertThat(blobs().list(null, 10)).isEmpty();
    assertThat(put(content).id()).isEqualTo(idOf(content));
  }

  @Test
  void aWriterEndsOnce() {
    BlobWriter writer = blobs().create();
    writer.write(new byte[] {1}, 0, 1);
    Blob blob = writer.finish();
    writer.close();
    assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> writer.write(new byte[1], 0, 1))
        .isInstanceOf(IllegalStateException.class);
    assertThat(content(blob.id())).isEqualTo(new byte[] {1});
  }

  @Test
  void listingInTheOrderOfIds() {
    List<Blob> expected = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      expected.add(put(noise(i, i)));
    }
    expected.sort(Comparator.comparing(blob -> blob.id().toString()));
    assertThat(blobs().list(null, 100)).isEqualTo(expected);
    assertThat(blobs().list(null, 7)).isEqualTo(expected.subList(0, 7));
    assertThat(blobs().list(expected.get(6).id(), 7)).isEqualTo(expected.subList(7, 14));
    assertThat(blobs().list(expected.get(39).id(), 7)).isEmpty();
  }

  @Test
  void onlyBlobsThatNobodyNamesOrPutLatelyAreSwept() {
    Blob named = put(noise(1, 1_000));
    Blob loose = put(noise(2, 2_000));
    Blob looseLarge = put(noise(3, 500_000));
    Blob putAgain = put(noise(4, 4_000));
    make(LOG, event("a", 1, Tally.ZERO, named.id()));
    assertThat(blobs().sweep(GRACE)).isEqualTo(new BlobStore.Swept(4, 0, 0));
    clock.advance(GRACE.minusSeconds(1));
    put(noise(4, 4_000));
    Blob fresh = put(noise(5, 5_000));
    clock.advance(Duration.ofSeconds(2));
    assertThat(blobs().sweep(GRACE)).isEqualTo(new BlobStore.Swept(5, 2, 502_000));
    for (Blob gone : List.of(loose, looseLarge)) {
      assertThatThrownBy(() -> blobs().open(gone.id()))
          .isInstanceOf(StoreException.BlobMissing.class);
    }
    for (Blob kept : List.of(named, putAgain, fresh)) {
      assertThat(content(kept.id())).hasSize((int) kept.size());
    }
    assertThat(content(put(noise(2, 2_000)).id())).isEqualTo(noise(2, 2_000));
    assertThat(content(put(noise(3, 500_000)).id())).isEqualTo(noise(3, 500_000));
  }

  @Test
  void aDroppedLogLetsItsBlobsGo() {
    Blob one = put(noise(1, 1_000));
    Blob shared = put(noise(2, 1_000));
    make(LOG, event("a", 1, Tally.ZERO, one.id(), shared.id()));
    make(OTHER, event("a", 1, Tally.ZERO, shared.id()));
    logs().drop(LOG);
    clock.advance(GRACE.plusSeconds(1));
    assertThat(blobs().sweep(GRACE)).isEqualTo(new BlobStore.Swept(2, 1, 1_000));
    assertThat(blobs().list(null, 10)).containsExactly(shared);
  }

  @Test
  void aReaderOfASweptBlobIsTold() {
    Blob blob = put(noise(1, 1_000_000));
    try (BlobReader reader = blobs().open(blob.id())) {
      clock.advance(GRACE.plusSeconds(1));
      assertThat(blobs().sweep(GRACE).removed()).isEqualTo(1);
      byte[] buffer = new byte[10];
      try {
        assertThat(reader.read(500_000, buffer, 0, 10)).isEqualTo(10);
        assertThat(buffer).isEqualTo(Arrays.copyOfRange(noise(1, 1_000_000), 500_000, 500_010));
      } catch (StoreException.BlobMissing e) {
        assertThat(e).hasMessageContaining(blob.id().toString());
      }
    }
  }
}
