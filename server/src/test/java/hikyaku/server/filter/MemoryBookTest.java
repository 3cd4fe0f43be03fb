package hikyaku.server.filter;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.store.memory.MemoryStore;
import java.time.Clock;
import java.time.Instant;
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
