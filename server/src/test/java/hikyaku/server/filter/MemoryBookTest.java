package hikyaku.server.filter;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.filter.proto.Remembered;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What scripts remember, as two nodes see it. */
class MemoryBookTest {
  private static final String ACCOUNT = "abcdefghijkl";
  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  private final MemoryStore store = new MemoryStore(CLOCK);
  private final MemoryBook book = new MemoryBook(store.logs(), CLOCK);
  private final MemoryBook other = new MemoryBook(store.logs(), CLOCK);

  @AfterEach
  void verify() {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    assertThat(problems).isEmpty();
  }

  private void remember(MemoryBook by, ByteString what, long seconds, String attempt) {
    Instant until = NOW.plusSeconds(seconds);
    store
        .logs()
        .append(by.append(ACCOUNT, List.of(MemoryBook.sent(what, until, attempt)), attempt))
        .orThrow();
  }

  @Test
  void whatOneNodeRemembersTheOtherKnowsUntilItsTime() {
    ByteString what = Memory.what("answered", "a");
    assertThat(other.memory(ACCOUNT).until(what, NOW, "t")).isEmpty();
    remember(book, what, 60, "t");
    Memory memory = other.memory(ACCOUNT);
    assertThat(memory.until(what, NOW, "u")).contains(NOW.plusSeconds(60));
    assertThat(memory.until(what, NOW.plusSeconds(60), "u")).isEmpty();
    assertThat(memory.until(Memory.what("answereda"), NOW, "u")).isEmpty();
    assertThat(memory.sent(NOW, "u")).isEqualTo(1);
  }

  @Test
  void whatAnAttemptRememberedDoesNotCountForIt() {
    ByteString what = Memory.what("a");
    remember(book, what, 60, "t");
    remember(other, what, 60, "t");
    assertThat(book.memory(ACCOUNT).until(what, NOW, "t")).isEmpty();
    assertThat(book.memory(ACCOUNT).sent(NOW, "t")).isZero();
    assertThat(store.logs().head(AccountMail.sieveMemoryLog(ACCOUNT)).seq()).isEqualTo(2);
  }

  /** Also of what is remembered no more one by one, as a snapshot or room for others took it. */
  @Test
  void mailsCountForADay() {
    Instant[] now = {NOW};
    InstantSource moving = () -> now[0];
    MemoryBook one = new MemoryBook(store.logs(), moving);
    int sent = 0;
    for (int hour = 0; hour < 24; hour++) {
      for (int i = 0; i < 50; i++) {
        String attempt = "t" + hour + "." + i;
        store
            .logs()
            .append(
                one.append(
                    ACCOUNT,
                    List.of(
                        MemoryBook.sent(
                            Memory.what(attempt), now[0].plus(SieveSettings.COUNTED), attempt)),
                    attempt))
            .orThrow();
        sent++;
        one.memory(ACCOUNT);
      }
      MemoryBook fresh = new MemoryBook(store.logs(), moving);
      for (MemoryBook each : List.of(one, fresh)) {
        assertThat(each.memory(ACCOUNT).sent(now[0], "")).isEqualTo(50);
        assertThat(each.memory(ACCOUNT).sentInDay(now[0], "")).isEqualTo(sent);
        assertThat(each.memory(ACCOUNT).sentInDay(now[0], "t" + hour + ".7")).isEqualTo(sent - 1);
      }
      assertThat(fresh.memory(ACCOUNT).size()).as("snapshots let go").isLessThan(450);
      now[0] = now[0].plus(Duration.ofHours(1));
    }
    // A day after the first, these count no longer but for what is rounded.
    MemoryBook fresh = new MemoryBook(store.logs(), moving);
    now[0] = now[0].plus(Duration.ofMinutes(20));
    assertThat(fresh.memory(ACCOUNT).sentInDay(now[0], "")).isEqualTo(sent - 50);
    now[0] = now[0].plus(Duration.ofDays(1));
    assertThat(fresh.memory(ACCOUNT).sentInDay(now[0], "")).isZero();
  }

  private void remember(List<Remembered> many) {
    for (int from = 0; from < many.size(); from += 4_100) {
      List<Remembered> some = many.subList(from, Math.min(many.size(), from + 4_100));
      String key = some.getFirst().getAttempt() + from;
      store.logs().append(book.append(ACCOUNT, some, key)).orThrow();
    }
  }

  /** A burst of messages, which are remembered for longer than anything else. */
  @Test
  void whatWasSeenPushesNothingElseOut() {
    ByteString answered = Memory.what("answered", "a");
    remember(
        List.of(
            MemoryBook.told(answered, NOW.plusSeconds(60), "s"),
            MemoryBook.sent(Memory.what("sent"), NOW.plus(SieveSettings.COUNTED), "s")));
    List<Remembered> burst = new ArrayList<>();
    for (int i = 0; i < Memory.MOST + 500; i++) {
      burst.add(MemoryBook.seen(Memory.what("m" + i), NOW.plusSeconds(1_000_000 + i), "b"));
    }
    remember(burst);
    Memory memory = book.memory(ACCOUNT);
    assertThat(memory.knows(answered, NOW)).isTrue();
    assertThat(memory.sent(NOW, "")).isEqualTo(1);
    assertThat(memory.size()).isEqualTo(Memory.MOST + 2);
    assertThat(memory.knows(Memory.what("m499"), NOW)).isFalse();
    assertThat(memory.knows(Memory.what("m500"), NOW)).isTrue();
  }

  @Test
  void mailsThatMakeRoomCountOn() {
    List<Remembered> many = new ArrayList<>();
    for (int i = 0; i < Memory.MOST + 500; i++) {
      many.add(MemoryBook.sent(Memory.what("m" + i), NOW.plus(SieveSettings.COUNTED), "t"));
    }
    remember(many);
    assertThat(book.memory(ACCOUNT).sentInDay(NOW, "")).isEqualTo(Memory.MOST + 500);
  }

  @Test
  void whatIsOverIsForgotten() {
    for (int i = 0; i < 1_000; i++) {
      remember(i % 2 == 0 ? book : other, Memory.what("a" + i), i < 100 ? 60 : 0, "t" + i);
      book.memory(ACCOUNT);
    }
    MemoryBook fresh = new MemoryBook(store.logs(), CLOCK);
    assertThat(fresh.memory(ACCOUNT).sent(NOW, "")).isEqualTo(100);
    assertThat(fresh.memory(ACCOUNT).size()).isLessThan(400);
    assertThat(store.logs().read(AccountMail.sieveMemoryLog(ACCOUNT), 0, 1_001, 2_000))
        .hasSizeLessThan(300);
    assertThat(book.memory(ACCOUNT).until(Memory.what("a0"), NOW, "")).isPresent();
  }
}
