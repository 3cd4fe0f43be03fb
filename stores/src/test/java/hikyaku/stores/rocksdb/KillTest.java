package hikyaku.stores.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.StoreException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a writing process at moments of chance, again and again on one directory, and looks for
 * everything that was acknowledged. {@code -Dkill.rounds=N} asks for more rounds, {@code
 * -Dkill.seed=N} for other moments.
 */
final class KillTest {
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 8);
  private static final long SEED = Long.getLong("kill.seed", 1);

  @TempDir Path directory;

  /** What was acknowledged: the key, and the sequence that the answer gave. */
  private final Map<LogName, Map<Long, String>> acknowledged = new HashMap<>();

  @Test
  void whatWasAcknowledgedIsThereOnceAfterEveryKill() throws Exception {
    Random random = new Random(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      int lines = random.nextInt(1, 1000);
      kill(round, lines);
      check("round " + round + " of seed " + SEED + ", killed after line " + lines);
    }
    assertThat(acknowledged.values().stream().mapToInt(Map::size).sum()).isGreaterThan(ROUNDS * 5);
  }

  private void kill(int round, int lines) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                KilledWriter.class.getName(),
                directory.toString(),
                Long.toString(SEED * 1000 + round))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader told =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
      String line = told.readLine();
      if (line == null || !line.equals("ready")) {
        fail("the writer did not start: " + line);
      }
      if (round == 0) {
        assertThatThrownBy(this::open)
            .isInstanceOf(StoreException.Unavailable.class)
            .hasMessageContaining("in use by another process");
      }
      for (int count = 1; (line = told.readLine()) != null; count++) {
        remember(line);
        if (count == lines) {
          // By its handle: that leaves the pipe open, and what was told before is still in it.
          assertThat(process.toHandle().destroyForcibly()).isTrue();
        }
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(process.exitValue()).as("killed, not ended").isEqualTo(128 + 9);
  }

  private void remember(String line) {
    String[] words = line.split(" ", -1);
    String before =
        acknowledged
            .computeIfAbsent(new LogName(words[0]), log -> new HashMap<>())
            .put(Long.parseLong(words[1]), words[2]);
    assertThat(before).as("one sequence for two: " + line).isNull();
  }

  private RocksStore open() {
    return RocksStore.open(directory, TightSettings.SMALL_FILES, Clock.systemUTC());
  }

  private void check(String what) throws IOException {
    try (RocksStore store = open()) {
      List<String> problems = new ArrayList<>();
      store.verify(problems::add);
      assertThat(problems).as(what).isEmpty();
      for (int i = 0; i < KilledWriter.LOGS; i++) {
        LogName log = KilledWriter.log(i);
        Map<Long, String> there = new HashMap<>();
        for (Entry entry : store.logs().read(log, 1, Long.MAX_VALUE, Integer.MAX_VALUE)) {
          there.put(entry.seq(), entry.payload().toStringUtf8());
        }
        assertThat(there.values()).as(what + ": each once").doesNotHaveDuplicates();
        acknowledged
            .getOrDefault(log, Map.of())
            .forEach((seq, key) -> assertThat(there.get(seq)).as(what).isEqualTo(key));
        repeat(store, log, there, what);
      }
      assertNoFileIsWaste(store, what);
    }
  }

  private void assertNoFileIsWaste(RocksStore store, String what) throws IOException {
    store.blobs().sweep(Duration.ZERO);
    long large =
        store.blobs().list(null, Integer.MAX_VALUE).stream()
            .filter(blob -> blob.size() > BlobStore.INLINE)
            .count();
    try (Stream<Path> files = Files.walk(directory.resolve("large"))) {
      assertThat(files.filter(Files::isRegularFile).count()).as(what).isEqualTo(large);
    }
  }

  /** Asking again under the key of what is there gives the first answer. */
  private static void repeat(RocksStore store, LogName log, Map<Long, String> there, String what) {
    there.entrySet().stream()
        .limit(20)
        .forEach(entry -> {
          Event event = Event.of(ByteString.copyFromUtf8("again"));
          Append append = Append.to(log, List.of(event)).withKey(entry.getValue());
          Appended answer = store.logs().append(append).orThrow();
          assertThat(answer.repeated()).as(what).isTrue();
          assertThat(answer.lastSeq()).as(what).isEqualTo(entry.getKey());
        });
  }
}
