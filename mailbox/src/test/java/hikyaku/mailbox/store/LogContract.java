package hikyaku.mailbox.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Appending, heads, reading, listing, dropping. */
abstract class LogContract extends StoreFixture {
  @Test
  void aLogThatIsNotThere() {
    assertThat(logs().head(LOG)).isEqualTo(Head.NONE);
    assertThat(all(LOG)).isEmpty();
    assertThat(logs().snapshot(LOG)).isEmpty();
    assertThat(logs().append(Append.to(LOG, List.of(event("a")))))
        .isEqualTo(new Conflict(LOG, Head.NONE));
    logs().drop(LOG);
    assertThat(logs().list("", null, 10)).isEmpty();
    assertThat(logs().changes(ChangePage.START, 10).changes()).isEmpty();
  }

  @Test
  void sequencesIdsAndTalliesFollowFromTheHead() {
    make(LOG, event("a", 2, new Tally(2, 100)), event("b"), event("c", 1, new Tally(1, 7)));
    Appended answer = append(LOG, event("d"), event("e", 3, new Tally(-1, -107)));
    assertThat(answer).isEqualTo(new Appended(LOG, 4, 5, 4, false));
    assertThat(append(LOG, event("f"))).isEqualTo(new Appended(LOG, 6, 6, 7, false));
    assertThat(logs().head(LOG)).isEqualTo(new Head(6, 7, new Tally(2, 0)));
    Instant time = clock.instant();
    assertThat(all(LOG))
        .containsExactly(
            entry(1, 1, 2, time, "a", new Tally(2, 100)),
            entry(2, 3, 0, time, "b", Tally.ZERO),
            entry(3, 3, 1, time, "c", new Tally(1, 7)),
            entry(4, 4, 0, time, "d", Tally.ZERO),
            entry(5, 4, 3, time, "e", new Tally(-1, -107)),
            entry(6, 7, 0, time, "f", Tally.ZERO));
    reopen();
    assertThat(logs().head(LOG)).isEqualTo(new Head(6, 7, new Tally(2, 0)));
    assertThat(all(LOG)).hasSize(6);
    assertThat(append(LOG, event("g", 1, Tally.ZERO))).isEqualTo(new Appended(LOG, 7, 7, 7, false));
  }

  private static Entry entry(
      long seq, long firstId, int ids, Instant time, String text, Tally tally) {
    return new Entry(seq, firstId, ids, time, ByteString.copyFromUtf8(text), tally, List.of());
  }

  @Test
  void timeDoesNotFallWithinALog() {
    make(LOG, event("a"));
    Instant first = clock.instant();
    clock.advance(Duration.ofSeconds(-10));
    append(LOG, event("b"));
    reopen();
    append(LOG, event("c"));
    clock.advance(Duration.ofSeconds(11));
    append(LOG, event("d"));
    assertThat(all(LOG).stream().map(Entry::time))
        .containsExactly(first, first, first, first.plusSeconds(1));
  }

  @Test
  void expectations() {
    assertThat(logs().append(Append.to(LOG, List.of(event("x"))).expecting(Append.Expect.at(3))))
        .isEqualTo(new Conflict(LOG, Head.NONE));
    make(LOG, event("a"), event("b"));
    Head head = logs().head(LOG);
    for (Append.Expect wrong :
        List.of(
            Append.Expect.NEW,
            Append.Expect.at(1),
            Append.Expect.at(3),
            Append.Expect.at(-1),
            Append.Expect.at(Long.MAX_VALUE))) {
      assertThat(logs().append(Append.to(LOG, List.of(event("x"))).expecting(wrong)))
          .isEqualTo(new Conflict(LOG, head));
    }
    Append right = Append.to(LOG, List.of(event("c"))).expecting(Append.Expect.at(2));
    assertThat(logs().append(right).orThrow().lastSeq()).isEqualTo(3);
    assertThat(logs().append(right)).isInstanceOf(Conflict.class);
    assertThat(texts(all(LOG))).containsExactly("a", "b", "c");
  }

  @Test
  void aRepeatUnderItsKeyIsAnsweredAsTheFirstTime() {
    Append made =
        Append.to(LOG, List.of(event("a", 2, Tally.ZERO), event("b")))
            .expecting(Append.Expect.NEW)
            .withKey("make");
    assertThat(logs().append(made)).isEqualTo(new Appended(LOG, 1, 2, 1, false));
    append(LOG, event("c", 1, Tally.ZERO));
    assertThat(logs().append(made)).isEqualTo(new Appended(LOG, 1, 2, 1, true));
    reopen();
    clock.advance(Duration.ofHours(23));
    assertThat(logs().append(made)).isEqualTo(new Appended(LOG, 1, 2, 1, true));
    Append otherEvents = Append.to(LOG, List.of(event("different"))).withKey("make");
    assertThat(logs().append(otherEvents)).isEqualTo(new Appended(LOG, 1, 2, 1, true));
    assertThat(texts(all(LOG))).containsExactly("a", "b", "c");
  }

  @Test
  void anAnswerIsFoundByItsKey() {
    assertThat(logs().find(LOG, "make")).isEmpty();
    make(OTHER, event("a"));
    Append made =
        Append.to(LOG, List.of(event("a", 2, Tally.ZERO), event("b")))
            .expecting(Append.Expect.NEW)
            .withKey("make");
    Appended found = new Appended(LOG, 1, 2, 1, true);
    logs().append(made).orThrow();
    assertThat(logs().find(LOG, "make")).contains(found);
    append(LOG, event("c", 1, Tally.ZERO));
    assertThat(logs().find(LOG, "make")).contains(found);
    assertThat(logs().find(LOG, "mak")).isEmpty();
    assertThat(logs().find(LOG, "makes")).isEmpty();
    assertThat(logs().find(OTHER, "make")).isEmpty();
    assertThat(texts(all(LOG))).containsExactly("a", "b", "c");
    reopen();
    clock.advance(Duration.ofHours(23));
    assertThat(logs().find(LOG, "make")).contains(found);
    logs().drop(LOG);
    assertThat(logs().find(LOG, "make")).isEmpty();
    make(LOG, event("new"));
    assertThat(logs().find(LOG, "make")).isEmpty();
  }

  @Test
  void aConflictAndAFailedRoundLeaveNothingToFind() {
    make(LOG, event("a"));
    Append keyed = Append.to(LOG, List.of(event("b"))).withKey("k");
    assertThat(logs().append(keyed.expecting(Append.Expect.at(5)))).isInstanceOf(Conflict.class);
    assertThat(logs().find(LOG, "k")).isEmpty();
    Event missing = event("c", 1, Tally.ZERO, idOf(new byte[] {1, 2, 3}));
    assertThatThrownBy(() -> logs().append(List.of(keyed, Append.to(LOG, List.of(missing)))))
        .isInstanceOf(StoreException.BlobMissing.class);
    assertThat(logs().find(LOG, "k")).isEmpty();
    String longest = "\u00fc".repeat(Append.MAX_KEY_LENGTH);
    assertThat(logs().find(LOG, longest)).isEmpty();
    logs().append(keyed.withKey(longest)).orThrow();
    assertThat(logs().find(LOG, longest)).contains(new Appended(LOG, 2, 2, 1, true));
    for (String wrong : List.of("", longest + "x")) {
      assertThatThrownBy(() -> logs().find(LOG, wrong))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aKeyBelongsToItsLogAndAConflictLeavesItFree() {
    make(LOG, event("a"));
    make(OTHER, event("a"));
    Append keyed = Append.to(LOG, List.of(event("b"))).withKey("k");
    assertThat(logs().append(keyed.expecting(Append.Expect.at(5)))).isInstanceOf(Conflict.class);
    assertThat(logs().append(keyed).orThrow().repeated()).isFalse();
    Append elsewhere = Append.to(OTHER, List.of(event("b"))).withKey("k");
    assertThat(logs().append(elsewhere).orThrow().repeated()).isFalse();
    String longest = "\u00fc".repeat(Append.MAX_KEY_LENGTH);
    assertThat(logs().append(keyed.withKey(longest)).orThrow().repeated()).isFalse();
    assertThat(logs().append(keyed.withKey(longest)).orThrow().repeated()).isTrue();
    assertThat(logs().append(keyed.withKey("kk")).orThrow().repeated()).isFalse();
  }

  @Test
  void aRoundOverSeveralLogsAndTheSameLogTwice() {
    make(LOG, event("a"));
    List<Outcome> outcomes =
        logs()
            .append(
                List.of(
                    Append.to(OTHER, List.of(event("early"))),
                    Append.to(OTHER, List.of(event("x", 1, Tally.ZERO)))
                        .expecting(Append.Expect.NEW),
                    Append.to(LOG, List.of(event("b"))).expecting(Append.Expect.at(1)),
                    Append.to(LOG, List.of(event("stale"))).expecting(Append.Expect.at(1)),
                    Append.to(LOG, List.of(event("c"), event("d"))).withKey("k"),
                    Append.to(LOG, List.of(event("again"))).withKey("k"),
                    Append.to(OTHER, List.of(event("y", 1, Tally.ZERO)))));
    assertThat(outcomes)
        .containsExactly(
            new Conflict(OTHER, Head.NONE),
            new Appended(OTHER, 1, 1, 1, false),
            new Appended(LOG, 2, 2, 1, false),
            new Conflict(LOG, new Head(2, 1, Tally.ZERO)),
            new Appended(LOG, 3, 4, 1, false),
            new Appended(LOG, 3, 4, 1, true),
            new Appended(OTHER, 2, 2, 2, false));
    assertThat(texts(all(LOG))).containsExactly("a", "b", "c", "d");
    assertThat(texts(all(OTHER))).containsExactly("x", "y");
    assertThat(logs().append(List.of())).isEmpty();
  }

  @Test
  void anAppendThatNamesABlobThatIsNotThereFailsItsRoundWhole() {
    make(LOG, event("a"));
    BlobId missing = idOf(new byte[] {1, 2, 3});
    List<Append> round =
        List.of(
            Append.to(LOG, List.of(event("b"))),
            Append.to(LOG, List.of(event("c", 1, Tally.ZERO, missing))));
    assertThatThrownBy(() -> logs().append(round)).isInstanceOf(StoreException.BlobMissing.class);
    assertThat(texts(all(LOG))).containsExactly("a");
    assertThat(logs().head(LOG).seq()).isEqualTo(1);
  }

  @Test
  void payloadsFromNoneToTheLargest() {
    byte[] largest = noise(1, LogStore.MAX_PAYLOAD);
    make(LOG, Event.of(ByteString.EMPTY), Event.of(ByteString.copyFrom(largest)));
    reopen();
    List<Entry> entries = all(LOG);
    assertThat(entries.get(0).payload().isEmpty()).isTrue();
    assertThat(entries.get(1).payload().toByteArray()).isEqualTo(largest);
    Event tooLarge = Event.of(ByteString.copyFrom(new byte[LogStore.MAX_PAYLOAD + 1]));
    assertThatThrownBy(() -> append(LOG, tooLarge)).isInstanceOf(IllegalArgumentException.class);
    assertThat(logs().head(LOG).seq()).isEqualTo(2);
  }

  @Test
  void headsOfManyLogsAtOnce() {
    List<LogName> names =
        IntStream.range(0, 500).mapToObj(i -> new LogName("mailbox/%03d".formatted(i))).toList();
    List<Append> round = new ArrayList<>();
    for (int i = 0; i < names.size(); i += 2) {
      round.add(
          Append.to(names.get(i), List.of(event("x", i, Tally.ZERO))).expecting(Append.Expect.NEW));
    }
    logs().append(round).forEach(Outcome::orThrow);
    reopen();
    for (int pass = 0; pass < 2; pass++) {
      var heads = logs().heads(names);
      assertThat(heads).hasSize(names.size());
      for (int i = 0; i < names.size(); i++) {
        assertThat(heads.get(names.get(i)))
            .isEqualTo(i % 2 == 0 ? new Head(1, 1 + i, Tally.ZERO) : Head.NONE);
      }
    }
  }

  @Test
  void readingRangesAndLimits() {
    make(LOG, IntStream.rangeClosed(1, 50).mapToObj(i -> event("e" + i)).toArray(Event[]::new));
    make(OTHER, event("other"));
    for (long after : new long[] {-5, 0, 1, 25, 49, 50, 51, Long.MAX_VALUE}) {
      for (long through : new long[] {Long.MIN_VALUE, 0, 1, 25, 26, 50, 51, Long.MAX_VALUE}) {
        for (int limit : new int[] {1, 7, 50, Integer.MAX_VALUE}) {
          List<Long> expected = new ArrayList<>();
          for (long seq = 1; seq <= 50 && expected.size() < limit; seq++) {
            if (seq > after && seq <= through) {
              expected.add(seq);
            }
          }
          assertThat(logs().read(LOG, after, through, limit).stream().map(Entry::seq))
              .containsExactlyElementsOf(expected);
        }
      }
    }
    assertThatThrownBy(() -> logs().read(LOG, 0, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aDroppedLogIsGoneAndAnotherMayTakeItsName() {
    make(LOG, event("a", 5, new Tally(5, 50)));
    append(LOG, event("b"));
    Append keyed = Append.to(LOG, List.of(event("c"))).withKey("k");
    logs().append(keyed).orThrow();
    logs().saveSnapshot(LOG, new Snapshot(2, ByteString.copyFromUtf8("fold")));
    make(OTHER, event("stays"));
    logs().drop(LOG);
    logs().drop(LOG);
    assertThat(logs().head(LOG)).isEqualTo(Head.NONE);
    assertThat(all(LOG)).isEmpty();
    assertThat(logs().snapshot(LOG)).isEmpty();
    assertThat(logs().append(Append.to(LOG, List.of(event("late")))))
        .isEqualTo(new Conflict(LOG, Head.NONE));
    assertThat(logs().append(keyed)).isEqualTo(new Conflict(LOG, Head.NONE));
    assertThat(logs().list("", null, 10).sequencedKeySet()).containsExactly(OTHER);
    reopen();
    assertThat(logs().head(LOG)).isEqualTo(Head.NONE);
    make(LOG, event("new", 1, Tally.ZERO));
    assertThat(logs().head(LOG)).isEqualTo(new Head(1, 2, Tally.ZERO));
    assertThat(logs().snapshot(LOG)).isEmpty();
    assertThat(logs().append(keyed).orThrow().repeated()).isFalse();
    assertThat(texts(all(LOG))).containsExactly("new", "c");
    assertThat(texts(all(OTHER))).containsExactly("stays");
  }

  @Test
  void listingByPrefixInTheOrderOfNames() {
    // The last two order by code point, not by the char values of their surrogates.
    List<LogName> names =
        List.of(
                "a",
                "a/",
                "a/1",
                "a/10",
                "a/2",
                "a0",
                "b",
                "b/\u00e9",
                "b/\uffee",
                "b/\ud83d\ude00")
            .stream()
            .map(LogName::new)
            .toList();
    for (LogName name : names.reversed()) {
      make(name, event("x", name.value().length(), Tally.ZERO));
    }
    for (int pass = 0; pass < 2; pass++) {
      assertThat(logs().list("", null, 100).sequencedKeySet()).containsExactlyElementsOf(names);
      assertThat(logs().list("a/", null, 100).sequencedKeySet())
          .containsExactlyElementsOf(names.subList(1, 5));
      assertThat(logs().list("a/", names.get(2), 100).sequencedKeySet())
          .containsExactlyElementsOf(names.subList(3, 5));
      assertThat(logs().list("a", null, 3).sequencedKeySet())
          .containsExactlyElementsOf(names.subList(0, 3));
      assertThat(logs().list("b", names.get(0), 2).sequencedKeySet())
          .containsExactlyElementsOf(names.subList(6, 8));
      assertThat(logs().list("a/", new LogName("zz"), 100)).isEmpty();
      assertThat(logs().list("c", null, 100)).isEmpty();
      logs()
          .list("", null, 100)
          .forEach((name, head) -> assertThat(head).isEqualTo(logs().head(name)));
      reopen();
    }
  }

  @Test
  void namesThatCannotBe() {
    for (String name : List.of("", "x".repeat(513), "a\tb", "a\u007f", "a\ud83d", "\ude00a")) {
      assertThatThrownBy(() -> new LogName(name)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void useAfterCloseIsUnavailable() {
    make(LOG, event("a"));
    Blob blob = put(noise(3, 1000));
    BlobReader reader = blobs().open(blob.id());
    BlobWriter writer = blobs().create();
    store.close();
    store.close();
    List<Runnable> calls =
        List.of(
            () -> append(LOG, event("b")),
            () -> logs().head(LOG),
            () -> logs().head(OTHER),
            () -> logs().find(LOG, "k"),
            () -> all(LOG),
            () -> logs().snapshot(LOG),
            () -> logs().saveSnapshot(LOG, new Snapshot(1, ByteString.EMPTY)),
            () -> logs().compact(LOG, new long[0]),
            () -> logs().drop(LOG),
            () -> logs().list("", null, 1),
            () -> logs().changes(ChangePage.START, 1),
            () -> logs().trimChanges(Duration.ZERO),
            () -> blobs().create(),
            () -> blobs().open(blob.id()),
            () -> blobs().list(null, 1),
            () -> blobs().sweep(Duration.ofHours(1)),
            () -> reader.read(0, new byte[1], 0, 1),
            () -> writer.write(new byte[1], 0, 1),
            writer::finish,
            () -> store.verify(problem -> {}),
            () -> store.statistics());
    for (Runnable call : calls) {
      assertThatThrownBy(call::run).isInstanceOf(StoreException.Unavailable.class);
    }
    reader.close();
    writer.close();
    reopen();
    assertThat(texts(all(LOG))).containsExactly("a");
  }

  @Test
  void statisticsCountWhatWasDone() {
    make(LOG, event("a"), event("b"));
    Append keyed = Append.to(LOG, List.of(event("c"))).withKey("k");
    logs().append(keyed);
    logs().append(keyed);
    put(noise(1, 10));
    put(noise(1, 10));
    put(noise(2, 10));
    append(LOG, event("d"));
    StoreStatistics figures = store.statistics();
    assertThat(figures.appends()).isEqualTo(3);
    assertThat(figures.entries()).isEqualTo(4);
    assertThat(figures.rounds()).isBetween(3L, 4L);
    assertThat(figures.blobsWritten()).isEqualTo(2);
    assertThat(figures.blobsShared()).isEqualTo(1);
    assertThat(figures.failures()).isZero();
  }
}
