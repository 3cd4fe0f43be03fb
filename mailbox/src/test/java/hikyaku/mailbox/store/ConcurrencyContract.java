package hikyaku.mailbox.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Many at once. */
public abstract class ConcurrencyContract extends StoreFixture {
  private static final Duration GRACE = Duration.ofHours(1);

  @Test
  void idsAndSequencesAreHandedOutOnce() throws Exception {
    make(LOG, event("first"));
    int threads = 200;
    int appends = 10;
    List<Callable<List<Appended>>> work = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int ids = 1 + t % 3;
      work.add(() -> {
        List<Appended> answers = new ArrayList<>();
        for (int i = 0; i < appends; i++) {
          Appended answer = append(LOG, event("x", ids, new Tally(1, 2)));
          // What was answered is seen at once.
          assertThat(logs().head(LOG).seq()).isGreaterThanOrEqualTo(answer.lastSeq());
          assertThat(logs().read(LOG, answer.lastSeq() - 1, answer.lastSeq(), 1)).hasSize(1);
          answers.add(answer);
        }
        return answers;
      });
    }
    List<Appended> answers = together(work).stream().flatMap(List::stream).toList();
    assertThat(answers.stream().mapToLong(Appended::lastSeq).sorted().toArray())
        .isEqualTo(LongStream.rangeClosed(2, 1 + threads * appends).toArray());
    assertThat(answers.stream().mapToLong(Appended::firstId).distinct().count())
        .isEqualTo(threads * appends);
    assertThat(logs().head(LOG).tally())
        .isEqualTo(new Tally(threads * appends, 2L * threads * appends));
    reopen();
    assertThat(all(LOG)).hasSize(1 + threads * appends);
  }

  @Test
  void oneOfManyWinsAnExpectation() throws Exception {
    make(LOG, event("first"));
    int threads = 16;
    int rounds = 20;
    CyclicBarrier start = new CyclicBarrier(threads);
    List<Callable<Integer>> work = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      work.add(() -> {
        int won = 0;
        for (int round = 1; round <= rounds; round++) {
          start.await();
          Append attempt = Append.to(LOG, List.of(event("x"))).expecting(Append.Expect.at(round));
          won += logs().append(attempt) instanceof Appended ? 1 : 0;
        }
        return won;
      });
    }
    List<Integer> won = onPlatformThreads(work);
    assertThat(won.stream().mapToInt(Integer::intValue).sum()).isEqualTo(rounds);
    assertThat(logs().head(LOG).seq()).isEqualTo(1 + rounds);
  }

  @Test
  void oneKeyByManyIsAppliedOnce() throws Exception {
    make(LOG, event("first"));
    Append keyed = Append.to(LOG, List.of(event("x", 1, Tally.ZERO))).withKey("k");
    List<Callable<Outcome>> work = new ArrayList<>();
    for (int t = 0; t < 50; t++) {
      work.add(() -> logs().append(keyed));
    }
    List<Appended> answers = together(work).stream().map(Outcome::orThrow).toList();
    assertThat(answers.stream().filter(answer -> !answer.repeated())).hasSize(1);
    assertThat(answers.stream().map(Appended::lastSeq)).containsOnly(2L);
    assertThat(logs().head(LOG).seq()).isEqualTo(2);
  }

  @Test
  void headsNeverFallBack() throws Exception {
    make(LOG, event("first"));
    AtomicBoolean done = new AtomicBoolean();
    List<Callable<Long>> work = new ArrayList<>();
    work.add(() -> {
      for (int i = 0; i < 100; i++) {
        append(LOG, event("x"));
      }
      done.set(true);
      return 101L;
    });
    for (int t = 0; t < 3; t++) {
      work.add(() -> {
        long last = 0;
        while (!done.get()) {
          long seq = logs().head(LOG).seq();
          assertThat(seq).isGreaterThanOrEqualTo(last);
          last = seq;
        }
        return logs().head(LOG).seq();
      });
    }
    // Not virtual: threads that never wait would keep the writer from its turn.
    assertThat(onPlatformThreads(work)).containsOnly(101L);
  }

  @Test
  void aSweepNeverTakesABlobThatIsBeingDelivered() throws Exception {
    make(LOG, event("first"));
    int writers = 12;
    int deliveries = 20;
    AtomicInteger delivering = new AtomicInteger(writers);
    List<Callable<Integer>> work = new ArrayList<>();
    for (int w = 0; w < writers; w++) {
      work.add(() -> {
        for (int i = 0; i < deliveries; i++) {
          // Few contents for many writers, so that all meet on them.
          int which = ThreadLocalRandom.current().nextInt(4);
          byte[] content = noise(which, which == 3 ? 300_000 : 2_000);
          Blob blob = put(content);
          Appended answer = append(LOG, event("x", 1, Tally.ZERO, blob.id()));
          assertThat(content(blob.id())).isEqualTo(content);
          if (i % 3 == 0) {
            // A log of its own, dropped at once: the last name of the blob may go any time.
            LogName own = new LogName("own/" + answer.lastSeq());
            make(own, event("x", 1, Tally.ZERO, blob.id()));
            logs().drop(own);
          }
        }
        delivering.decrementAndGet();
        return 0;
      });
    }
    work.add(() -> {
      int sweeps = 0;
      while (delivering.get() > 0) {
        blobs().sweep(GRACE);
        sweeps++;
      }
      return sweeps;
    });
    work.add(() -> {
      int loose = 0;
      while (delivering.get() > 0) {
        put(noise(1000 + loose++, 100));
      }
      return loose;
    });
    together(work);
    assertWhole();
    clock.advance(GRACE.plusSeconds(1));
    blobs().sweep(GRACE);
    Store.Verified verified = assertWhole();
    assertThat(verified.blobs()).isLessThanOrEqualTo(4);
  }

  @Test
  void aLogDroppedAndMadeAnewUnderItsReaders() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    List<Callable<Integer>> work = new ArrayList<>();
    work.add(() -> {
      for (int i = 0; i < 60; i++) {
        make(LOG, event("a" + i), event("b" + i));
        append(LOG, event("c" + i));
        logs().drop(LOG);
      }
      done.set(true);
      return 0;
    });
    for (int t = 0; t < 4; t++) {
      work.add(() -> {
        while (!done.get()) {
          List<String> texts = texts(all(LOG));
          // All of one log, never of two.
          assertThat(texts.size()).isIn(0, 2, 3);
          assertThat(texts.stream().map(text -> text.substring(1)).distinct().count())
              .isLessThanOrEqualTo(1);
        }
        return 0;
      });
    }
    onPlatformThreads(work);
  }
}
