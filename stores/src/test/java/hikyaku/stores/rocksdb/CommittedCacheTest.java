package hikyaku.stores.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Nothing that is older than what was put last is ever found. */
final class CommittedCacheTest {
  private static final int MOST = 8;

  /** Runs something where the cache is about to look it up, once. */
  private static final class Watched {
    private final int number;
    private @Nullable Runnable atLookup;

    Watched(int number) {
      this.number = number;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Watched that && that.number == number;
    }

    @Override
    public int hashCode() {
      Runnable now = atLookup;
      atLookup = null;
      if (now != null) {
        now.run();
      }
      return number;
    }
  }

  @Test
  void whatIsPutWhileItsPlaceIsClearedStays() {
    CommittedCache<Watched, String> cache = new CommittedCache<>(MOST);
    List<Watched> keys = new ArrayList<>();
    AtomicBoolean tried = new AtomicBoolean();
    for (int i = 0; i < MOST; i++) {
      Watched key = new Watched(i);
      cache.put(key, "old");
      keys.add(key);
    }
    for (Watched key : keys) {
      key.atLookup =
          () -> {
            if (tried.compareAndSet(false, true)) {
              Watched same = new Watched(key.number);
              long before = cache.departures();
              cache.put(same, "new");
              // The database was read before the new value was written.
              assertThat(cache.add(same, "old", before)).isEqualTo("new");
            }
          };
    }
    cache.put(new Watched(MOST), "one too many");
    assertThat(tried).isTrue();
    for (Watched key : keys) {
      key.atLookup = null;
    }
    List<String> found = keys.stream().map(cache::get).filter(value -> value != null).toList();
    assertThat(found).containsOnlyOnce("new");
  }

  /** A writer counts up, readers read and add: none finds a number that was passed before. */
  @Test
  void readersAreNeverBehindTheWriter() throws Exception {
    int keys = 64;
    CommittedCache<Integer, Long> cache = new CommittedCache<>(MOST);
    AtomicLongArray database = new AtomicLongArray(keys);
    AtomicLongArray answered = new AtomicLongArray(keys);
    AtomicBoolean over = new AtomicBoolean();
    Set<String> wrong = new HashSet<>();
    List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Random random = new Random(i);
      readers.add(
          Thread.ofPlatform()
              .start(() -> {
                while (!over.get()) {
                  int key = random.nextInt(keys);
                  long least = answered.get(key);
                  Long known = cache.get(key);
                  if (known == null) {
                    long departures = cache.departures();
                    known = cache.add(key, database.get(key), departures);
                  }
                  if (known < least) {
                    synchronized (wrong) {
                      wrong.add(key + ": " + known + " after " + least);
                    }
                  }
                }
              }));
    }
    Random random = new Random(9);
    for (int i = 0; i < 300_000; i++) {
      int key = random.nextInt(keys);
      long next = database.get(key) + 1;
      database.set(key, next);
      cache.put(key, next);
      answered.set(key, next);
    }
    over.set(true);
    for (Thread reader : readers) {
      reader.join();
    }
    assertThat(wrong).isEmpty();
  }
}
