package hikyaku.stores.rocksdb;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Tally;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
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
 * under a key, in one of 200 logs. Arguments: virtual threads, seconds, and a directory to work in.
 */
public final class AppendMeter {
  private static final int LOGS = 200;
  private static final int SIZE = 10 * 1024;

  private final RocksStore store;
  private final LongAdder deliveries = new LongAdder();
  private volatile boolean ended;

  private AppendMeter(RocksStore store) {
    this.store = store;
  }

  public static void main(String[] arguments) throws Exception {
    int threads = Integer.parseInt(arguments[0]);
    Duration time = Duration.ofSeconds(Long.parseLong(arguments[1]));
    Path directory = Files.createTempDirectory(Path.of(arguments[2]), "meter");
    try (RocksStore store = RocksStore.open(directory, RocksSettings.DEFAULT, Clock.systemUTC())) {
      new AppendMeter(store).run(threads, time);
    } finally {
      delete(directory);
    }
  }

  private static LogName log(long number) {
    return new LogName("mailbox/" + number % LOGS);
  }

  private void run(int threads, Duration time) throws Exception {
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
          "%d threads: %d deliveries/s, %d rounds/s%n",
          threads, done / time.toSeconds(), rounds / time.toSeconds());
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
