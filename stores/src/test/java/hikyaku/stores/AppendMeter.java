package hikyaku.stores;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.Tally;
import hikyaku.stores.postgres.LocalPostgres;
import hikyaku.stores.postgres.PostgresSettings;
import hikyaku.stores.postgres.PostgresStore;
import hikyaku.stores.rocksdb.RocksSettings;
import hikyaku.stores.rocksdb.RocksStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/**
 * Measures deliveries: a new blob of 10 KiB that does not compress, and an event that names it,
 * under a key, in one of 200 logs; on each engine. Arguments: a directory to work in, seconds, and
 * numbers of virtual threads.
 */
public final class AppendMeter {
  private static final int LOGS = 200;
  private static final int SIZE = 10 * 1024;

  private final Store store;
  private final LongAdder deliveries = new LongAdder();
  private volatile boolean ended;

  private AppendMeter(Store store) {
    this.store = store;
  }

  public static void main(String[] arguments) throws Exception {
    Path directory = Files.createTempDirectory(Path.of(arguments[0]), "meter");
    Duration time = Duration.ofSeconds(Long.parseLong(arguments[1]));
    List<Integer> threads = Arrays.stream(arguments).skip(2).map(Integer::parseInt).toList();
    try (LocalPostgres server =
        LocalPostgres.start(
            directory.resolve("pg"),
            LocalPostgres.Options.DEFAULT
                .with("max_wal_size", "4GB")
                .with("shared_buffers", "256MB"))) {
      for (int count : threads) {
        Path place = directory.resolve("rocks-" + count);
        try (Store store = RocksStore.open(place, RocksSettings.DEFAULT, Clock.systemUTC())) {
          new AppendMeter(store).run("rocksdb", count, time);
        }
        PostgresSettings settings =
            PostgresSettings.DEFAULT.on(server).withSchema("meter_" + count);
        try (Store store = PostgresStore.open(settings, Clock.systemUTC())) {
          new AppendMeter(store).run("postgres", count, time);
        }
      }
    } finally {
      delete(directory);
    }
  }

  private static LogName log(long number) {
    return new LogName("mailbox/" + number % LOGS);
  }

  private void run(String engine, int threads, Duration time) throws Exception {
    for (int i = 0; i < LOGS; i++) {
      Outcome unused =
          store
              .logs()
              .append(
                  Append.to(log(i), List.of(Event.of(ByteString.EMPTY)))
                      .expecting(Append.Expect.NEW));
    }
    try (ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> ends =
          Stream.iterate(0, i -> i < threads, i -> i + 1)
              .<Future<?>>map(writer -> writers.submit(() -> write(writer)))
              .toList();
      Thread.sleep(Duration.ofSeconds(2));
      long before = deliveries.sum();
      long rounds = store.statistics().rounds();
      Thread.sleep(time);
      long done = deliveries.sum() - before;
      rounds = store.statistics().rounds() - rounds;
      ended = true;
      for (Future<?> end : ends) {
        end.get();
      }
      System.out.printf(
          "%s, %d threads: %d deliveries/s, %d rounds/s%n",
          engine, threads, done / time.toSeconds(), rounds / time.toSeconds());
    }
  }

  private void write(int writer) {
    byte[] content = new byte[SIZE];
    new Random(writer).nextBytes(content);
    for (long i = 0; !ended; i++) {
      ByteBuffer.wrap(content).putLong(i);
      Append append =
          Append.to(log(writer * 7L + i), List.of(event(content, put(content))))
              .withKey(writer + "-" + i);
      store.logs().append(append).orThrow();
      deliveries.increment();
    }
  }

  private BlobId put(byte[] content) {
    try (BlobWriter blob = store.blobs().create()) {
      blob.write(content, 0, content.length);
      return blob.finish().id();
    }
  }

  private static Event event(byte[] content, BlobId blob) {
    return new Event(
        ByteString.copyFrom(content, 0, 200), 1, new Tally(1, content.length), List.of(blob));
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
