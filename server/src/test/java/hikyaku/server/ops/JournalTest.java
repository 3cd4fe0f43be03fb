package hikyaku.server.ops;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What is logged is kept within bounds, and found again. */
final class JournalTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final long SMALLEST = 16 * 64 * 1024;

  /** For what a test must not miss, however slow the machine is. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path directory;

  private long clock;

  private byte[] line(String message, Map<String, Object> keys) {
    ObjectNode line = Json.MAPPER.createObjectNode();
    line.put("t", ++clock);
    line.put("m", message);
    line.set("k", Json.MAPPER.valueToTree(keys));
    return (line + "\n").getBytes(UTF_8);
  }

  private byte[] line(String session, int number) {
    return line("event " + number, Map.of("session", session));
  }

  private static JournalSearch search(Path directory, @Nullable Journal journal) {
    return new JournalSearch(directory, journal, PATIENCE);
  }

  private static AdminResponse ask(JournalSearch search, String... path) {
    return new AdminApi(List.of(new StoryOperations(search))).handle(AdminRequest.of("GET", path));
  }

  private static List<String> messages(JournalSearch search, String... path) {
    AdminResponse.Value answer = (AdminResponse.Value) ask(search, path);
    assertThat(answer.status()).as(String.valueOf(answer.value())).isEqualTo(200);
    return ((JournalSearch.Found) answer.value())
        .lines().stream().map(line -> line.get("m").asString()).toList();
  }

  private static int status(JournalSearch search, String... path) {
    return ((AdminResponse.Value) ask(search, path)).status();
  }

  @Test
  void aSessionIsFoundAndNoOther() throws Exception {
    try (Journal journal = Journal.open(directory.resolve("log"), SMALLEST, DAY)) {
      journal.append(line("1m8a", 1));
      journal.append(line("1m8ab", 2));
      journal.append(line("says \"session\":\"1m8a\" itself", Map.of("session", "other")));
      journal.append(line("quoted", Map.of("user", "\"session\":\"1m8a\"")));
      journal.append(line("1m8a", 3));
      JournalSearch search = search(directory.resolve("log"), journal);
      assertThat(messages(search, "story", "1m8a")).containsExactly("event 1", "event 3");
      assertThat(messages(search, "story", "1m8")).isEmpty();
      for (String hostile : List.of("1m8a\"", "*", "", "A", "1m8a\n", "../1", "x".repeat(33))) {
        assertThat(status(search, "story", hostile)).as(hostile).isEqualTo(400);
      }
    }
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("log"))))
        .isEqualTo("rwx------");
    Path file = Journal.files(directory.resolve("log")).getFirst();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    // As a command does while no process runs.
    assertThat(messages(search(directory.resolve("log"), null), "story", "1m8ab"))
        .containsExactly("event 2");
    assertThat(messages(search(directory.resolve("none"), null), "story", "1m8ab")).isEmpty();
  }

  @Test
  void aMessageIsFoundByWhateverNamesIt() throws Exception {
    try (Journal journal = Journal.open(directory, SMALLEST, DAY)) {
      journal.append(
          line(
              "delivered",
              Map.of(
                  "mail",
                  true,
                  "session",
                  "1m8a",
                  "message_id",
                  "<a\"b\\c@Example.test>",
                  "from",
                  "bob@elsewhere.test",
                  "to",
                  List.of("Alice@demo.test", "carol@demo.test"),
                  "transaction",
                  "1m8a.1")));
      journal.append(
          line("refused", Map.of("mail", true, "recipient", "nobody@demo.test", "reply", "550")));
      journal.append(line("logged in", Map.of("session", "1m8b", "account", "alice@demo.test")));
      JournalSearch search = search(directory, journal);
      for (String name :
          List.of(
              "<a\"b\\c@Example.test>",
              "a\"b\\c@example.TEST",
              "alice@demo.test",
              "carol@demo.test",
              "bob@elsewhere.test",
              "<BOB@elsewhere.test>",
              "1m8a.1")) {
        assertThat(messages(search, "mail", name)).as(name).containsExactly("delivered");
      }
      assertThat(messages(search, "mail", "nobody@demo.test")).containsExactly("refused");
      journal.append(
          line(
              "by an alias",
              Map.of(
                  "mail",
                  true,
                  "transaction",
                  "1m8a.2",
                  "to",
                  List.of("team@demo.test"),
                  "sent",
                  List.of("1m8a.2.abc"),
                  "into",
                  List.of("Dan@demo.test INBOX 7", "eve@demo.test Work 2"))));
      for (String name : List.of("dan@demo.test", "EVE@demo.test", "1m8a.2.abc")) {
        assertThat(messages(search, "mail", name)).as(name).containsExactly("by an alias");
      }
      for (String onward : List.of("1m8a.2.g0", "1m8a.20")) {
        journal.append(
            line("sent " + onward, Map.of("mail", true, "transaction", onward, "from", "x@y")));
      }
      assertThat(messages(search, "mail", "1m8a.2"))
          .containsExactly("by an alias", "sent 1m8a.2.g0");
      assertThat(messages(search, "mail", "1m8a")).isEmpty();
      journal.append(
          line("an account was stopped", Map.of("mail", true, "account", "fay@demo.test")));
      assertThat(messages(search, "mail", "Fay@demo.test"))
          .containsExactly("an account was stopped");
      for (String part : List.of("an@demo.test", "dan@demo.test INB", "Work", "eve@demo")) {
        assertThat(messages(search, "mail", part)).as(part).isEmpty();
      }
      for (String part : List.of("demo.test", "ob@elsewhere.test", ".*", "a\"", "\\", "}\n{")) {
        assertThat(messages(search, "mail", part)).as(part).isEmpty();
      }
      assertThat(status(search, "mail", " <> ")).isEqualTo(400);
      assertThat(status(search, "mail", "x".repeat(1001))).isEqualTo(400);
      AdminRequest since =
          new AdminRequest(
              "GET",
              List.of("mail", "alice@demo.test"),
              Map.of("since", "yesterday"),
              java.io.InputStream.nullInputStream());
      assertThat(
              ((AdminResponse.Value)
                      new AdminApi(List.of(new StoryOperations(search))).handle(since))
                  .status())
          .isEqualTo(400);
    }
  }

  @Test
  void linesBeforeATimeAreLeftOut() throws Exception {
    try (Journal journal = Journal.open(directory, SMALLEST, DAY)) {
      clock = Instant.parse("2026-01-02T03:04:05Z").getEpochSecond() * 1_000_000 - 3;
      for (int i = 0; i < 4; i++) {
        journal.append(line("event " + i, Map.of("mail", true, "recipient", "a@b")));
      }
      AdminRequest since =
          new AdminRequest(
              "GET",
              List.of("mail", "a@b"),
              Map.of("since", "2026-01-02T03:04:05Z"),
              java.io.InputStream.nullInputStream());
      AdminResponse.Value answer =
          (AdminResponse.Value)
              new AdminApi(List.of(new StoryOperations(search(directory, journal)))).handle(since);
      assertThat(((JournalSearch.Found) answer.value()).lines())
          .extracting(line -> line.get("m").asString())
          .containsExactly("event 2", "event 3");
    }
  }

  @Test
  void theOldestGoesWhenThereIsTooMuch() throws Exception {
    try (Journal journal = Journal.open(directory, SMALLEST, DAY)) {
      String padding = "x".repeat(1000);
      int lines = 3000;
      for (int i = 0; i < lines; i++) {
        journal.append(line("event " + i, Map.of("session", "s" + i, "padding", padding)));
        if (i % 50 == 0) {
          journal.flush(PATIENCE);
        }
      }
      JournalSearch search = search(directory, journal);
      assertThat(messages(search, "story", "s" + (lines - 1)))
          .containsExactly("event " + (lines - 1));
      assertThat(messages(search, "story", "s0")).isEmpty();
      long size = 0;
      for (Path file : Journal.files(directory)) {
        size += Files.size(file);
      }
      // A gathering goes to one file as a whole, which is so much longer.
      assertThat(size).isBetween(SMALLEST / 2, SMALLEST + 51 * 1100);
      assertThat(Journal.files(directory).size()).isGreaterThan(8);
      assertThat(journal.dropped()).isZero();
      JournalSearch.Found found =
          (JournalSearch.Found) ((AdminResponse.Value) ask(search, "story", "s2999")).value();
      assertThat(found.since()).isBetween(1000L, 3000L);
      assertThat(found.all()).isTrue();
    }
  }

  @Test
  void whatIsTooOldGoes() throws Exception {
    try (Journal journal = Journal.open(directory, SMALLEST, DAY)) {
      journal.append(line("old", 1));
    }
    Path old = Journal.files(directory).getFirst();
    Path older = directory.resolve("journal-000000000000.jsonl");
    Files.copy(old, older);
    Files.setLastModifiedTime(older, FileTime.from(Instant.now().minus(DAY.multipliedBy(2))));
    try (Journal journal = Journal.open(directory, SMALLEST, DAY)) {
      journal.append(line("new", 2));
      journal.flush(PATIENCE);
      assertThat(older).doesNotExist();
      assertThat(messages(search(directory, journal), "story", "old")).hasSize(1);
    }
  }

  @Test
  void aLineThatWasCutOffHarmsNoOther() throws Exception {
    try (Journal journal = Journal.open(directory, SMALLEST, DAY)) {
      journal.append(line("s", 1));
    }
    Path file = Journal.files(directory).getFirst();
    Files.writeString(file, "{\"t\":5,\"k\":{\"session\":\"s\"", StandardOpenOption.APPEND);
    try (Journal journal = Journal.open(directory, SMALLEST, DAY)) {
      journal.append(line("s", 2));
      assertThat(messages(search(directory, journal), "story", "s"))
          .containsExactly("event 1", "event 2");
    }
    assertThat(Journal.files(directory)).hasSize(1);
  }

  @Test
  void aSearchGivesTheNewestAndSaysThatThereIsMore() throws Exception {
    try (Journal journal = Journal.open(directory, SMALLEST, DAY)) {
      int lines = JournalSearch.MOST_LINES + 10;
      for (int i = 0; i < lines; i++) {
        journal.append(line("s", i));
      }
      JournalSearch.Found found =
          (JournalSearch.Found)
              ((AdminResponse.Value) ask(search(directory, journal), "story", "s")).value();
      assertThat(found.all()).isFalse();
      assertThat(found.lines()).hasSize(JournalSearch.MOST_LINES);
      assertThat(found.lines().getLast().get("m").asString()).isEqualTo("event " + (lines - 1));
    }
  }

  @Test
  void whoLogsDoesNotWaitForADiskThatTakesNothing() throws Exception {
    Path log = directory.resolve("log");
    try (Journal journal = Journal.open(log, SMALLEST, DAY)) {
      Files.delete(log);
      Files.writeString(log, "no directory");
      for (int i = 0; i < 100_000; i++) {
        journal.append(line("s", i));
      }
      Files.delete(log);
      Files.createDirectory(log);
      journal.flush(PATIENCE);
      journal.append(line("s", 100_000));
      journal.flush(PATIENCE);
      assertThat(messages(search(log, journal), "story", "s")).contains("event 100000");
    }
  }

  @Test
  void aNeedleIsFoundWhereverItIs() {
    Random random = new Random(1);
    for (int round = 0; round < 20_000; round++) {
      byte[] hay = new byte[random.nextInt(40)];
      for (int i = 0; i < hay.length; i++) {
        hay[i] = (byte) "aAbB@\u00c3".charAt(random.nextInt(6));
      }
      String needle = "aAbB@".substring(random.nextInt(5)) + "ab".substring(random.nextInt(3));
      String text = new String(hay, java.nio.charset.StandardCharsets.ISO_8859_1);
      int expected =
          text.toLowerCase(java.util.Locale.ROOT)
              .indexOf(needle.toLowerCase(java.util.Locale.ROOT));
      assertThat(JournalSearch.Needle.of(needle).in(hay, 0))
          .as(text + " " + needle)
          .isEqualTo(expected);
    }
  }

  @Test
  void aFullJournalIsSearchedToItsEnd() throws IOException, InterruptedException {
    try (Journal journal = Journal.open(directory, 32 * 1024 * 1024, DAY)) {
      String padding = "x".repeat(300);
      for (int i = 0; i < 90_000; i++) {
        journal.append(line("event", Map.of("session", "s" + i, "padding", padding)));
        if (i % 5000 == 0) {
          journal.flush(PATIENCE);
        }
      }
      assertThat(journal.dropped()).isZero();
      JournalSearch.Found found =
          search(directory, journal).find("\"session\":\"s89999\"", this::any, 0);
      assertThat(found.all()).isTrue();
      assertThat(found.lines()).hasSize(1);
      JournalSearch.Found late =
          new JournalSearch(directory, journal, Duration.ZERO)
              .find("\"session\":\"s89999\"", this::any, 0);
      assertThat(late.all()).as("who has no time says so").isFalse();
    }
  }

  private boolean any(JsonNode line) {
    return line.has("m");
  }
}
