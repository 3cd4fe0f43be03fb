package hikyaku.mailbox.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A store in a fresh place for each test, proved whole after it. */
public abstract class StoreFixture {
  protected static final LogName LOG = new LogName("mailbox/a");
  protected static final LogName OTHER = new LogName("mailbox/b");

  @TempDir protected Path directory;

  protected final SetClock clock = new SetClock(Instant.parse("2026-03-01T12:00:00Z"));
  protected Store store;

  /** Opens the store that is kept in this directory, or a new one. */
  protected abstract Store open(Path place, Clock time);

  @BeforeEach
  void openStore() {
    store = open(directory, clock);
  }

  @AfterEach
  void verifyAndClose() {
    try {
      assertWhole();
    } finally {
      store.close();
    }
  }

  /** Every invariant of the contract holds. */
  protected final Store.Verified assertWhole() {
    List<String> problems = new ArrayList<>();
    Store.Verified verified = store.verify(problems::add);
    assertThat(problems).isEmpty();
    return verified;
  }

  protected final void reopen() {
    store.close();
    store = open(directory, clock);
  }

  protected final LogStore logs() {
    return store.logs();
  }

  protected final BlobStore blobs() {
    return store.blobs();
  }

  // ---- events

  protected static Event event(String text) {
    return Event.of(ByteString.copyFromUtf8(text));
  }

  protected static Event event(String text, int ids, Tally tally, BlobId... blobs) {
    return new Event(ByteString.copyFromUtf8(text), ids, tally, List.of(blobs));
  }

  /** A new log with these events, one append for all. */
  protected final void make(LogName log, Event... events) {
    logs().append(Append.to(log, List.of(events)).expecting(Append.Expect.NEW)).orThrow();
  }

  protected final Appended append(LogName log, Event... events) {
    return logs().append(Append.to(log, List.of(events))).orThrow();
  }

  protected final List<Entry> all(LogName log) {
    return logs().read(log, 0, Long.MAX_VALUE, Integer.MAX_VALUE);
  }

  protected static List<String> texts(Collection<Entry> entries) {
    return entries.stream().map(entry -> entry.payload().toStringUtf8()).toList();
  }

  // ---- blobs

  protected final Blob put(byte[] content) {
    try (BlobWriter writer = blobs().create()) {
      writer.write(content, 0, content.length);
      return writer.finish();
    }
  }

  protected final byte[] content(BlobId id) {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    try (BlobReader reader = blobs().open(id)) {
      reader.copy(0, reader.size(), octets::write);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return octets.toByteArray();
  }

  protected static BlobId idOf(byte[] content) {
    try {
      return BlobId.of(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Octets that do not compress. */
  protected static byte[] noise(long seed, int size) {
    byte[] octets = new byte[size];
    new Random(seed).nextBytes(octets);
    return octets;
  }

  /** Octets that compress well. */
  protected static byte[] prose(int size) {
    byte[] octets = new byte[size];
    for (int i = 0; i < size; i++) {
      octets[i] = (byte) ("the quick brown fox ".charAt(i % 20) + (i / 4096) % 3);
    }
    return octets;
  }

  // ---- threads

  /** Runs all of them at once, on virtual threads, and fails with the first that fails. */
  protected static <T> List<T> together(Collection<? extends Callable<T>> work) throws Exception {
    return on(Executors.newVirtualThreadPerTaskExecutor(), work);
  }

  /** Runs all of them at once, on platform threads, and fails with the first that fails. */
  protected static <T> List<T> onPlatformThreads(Collection<? extends Callable<T>> work)
      throws Exception {
    return on(Executors.newFixedThreadPool(work.size()), work);
  }

  private static <T> List<T> on(ExecutorService threads, Collection<? extends Callable<T>> work)
      throws Exception {
    try (threads) {
      List<T> results = new ArrayList<>();
      for (Future<T> result : threads.invokeAll(work)) {
        results.add(result.get());
      }
      return results;
    }
  }
}
