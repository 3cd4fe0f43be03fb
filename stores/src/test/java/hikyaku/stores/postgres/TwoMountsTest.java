package hikyaku.stores.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Tally;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a node keeps in the shared directory, another finds there at once, whole. */
final class TwoMountsTest {
  private static final int WRITERS = 4;
  private static final int EACH = 60;

  @TempDir Path place;

  private PostgresStore open(Path directory) {
    return PostgresStore.open(
        TestServer.settings(place).withBlobDirectory(directory), Clock.systemUTC());
  }

  private static BlobId put(PostgresStore store, byte[] content) {
    try (BlobWriter writer = store.blobs().create()) {
      writer.write(content, 0, content.length);
      return writer.finish().id();
    }
  }

  private static byte[] read(PostgresStore store, BlobId id, int length) {
    byte[] content = new byte[length];
    try (BlobReader reader = store.blobs().open(id)) {
      int have = 0;
      for (int n; have < length && (n = reader.read(have, content, have, length - have)) > 0; ) {
        have += n;
      }
      assertThat(have).isEqualTo(length);
    }
    return content;
  }

  @Test
  void whatOneHasAcknowledgedTheOtherReads() throws Exception {
    try (PostgresStore one = open(SharedDirectory.first(place));
        PostgresStore two = open(SharedDirectory.second(place));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> writers = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        PostgresStore from = i % 2 == 0 ? one : two;
        PostgresStore to = i % 2 == 0 ? two : one;
        LogName log = new LogName("mailbox/" + i);
        Random random = new Random(i);
        writers.add(threads.submit(() -> write(from, to, log, random)));
      }
      // Meanwhile both take away what nobody names.
      while (writers.stream().anyMatch(writer -> !writer.isDone())) {
        one.blobs().sweep(Duration.ofHours(1));
        two.blobs().sweep(Duration.ofHours(1));
      }
      for (Future<Integer> writer : writers) {
        assertThat(writer.get()).isEqualTo(EACH);
      }
      for (PostgresStore store : List.of(one, two)) {
        List<String> problems = new ArrayList<>();
        store.verify(problems::add);
        assertThat(problems).isEmpty();
      }
    }
  }

  private static int write(PostgresStore from, PostgresStore to, LogName log, Random random) {
    int written = 0;
    while (written < EACH) {
      byte[] content = new byte[1 + random.nextInt(300_000)];
      random.nextBytes(content);
      // Some contents come from several writers at once.
      if (written % 5 == 0) {
        content = new byte[] {(byte) written, 1, 2, 3};
      }
      BlobId id = put(from, content);
      Event event =
          new Event(ByteString.copyFromUtf8("x"), 1, new Tally(1, content.length), List.of(id));
      Append append = Append.to(log, List.of(event));
      Appended unused =
          from.logs().append(written == 0 ? append.expecting(Append.Expect.NEW) : append).orThrow();
      assertThat(read(to, id, content.length)).isEqualTo(content);
      written++;
    }
    return written;
  }

  /** A put that finds its content there takes its file away, from under whoever reads it. */
  @Test
  @Timeout(60)
  void whoReadsAPutThatWasThereAlreadyReadsOn() throws Exception {
    Path directory = SharedDirectory.first(place);
    byte[] content = new byte[200_000];
    new Random(1).nextBytes(content);
    try (PostgresStore store = open(directory)) {
      BlobId id = put(store, content);
      assertThat(store.blobs().list(null, 10)).hasSize(1);
      assertThat(put(store, content)).isEqualTo(id);
      assertThat(files(directory)).isEqualTo(2);
      try (BlobReader reader = store.blobs().open(id)) {
        store.blobs().sweep(Duration.ofHours(1));
        while (files(directory) > 1) {
          TimeUnit.MILLISECONDS.sleep(5);
        }
        byte[] got = new byte[content.length];
        assertThat(reader.read(0, got, 0, got.length)).isEqualTo(got.length);
        assertThat(got).isEqualTo(content);
      }
    }
  }

  private static long files(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile).count();
    }
  }
}
