package hikyaku.stores.rocksdb;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A process that writes until it is killed, and tells on its standard output what has been
 * acknowledged: a line {@code LOG SEQ KEY} for each.
 */
public final class KilledWriter {
  static final int LOGS = 6;
  private static final int WRITERS = 16;

  private final RocksStore store;
  private final long seed;
  private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);

  private KilledWriter(RocksStore store, long seed) {
    this.store = store;
    this.seed = seed;
  }

  /** Arguments: the directory, and a number never used before on it. */
  public static void main(String[] arguments) {
    RocksStore store =
        RocksStore.open(Path.of(arguments[0]), TightSettings.SMALL_FILES, Clock.systemUTC());
    new KilledWriter(store, Long.parseLong(arguments[1])).run();
  }

  static LogName log(int number) {
    return new LogName("mailbox/" + number);
  }

  private void run() {
    for (int i = 0; i < LOGS; i++) {
      Outcome unused =
          store
              .logs()
              .append(
                  Append.to(log(i), List.of(Event.of(ByteString.EMPTY)))
                      .expecting(Append.Expect.NEW));
    }
    tell("ready");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> ends =
          IntStream.range(0, WRITERS)
              .<Future<?>>mapToObj(
                  writer -> threads.submit(() -> write(writer, new Random(seed * 100 + writer))))
              .toList();
      for (Future<?> end : ends) {
        end.get();
      }
    } catch (Exception e) {
      throw new IllegalStateException("a writer has ended before it was killed", e);
    }
  }

  private void write(int writer, Random random) {
    for (int i = 0; ; i++) {
      if (writer == 0) {
        churn(random, i);
      } else {
        deliver(random, "%d-%d-%d".formatted(seed, writer, i));
      }
    }
  }

  /** One message to one or two mailboxes, sometimes asked for twice. */
  private void deliver(Random random, String key) {
    Blob blob = put(random);
    Event event =
        new Event(ByteString.copyFromUtf8(key), 1, new Tally(1, blob.size()), List.of(blob.id()));
    int first = random.nextInt(LOGS);
    Append one = Append.to(log(first), List.of(event)).withKey(key);
    List<Append> round =
        random.nextInt(4) == 0
            ? List.of(one, Append.to(log((first + 1) % LOGS), List.of(event)).withKey(key))
            : List.of(one);
    List<Outcome> outcomes = store.logs().append(round);
    StringBuilder lines = new StringBuilder();
    for (Outcome outcome : outcomes) {
      Appended answer = outcome.orThrow();
      lines.append(answer.log()).append(' ').append(answer.lastSeq()).append(' ').append(key);
      lines.append('\n');
    }
    tell(lines.toString().strip());
    if (random.nextInt(8) == 0 && !outcomesRepeated(store.logs().append(round))) {
      throw new IllegalStateException("a repeat of " + key + " was applied");
    }
  }

  private static boolean outcomesRepeated(List<Outcome> outcomes) {
    return outcomes.stream().allMatch(outcome -> outcome.orThrow().repeated());
  }

  private Blob put(Random random) {
    int size = random.nextInt(20) == 0 ? 300_000 : random.nextInt(1, 5_000);
    byte[] content = new byte[size];
    random.nextBytes(content);
    try (BlobWriter writer = store.blobs().create()) {
      writer.write(content, 0, size);
      return writer.finish();
    }
  }

  /** Logs that come and go, are folded and compacted; uploads given up; sweeps. */
  private void churn(Random random, int round) {
    LogName log = new LogName("churn/" + random.nextInt(3));
    Blob blob = put(random);
    Event event = new Event(ByteString.copyFromUtf8("x"), 1, new Tally(1, 1), List.of(blob.id()));
    Outcome made = store.logs().append(Append.to(log, List.of(event)).expecting(Append.Expect.NEW));
    long last = store.logs().append(Append.to(log, List.of(event, event))).orThrow().lastSeq();
    byte[] state = new byte[random.nextInt(100_000)];
    random.nextBytes(state);
    store.logs().saveSnapshot(log, new Snapshot(last, ByteString.copyFrom(state)));
    store.logs().compact(log, LongStream.rangeClosed(1, last - 1).toArray());
    if (made instanceof Appended && random.nextInt(3) == 0) {
      store.logs().drop(log);
    }
    try (BlobWriter abandoned = store.blobs().create()) {
      abandoned.write(new byte[400_000], 0, 400_000);
    }
    if (round % 10 == 0) {
      try {
        store.blobs().sweep(Duration.ofSeconds(30));
      } catch (StoreException.BlobMissing e) {
        throw new IllegalStateException("a sweep asks for no blob", e);
      }
    }
  }

  /** One write for each message, so that a line is whole or not there. */
  private synchronized void tell(String lines) {
    try {
      out.write((lines + "\n").getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
