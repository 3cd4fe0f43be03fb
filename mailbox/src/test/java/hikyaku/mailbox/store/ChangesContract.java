package hikyaku.mailbox.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The changes feed, and hints. */
public abstract class ChangesContract extends StoreFixture {
  @Test
  void everyAppendAndDropInOrder() {
    make(LOG, event("a"), event("b"));
    make(OTHER, event("x"));
    append(LOG, event("c"));
    logs().append(Append.to(LOG, List.of(event("no"))).expecting(Append.Expect.NEW));
    logs().drop(OTHER);
    make(OTHER, event("y"));
    List<Change> expected =
        List.of(
            new Change.Appended(LOG, 1, 2),
            new Change.Appended(OTHER, 1, 1),
            new Change.Appended(LOG, 3, 3),
            new Change.Dropped(OTHER),
            new Change.Appended(OTHER, 1, 1));
    assertThat(logs().changes(ChangePage.START, 100).changes()).isEqualTo(expected);
    reopen();
    for (int limit = 1; limit <= 6; limit++) {
      List<Change> seen = new ArrayList<>();
      String cursor = ChangePage.START;
      ChangePage page;
      do {
        page = logs().changes(cursor, limit);
        assertThat(page.changes()).hasSizeLessThanOrEqualTo(limit);
        assertThat(page.gap()).isFalse();
        seen.addAll(page.changes());
        cursor = page.next();
      } while (page.more());
      assertThat(seen).isEqualTo(expected);
      ChangePage end = logs().changes(cursor, limit);
      assertThat(end).isEqualTo(new ChangePage(List.of(), cursor, false, false));
    }
  }

  @Test
  void aCursorIsTakenUpAgainLater() {
    make(LOG, event("a"));
    String cursor = logs().changes(ChangePage.START, 10).next();
    reopen();
    append(LOG, event("b"));
    ChangePage page = logs().changes(cursor, 10);
    assertThat(page.changes()).containsExactly(new Change.Appended(LOG, 2, 2));
    assertThatThrownBy(() -> logs().changes("no such cursor", 10))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whatWasTrimmedIsAGap() {
    make(LOG, event("a"));
    String early = logs().changes(ChangePage.START, 10).next();
    append(LOG, event("b"));
    String current = logs().changes(early, 10).next();
    clock.advance(Duration.ofDays(2));
    logs().trimChanges(Duration.ofDays(1));
    assertGap(ChangePage.START, List.of());
    assertGap(early, List.of());
    assertThat(logs().changes(current, 10))
        .isEqualTo(new ChangePage(List.of(), current, false, false));
    append(LOG, event("c"));
    List<Change> left = List.of(new Change.Appended(LOG, 3, 3));
    reopen();
    assertGap(ChangePage.START, left);
    assertGap(early, left);
    ChangePage page = logs().changes(current, 10);
    assertThat(page.gap()).isFalse();
    assertThat(page.changes()).isEqualTo(left);
    logs().trimChanges(Duration.ofDays(1));
    assertThat(logs().changes(current, 10)).isEqualTo(page);
  }

  private void assertGap(String cursor, List<Change> left) {
    ChangePage page = logs().changes(cursor, 10);
    assertThat(page.gap()).isTrue();
    assertThat(page.changes()).isEqualTo(left);
    assertThat(logs().changes(page.next(), 10).gap()).isFalse();
  }

  @Test
  void completeAndLawfulWhileManyAppend() throws Exception {
    int writers = 24;
    int appends = 40;
    AtomicInteger writing = new AtomicInteger(writers);
    List<Callable<List<Change>>> work = new ArrayList<>();
    for (int w = 0; w < writers; w++) {
      // Two writers share a log.
      LogName log = new LogName("mailbox/" + w / 2);
      work.add(() -> {
        logs().append(Append.to(log, List.of(event("0"))).expecting(Append.Expect.NEW));
        for (int i = 0; i < appends; i++) {
          append(log, event("x"), event("y"));
        }
        writing.decrementAndGet();
        return List.of();
      });
    }
    for (int r = 0; r < 2; r++) {
      work.add(() -> follow(writing));
    }
    List<List<Change>> results = together(work);
    List<Change> whole = collect(ChangePage.START);
    assertThat(results.get(writers)).isEqualTo(whole);
    assertThat(results.get(writers + 1)).isEqualTo(whole);
    Map<LogName, Long> last = new HashMap<>();
    for (Change change : whole) {
      Change.Appended appended = (Change.Appended) change;
      assertThat(appended.firstSeq()).isEqualTo(last.getOrDefault(change.log(), 0L) + 1);
      last.put(change.log(), appended.lastSeq());
    }
    assertThat(last).hasSize(writers / 2);
    last.forEach((log, seq) -> assertThat(seq).isEqualTo(logs().head(log).seq()));
    assertThat(whole).hasSize(writers / 2 + writers * appends);
  }

  /** Reads the feed while it grows, and to its end when it has stopped. */
  private List<Change> follow(AtomicInteger writing) {
    List<Change> seen = new ArrayList<>();
    String cursor = ChangePage.START;
    while (true) {
      boolean last = writing.get() == 0;
      ChangePage page = logs().changes(cursor, 7);
      assertThat(page.gap()).isFalse();
      for (Change change : page.changes()) {
        // What the feed tells of can be read.
        Change.Appended appended = (Change.Appended) change;
        assertThat(logs().head(change.log()).seq()).isGreaterThanOrEqualTo(appended.lastSeq());
      }
      seen.addAll(page.changes());
      cursor = page.next();
      if (last && !page.more()) {
        return seen;
      }
    }
  }

  private List<Change> collect(String from) {
    List<Change> seen = new ArrayList<>();
    ChangePage page = logs().changes(from, 100);
    seen.addAll(page.changes());
    while (page.more()) {
      page = logs().changes(page.next(), 100);
      seen.addAll(page.changes());
    }
    return seen;
  }

  @Test
  void hintsTellWhichLogMoved() throws Exception {
    LinkedBlockingQueue<LogName> told = new LinkedBlockingQueue<>();
    CountDownLatch failing = new CountDownLatch(1);
    try (LogStore.Registration broken =
            logs()
                .hints(log -> {
                  failing.countDown();
                  throw new IllegalStateException("a listener's bug hurts nobody");
                });
        LogStore.Registration registration = logs().hints(told::add)) {
      make(LOG, event("a"));
      assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo(LOG);
      append(LOG, event("b"));
      assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo(LOG);
      logs().drop(LOG);
      assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo(LOG);
      assertThat(failing.await(60, TimeUnit.SECONDS)).isTrue();
    }
    LinkedBlockingQueue<LogName> later = new LinkedBlockingQueue<>();
    try (LogStore.Registration registration = logs().hints(later::add)) {
      make(OTHER, event("c"));
      assertThat(later.poll(60, TimeUnit.SECONDS)).isEqualTo(OTHER);
    }
    assertThat(told).isEmpty();
  }
}
