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
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
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
}
