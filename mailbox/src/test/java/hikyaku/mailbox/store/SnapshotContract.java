package hikyaku.mailbox.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Snapshots and compaction. */
abstract class SnapshotContract extends StoreFixture {
  private static Snapshot snapshot(long seq, String state) {
    return new Snapshot(seq, ByteString.copyFromUtf8(state));
  }

  @Test
  void theLatestSnapshotIsKept() {
    make(LOG, event("a"), event("b"), event("c"));
    logs().saveSnapshot(LOG, snapshot(1, "at one"));
    assertThat(logs().snapshot(LOG)).contains(snapshot(1, "at one"));
    logs().saveSnapshot(LOG, snapshot(3, "at three"));
    logs().saveSnapshot(LOG, snapshot(2, "at two"));
    assertThat(logs().snapshot(LOG)).contains(snapshot(3, "at three"));
    logs().saveSnapshot(LOG, snapshot(3, "at three again"));
    reopen();
    assertThat(logs().snapshot(LOG)).contains(snapshot(3, "at three again"));
    assertThat(logs().snapshot(OTHER)).isEmpty();
    assertThat(texts(all(LOG))).containsExactly("a", "b", "c");
    assertThat(append(LOG, event("d")).lastSeq()).isEqualTo(4);
  }

  @Test
  void aSnapshotAheadOfItsLogIsRefused() {
    make(LOG, event("a"));
    for (long seq : new long[] {-1, 0, 2}) {
      assertThatThrownBy(() -> logs().saveSnapshot(LOG, snapshot(seq, "x")))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> logs().saveSnapshot(OTHER, snapshot(1, "x")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(logs().snapshot(LOG)).isEmpty();
  }

  @Test
  void statesOfEverySize() {
    make(LOG, event("a"));
    int[] sizes = {3_000_000, 0, 65_536, 65_537, 1, 65_535, 200_000};
    for (int size : sizes) {
      ByteString state = ByteString.copyFrom(size % 2 == 0 ? noise(size, size) : prose(size));
      logs().saveSnapshot(LOG, new Snapshot(1, state));
      assertThat(logs().snapshot(LOG)).contains(new Snapshot(1, state));
      assertWhole();
    }
    reopen();
    assertThat(logs().snapshot(LOG).orElseThrow().state().size()).isEqualTo(200_000);
  }

  @Test
  void onlyDeadEntriesGo() {
    make(
        LOG,
        IntStream.rangeClosed(1, 30)
            .mapToObj(i -> event("e" + i, 1, new Tally(1, i)))
            .toArray(Event[]::new));
    Head head = logs().head(LOG);
    logs().saveSnapshot(LOG, snapshot(20, "fold"));
    logs().compact(LOG, new long[] {1, 2, 5, 20});
    logs().compact(LOG, new long[] {2, 3});
    logs().compact(LOG, new long[0]);
    reopen();
    assertThat(all(LOG).stream().mapToLong(Entry::seq).toArray())
        .isEqualTo(
            LongStream.rangeClosed(1, 30)
                .filter(seq -> seq != 1 && seq != 2 && seq != 3 && seq != 5 && seq != 20)
                .toArray());
    assertThat(logs().read(LOG, 0, 6, 2).stream().map(Entry::seq)).containsExactly(4L, 6L);
    assertThat(logs().read(LOG, 0, 3, 10)).isEmpty();
    assertThat(logs().head(LOG)).isEqualTo(head);
    assertThat(append(LOG, event("next", 1, Tally.ZERO)))
        .isEqualTo(new Appended(LOG, 31, 31, 31, false));
  }

  @Test
  void whatIsCompactedByManyAtOnceIsCountedOnce() throws Exception {
    make(
        LOG,
        IntStream.rangeClosed(1, 600)
            .mapToObj(i -> event("e" + i, 1, new Tally(1, i)))
            .toArray(Event[]::new));
    logs().saveSnapshot(LOG, snapshot(600, "fold"));
    Head head = logs().head(LOG);
    together(
        IntStream.of(1, 2, 3, 4)
            .<Callable<Boolean>>mapToObj(step ->
                () -> {
                  logs()
                      .compact(
                          LOG,
                          LongStream.rangeClosed(1, 600).filter(seq -> seq % step == 0).toArray());
                  return true;
                })
            .toList());
    reopen();
    assertThat(all(LOG)).isEmpty();
    assertThat(logs().head(LOG)).isEqualTo(head);
  }

  @Test
  void allOfALogMayBeCompacted() {
    make(LOG, IntStream.range(0, 700).mapToObj(i -> event("e" + i)).toArray(Event[]::new));
    logs().saveSnapshot(LOG, snapshot(700, "fold"));
    logs().compact(LOG, LongStream.rangeClosed(1, 700).toArray());
    assertThat(all(LOG)).isEmpty();
    assertThat(logs().head(LOG).seq()).isEqualTo(700);
    reopen();
    append(LOG, event("next"));
    assertThat(texts(all(LOG))).containsExactly("next");
  }

  @Test
  void compactionAboveTheSnapshotIsRefused() {
    make(LOG, event("a"), event("b"));
    assertThatThrownBy(() -> logs().compact(LOG, new long[] {1}))
        .isInstanceOf(IllegalArgumentException.class);
    logs().saveSnapshot(LOG, snapshot(1, "fold"));
    assertThatThrownBy(() -> logs().compact(LOG, new long[] {1, 2}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> logs().compact(LOG, new long[] {1, 1}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(texts(all(LOG))).containsExactly("a", "b");
  }

  @Test
  void blobsOfCompactedEntriesMayBeSwept() {
    Blob dead = put(noise(1, 100));
    Blob shared = put(noise(2, 300_000));
    make(
        LOG,
        event("a", 1, Tally.ZERO, dead.id(), shared.id(), dead.id()),
        event("b", 1, Tally.ZERO, shared.id()));
    clock.advance(Duration.ofHours(2));
    assertThat(blobs().sweep(Duration.ofHours(1)).removed()).isZero();
    logs().saveSnapshot(LOG, snapshot(2, "fold"));
    logs().compact(LOG, new long[] {1});
    assertWhole();
    assertThat(blobs().sweep(Duration.ofHours(1))).isEqualTo(new BlobStore.Swept(2, 1, 100));
    assertThatThrownBy(() -> blobs().open(dead.id()))
        .isInstanceOf(StoreException.BlobMissing.class);
    assertThat(content(shared.id())).isEqualTo(noise(2, 300_000));
  }
}
