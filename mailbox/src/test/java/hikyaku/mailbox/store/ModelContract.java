package hikyaku.mailbox.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.memory.MemoryStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Operations at random on the engine and on the reference store: every answer, and all that can be
 * read, must be the same. The engine is closed and opened in between.
 */
public abstract class ModelContract extends StoreFixture {
  private static final Duration GRACE = Duration.ofMinutes(5);
  private static final int STEPS = 400;

  private Random random;
  private Store model;
  private final List<byte[]> contents = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void behavesAsTheReferenceStore(long seed) {
    random = new Random(seed);
    for (int i = 0; i < 12; i++) {
      contents.add(noise(i, i % 6 == 5 ? 400_000 + i : 1 + random.nextInt(20_000)));
    }
    try (MemoryStore reference = new MemoryStore(clock)) {
      model = reference;
      for (int step = 0; step < STEPS; step++) {
        String what = "seed " + seed + " step " + step;
        step(what);
        if (step % 50 == 49) {
          reopen();
          compareAll(what);
        }
      }
    }
  }

  private void step(String what) {
    clock.advance(Duration.ofMillis(random.nextInt(-5, 20_000)));
    switch (random.nextInt(20)) {
      case 0, 1, 2, 3, 4, 5, 6, 7 -> append(what);
      case 8, 9 -> put(what);
      case 10, 11 -> read(what);
      case 12 -> saveSnapshot(what);
      case 13, 14 -> compact(what);
      case 15 -> {
        LogName log = log();
        same(
            what,
            s -> {
              s.logs().drop(log);
              return true;
            });
      }
      case 16 -> same(what, s -> s.blobs().sweep(GRACE));
      case 17 -> list(what);
      case 18 -> {
        Duration age = Duration.ofSeconds(random.nextInt(600));
        same(
            what,
            s -> {
              s.logs().trimChanges(age);
              return true;
            });
      }
      default -> same(what, s -> s.logs().heads(List.of(log(0), log(1), log(2), log(5))));
    }
  }

  /** Does it to both, and compares the answers or the kinds of failure. */
  private <T> void same(String what, Function<Store, T> call) {
    assertThat(answer(call, store)).as(what).isEqualTo(answer(call, model));
  }

  private static Object answer(Function<Store, ?> call, Store one) {
    try {
      return call.apply(one);
    } catch (StoreException.BlobMissing | IllegalArgumentException e) {
      return e.getClass();
    }
  }

  private static LogName log(int number) {
    return new LogName("kind" + number % 2 + "/" + number);
  }

  private LogName log() {
    return log(random.nextInt(6));
  }

  private void append(String what) {
    List<Append> round = new ArrayList<>();
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      LogName log = log();
      Append append = Append.to(log, events());
      long seq = model.logs().head(log).seq();
      append =
          switch (random.nextInt(6)) {
            case 0, 1 -> append.expecting(Append.Expect.NEW);
            case 2 -> append.expecting(Append.Expect.at(Math.max(0, seq + random.nextInt(-1, 2))));
            default -> append;
          };
      round.add(random.nextInt(3) == 0 ? append.withKey("k" + random.nextInt(20)) : append);
    }
    same(what, s -> s.logs().append(round));
  }

  private List<Event> events() {
    List<Event> events = new ArrayList<>();
    for (int i = random.nextInt(1, 5); i > 0; i--) {
      List<BlobId> named = new ArrayList<>();
      while (random.nextInt(3) == 0) {
        named.add(idOf(contents.get(random.nextInt(contents.size()))));
      }
      events.add(
          new Event(
              ByteString.copyFrom(noise(random.nextLong(), random.nextInt(200))),
              random.nextInt(3),
              new Tally(random.nextInt(-2, 5), random.nextInt(-1000, 5000)),
              named));
    }
    return events;
  }

  private void put(String what) {
    byte[] content = contents.get(random.nextInt(contents.size()));
    boolean finish = random.nextInt(5) != 0;
    same(
        what,
        s -> {
          try (BlobWriter writer = s.blobs().create()) {
            writer.write(content, 0, content.length);
            return finish ? writer.finish() : "given up";
          }
        });
  }

  private void read(String what) {
    LogName log = log();
    long after = random.nextInt(-1, 40);
    long through = random.nextBoolean() ? Long.MAX_VALUE : after + random.nextInt(20);
    int limit = random.nextInt(1, 30);
    same(what, s -> s.logs().read(log, after, through, limit));
  }

  private void saveSnapshot(String what) {
    LogName log = log();
    long head = model.logs().head(log).seq();
    Snapshot snapshot =
        new Snapshot(
            head - random.nextInt(-1, 5),
            ByteString.copyFrom(noise(random.nextLong(), random.nextInt(100_000))));
    same(
        what,
        s -> {
          s.logs().saveSnapshot(log, snapshot);
          return true;
        });
  }

  private void compact(String what) {
    LogName log = log();
    long kept = model.logs().snapshot(log).map(Snapshot::seq).orElse(0L);
    long[] dead =
        random
            .longs(random.nextInt(10), 1, Math.max(2, kept + (random.nextInt(8) == 0 ? 2 : 1)))
            .sorted()
            .distinct()
            .toArray();
    same(
        what,
        s -> {
          s.logs().compact(log, dead);
          return true;
        });
  }

  private void list(String what) {
    String prefix = List.of("", "kind0/", "kind1", "kind1/3", "none").get(random.nextInt(5));
    LogName after = random.nextBoolean() ? null : log();
    int limit = random.nextInt(1, 8);
    same(what, s -> List.copyOf(s.logs().list(prefix, after, limit).entrySet()));
    int blobs = random.nextInt(1, 14);
    same(what, s -> s.blobs().list(null, blobs));
  }

  private void compareAll(String what) {
    same(what, s -> List.copyOf(s.logs().list("", null, 100).entrySet()));
    for (int i = 0; i < 6; i++) {
      LogName log = log(i);
      same(what, s -> s.logs().read(log, 0, Long.MAX_VALUE, Integer.MAX_VALUE));
      same(what, s -> s.logs().snapshot(log));
      for (int key = 0; key < 20; key++) {
        String name = "k" + key;
        same(what, s -> s.logs().find(log, name));
      }
    }
    same(what, s -> s.blobs().list(null, 100));
    same(what, s -> s.logs().changes(ChangePage.START, 10_000).changes());
    for (Blob blob : model.blobs().list(null, 100)) {
      byte[] expected =
          contents.stream().filter(c -> idOf(c).equals(blob.id())).findFirst().orElseThrow();
      assertThat(content(blob.id())).as(what).isEqualTo(expected);
    }
    assertWhole();
  }
}
