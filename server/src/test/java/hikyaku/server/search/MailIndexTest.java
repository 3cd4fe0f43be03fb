package hikyaku.server.search;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.mailbox.text.MessageTexts;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.mime.FoldedText;
import hikyaku.server.testing.Letters;
import hikyaku.server.testing.TestClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever happens to an index, what it says is true, and in the end it knows everything. */
class MailIndexTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path folder;

  private final TestClock clock = new TestClock();
  private final MemoryStore store = new MemoryStore(clock);
  private final MailStore mail = new MailStore(store, clock, MailboxLimits.DEFAULT);
  private final MailStore other = new MailStore(store, clock, MailboxLimits.DEFAULT);
  private final Letters letters = new Letters(7);
  private final List<MailIndex> indexes = new ArrayList<>();
  private SimpleMeterRegistry meters = new SimpleMeterRegistry();

  @AfterEach
  void close() {
    indexes.forEach(MailIndex::close);
    mail.close();
    other.close();
    store.close();
  }

  private MailIndex start(Path where, SearchSettings settings) {
    meters = new SimpleMeterRegistry();
    MailIndex index = new MailIndex(store, MailboxLimits.DEFAULT, settings.in(where), meters);
    indexes.add(index);
    index.start();
    return index;
  }

  private static SearchSettings settings() {
    SearchSettings d = SearchSettings.DEFAULTS;
    return new SearchSettings(true, Path.of(""), 1 << 20, d.disk(), 0, 1, d.message());
  }

  private static SearchSettings settings(long disk, int message) {
    return new SearchSettings(true, Path.of(""), 1 << 20, disk, 0, 1, message);
  }

  private Mailbox inbox(String account) {
    return mail.account(account).inbox();
  }

  private void deliver(Mailbox mailbox, byte[] octets) {
    Intake.Received received;
    try (Intake intake = mail.intake()) {
      intake.write(octets, 0, octets.length);
      received = intake.finish();
    }
    mailbox.append(
        List.of(
            new NewMessage(
                ByteString.copyFromUtf8("Delivered-To: <x@y.test>\r\n"),
                received.blob(),
                InternalDate.of(clock.instant(), ZoneOffset.UTC),
                Flags.NONE,
                received.structure(),
                "test")),
        Attempt.ONLY);
  }

  private void deliver(Mailbox mailbox, int count) {
    for (int i = 0; i < count; i++) {
      deliver(mailbox, letters.letter());
    }
  }

  private static void settle(MailIndex index) throws InterruptedException {
    assertThat(index.await(PATIENCE)).as("%s", index.status()).isTrue();
  }

  /**
   * Asks the index for many strings, and looks into all messages.
   *
   * @return how many messages it has spared a search
   */
  private int check(MailIndex index, Mailbox mailbox) throws IOException {
    MailboxState state = mailbox.refresh();
    Map<Integer, List<String>> texts = new TreeMap<>();
    mailbox
        .messages()
        .read(
            state,
            IntStream.range(0, state.size()).toArray(),
            (at, stored) -> {
              Letters.Keeping keeping = new Letters.Keeping();
              try (MessageTexts all =
                  new MessageTexts(stored.message(), mailbox.messages()::open)) {
                all.everything(keeping);
              }
              texts.put(at, keeping.texts());
            });
    List<List<FoldedText>> wanted = new ArrayList<>();
    texts.values().stream()
        .limit(30)
        .forEach(some -> {
          FoldedText one = new FoldedText(letters.wanted(some.get(some.size() / 2)));
          FoldedText two = new FoldedText(letters.wanted(some.getFirst()));
          wanted.add(List.of(one));
          wanted.add(List.of(one, two));
        });
    int spared = 0;
    List<BitSet> lacking = index.lacking(mailbox.log(), state, wanted);
    assertThat(lacking).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.size(); i++) {
      for (int at : lacking.get(i).stream().toArray()) {
        List<int[]> inIt = texts.get(at).stream().map(text -> text.codePoints().toArray()).toList();
        assertThat(wanted.get(i))
            .isNotEmpty()
            .anyMatch(w -> inIt.stream().noneMatch(text -> isIn(folded(w), text)));
      }
      spared += lacking.get(i).cardinality();
    }
    return spared;
  }

  private static int[] folded(FoldedText wanted) {
    IntStream.Builder codePoints = IntStream.builder();
    wanted.forEach(codePoints::add);
    return codePoints.build().toArray();
  }

  /**
   * Both are folded, and must not be once more: what a letter is folded to may have other cases.
   */
  private static boolean isIn(int[] wanted, int[] text) {
    return IntStream.rangeClosed(0, text.length - wanted.length)
        .anyMatch(at -> Arrays.equals(text, at, at + wanted.length, wanted, 0, wanted.length));
  }

  private double count(String counter) {
    return meters.get(counter).counter().count();
  }

  @Test
  void whatItSaysIsTrueAndInTheEndItKnowsEverything() throws Exception {
    Letters.corpus().forEach(octets -> deliver(inbox("a"), octets));
    deliver(inbox("b"), 40);
    MailIndex index = start(folder, settings());
    int unused = check(index, inbox("a"));
    settle(index);
    int size = inbox("a").refresh().size() + 40;
    assertThat(index.status().messages()).isEqualTo(size);
    assertThat(index.status().state()).isEqualTo(SearchStatus.State.FOLLOWING);
    assertThat(check(index, inbox("a"))).isPositive();
    assertThat(check(index, inbox("b"))).isPositive();
    deliver(inbox("b"), 40);
    unused = check(index, inbox("b"));
    settle(index);
    assertThat(index.status().messages()).isEqualTo(size + 40);
    assertThat(check(index, inbox("b"))).isPositive();
    assertThat(count("hikyaku.search.begun")).isEqualTo(1);
    assertThat(count("hikyaku.search.entered")).isEqualTo(size + 40);
  }

  @Test
  void aClosedIndexGoesOnWhereItStood() throws Exception {
    deliver(inbox("a"), 30);
    MailIndex index = start(folder, settings());
    settle(index);
    index.close();
    assertThat(check(index, inbox("a"))).isZero();
    deliver(inbox("a"), 5);
    index = start(folder, settings());
    settle(index);
    assertThat(count("hikyaku.search.begun")).isZero();
    assertThat(count("hikyaku.search.entered")).isEqualTo(5);
    assertThat(index.status().messages()).isEqualTo(35);
    assertThat(check(index, inbox("a"))).isPositive();
  }

  @Test
  void whatIsExpungedOrDroppedLeaves() throws Exception {
    deliver(inbox("a"), 30);
    deliver(inbox("b"), 30);
    MailIndex index = start(folder, settings());
    settle(index);
    inbox("a").expunge(UidSet.range(3, 12), Attempt.ONLY);
    settle(index);
    assertThat(index.status().messages()).isEqualTo(50);
    assertThat(check(index, inbox("a"))).isPositive();
    mail.drop(inbox("b").log());
    settle(index);
    assertThat(index.status().messages()).isEqualTo(20);
  }

  @Test
  void aCopyTakenInTheMiddleIsAnIndexOrNone() throws Exception {
    deliver(inbox("a"), 60);
    Path image = Files.createDirectory(folder.resolve("image"));
    Path live = folder.resolve("live");
    MailIndex index = start(live, settings());
    // As a crash leaves it: some files whole, some not, some not there.
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (index.status().messages() < 20) {
      assertThat(System.nanoTime()).as("%s", index.status()).isLessThan(end);
      Thread.onSpinWait();
    }
    copy(live, image);
    settle(index);
    index.close();
    MailIndex second = start(image, settings());
    int unused = check(second, inbox("a"));
    settle(second);
    assertThat(second.status().messages()).isEqualTo(60);
    assertThat(check(second, inbox("a"))).isPositive();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.newDirectoryStream(from)) {
      for (Path file : files) {
        try {
          if (!file.endsWith("write.lock")) {
            Files.copy(file, to.resolve(file.getFileName()));
          }
        } catch (NoSuchFileException gone) {
          // So it is in the image as well.
        }
      }
    }
  }

  @Test
  void aDamagedIndexIsMadeAnew() throws Exception {
    deliver(inbox("a"), 20);
    Path whole = folder.resolve("whole");
    MailIndex index = start(whole, settings());
    settle(index);
    index.close();
    List<Path> files;
    try (var all = Files.list(whole)) {
      files = all.filter(file -> !file.endsWith("write.lock")).toList();
    }
    assertThat(files).hasSizeGreaterThan(2);
    for (Path file : files) {
      for (boolean cut : new boolean[] {false, true}) {
        Path spoilt = folder.resolve("spoilt-" + file.getFileName() + cut);
        Files.createDirectory(spoilt);
        copy(whole, spoilt);
        Path target = spoilt.resolve(file.getFileName());
        byte[] octets = Files.readAllBytes(target);
        octets[octets.length / 2] ^= 0x10;
        Files.write(target, cut ? Arrays.copyOf(octets, octets.length / 2) : octets);
        MailIndex again = start(spoilt, settings());
        settle(again);
        assertThat(count("hikyaku.search.begun")).as(target.toString()).isEqualTo(1);
        assertThat(again.status().messages()).isEqualTo(20);
        assertThat(check(again, inbox("a"))).isPositive();
        again.close();
      }
    }
  }

  @Test
  void whatTheFeedHasForgottenIsMadeAnew() throws Exception {
    deliver(inbox("a"), 10);
    MailIndex index = start(folder, settings());
    settle(index);
    index.close();
    deliver(inbox("a"), 10);
    inbox("a").expunge(UidSet.of(1), Attempt.ONLY);
    clock.advance(Duration.ofDays(20));
    store.logs().trimChanges(Duration.ofDays(14));
    index = start(folder, settings());
    settle(index);
    assertThat(count("hikyaku.search.begun")).isEqualTo(1);
    assertThat(index.status().messages()).isEqualTo(19);
    assertThat(check(index, inbox("a"))).isPositive();
  }

  @Test
  void itIsMadeAnewWhenItIsAskedTo() throws Exception {
    deliver(inbox("a"), 10);
    MailIndex index = start(folder, settings());
    settle(index);
    index.rebuild();
    settle(index);
    assertThat(count("hikyaku.search.begun")).isEqualTo(2);
    assertThat(index.status().messages()).isEqualTo(10);
    assertThat(check(index, inbox("a"))).isPositive();
  }

  @Test
  void whatItDoesNotTakeIsLeftToSearches() throws Exception {
    deliver(inbox("a"), 40);
    deliver(inbox("a"), new byte[0]);
    StringBuilder many = new StringBuilder("Subject: many\r\n\r\n");
    for (int i = 0; i < 3_000; i++) {
      many.append(i).append(' ');
    }
    deliver(inbox("a"), many.toString().getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    MailIndex large = start(folder.resolve("large"), settings(1 << 30, 1_000));
    settle(large);
    assertThat(large.status().messages()).isEqualTo(41);
    assertThat(count("hikyaku.search.passed.over")).isEqualTo(1);
    assertThat(check(large, inbox("a"))).isPositive();
    MailIndex full = start(folder.resolve("full"), settings(0, 1_000));
    settle(full);
    assertThat(full.status().state()).isEqualTo(SearchStatus.State.FULL);
    assertThat(full.status().messages()).isZero();
    assertThat(check(full, inbox("a"))).isZero();
  }

  @Test
  void eachNodeHasItsOwn() throws Exception {
    MailIndex one = start(folder.resolve("one"), settings());
    MailIndex two = start(folder.resolve("two"), settings());
    deliver(inbox("a"), 20);
    deliver(other.account("a").inbox(), 20);
    other.account("a").inbox().expunge(UidSet.of(5), Attempt.ONLY);
    for (MailIndex index : List.of(one, two)) {
      settle(index);
      assertThat(index.status().messages()).isEqualTo(39);
      assertThat(check(index, inbox("a"))).isPositive();
      assertThat(check(index, other.account("a").inbox())).isPositive();
    }
  }
}
