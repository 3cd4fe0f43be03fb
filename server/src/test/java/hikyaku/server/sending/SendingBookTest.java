package hikyaku.server.sending;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.store.memory.MemoryStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What accounts send, as two nodes count it. */
class SendingBookTest {
  private static final String ACCOUNT = "abcdefghijkl";
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final SendingSettings SETTINGS = new SendingSettings(true, 100, 5, 20, 10, 30);

  private final Moving clock = new Moving();
  private final MemoryStore store = new MemoryStore(clock);
  private final SendingBook book = new SendingBook(store.logs());
  private final SendingBook other = new SendingBook(store.logs());
  private int keys;

  /** A clock that the test sets. */
  private static final class Moving extends Clock {
    private Instant now = Instant.parse("2026-11-22T10:00:00Z");

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  @AfterEach
  void verify() {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    assertThat(problems).isEmpty();
  }

  private void pass(Duration time) {
    clock.now = clock.now.plus(time);
  }

  private void sent(SendingBook by, int recipients) {
    store.logs().append(by.sent(ACCOUNT, recipients, "s" + keys++)).orThrow();
  }

  private void failed(int recipients) {
    other.failed(ACCOUNT, recipients, "f" + keys++);
  }

  private Ledger ledger() {
    Ledger mine = book.ledger(ACCOUNT);
    Ledger theirs = other.ledger(ACCOUNT);
    assertThat(mine.snapshot()).isEqualTo(theirs.snapshot());
    return mine;
  }

  @Test
  void countsAllNodesAndForgetsWithTime() {
    assertThat(ledger().sent(DAY, clock.now)).isZero();
    sent(book, 2);
    sent(other, 3);
    assertThat(ledger().sent(HOUR, clock.now)).isEqualTo(5);
    pass(HOUR);
    sent(book, 1);
    // Spans are whole: what was sent in the span an hour ago counts up to its end.
    assertThat(ledger().sent(HOUR, clock.now)).isEqualTo(6);
    pass(Ledger.SPAN);
    assertThat(ledger().sent(HOUR, clock.now)).isEqualTo(1);
    assertThat(ledger().sent(DAY, clock.now)).isEqualTo(6);
    pass(DAY);
    assertThat(ledger().sent(DAY, clock.now)).isZero();
    pass(Duration.ofDays(Ledger.DAYS));
    sent(book, 1);
    assertThat(ledger().size()).isEqualTo(1);
  }

  @Test
  void aRepeatCountsOnce() {
    sent(book, 1);
    store.logs().append(book.sent(ACCOUNT, 4, "same")).orThrow();
    store.logs().append(other.sent(ACCOUNT, 4, "same")).orThrow();
    other.failed(ACCOUNT, 1, "failed");
    book.failed(ACCOUNT, 1, "failed");
    assertThat(ledger().sent(HOUR, clock.now)).isEqualTo(5);
    assertThat(ledger().failed(HOUR, clock.now)).isEqualTo(1);
  }

  @Test
  void stopsOnceAndOnlyForWhatWasSeen() {
    sent(book, 1);
    Ledger seen = ledger();
    sent(other, 1);
    assertThat(book.stop(ACCOUNT, seen, "late")).isFalse();
    assertThat(ledger().stopped()).isEmpty();
    seen = ledger();
    assertThat(book.stop(ACCOUNT, seen, "first")).isTrue();
    assertThat(other.stop(ACCOUNT, seen, "second")).isFalse();
    assertThat(ledger().stopped()).contains("first");
    assertThat(ledger().stoppedAt()).contains(clock.now);
    other.resume(ACCOUNT);
    assertThat(ledger().stopped()).isEmpty();
  }

  @Test
  void whatTheLogIsRidOfIsInItsSnapshot() {
    sent(book, 7);
    failed(3);
    assertThat(book.stop(ACCOUNT, ledger(), "why")).isTrue();
    for (int i = 0; i < 1_000; i++) {
      sent(book, 1);
      Ledger unused = book.ledger(ACCOUNT);
    }
    assertThat(store.logs().read(AccountMail.sendingLog(ACCOUNT), 0, 2_000, 2_000))
        .hasSizeLessThan(300);
    Ledger anew = new SendingBook(store.logs()).ledger(ACCOUNT);
    assertThat(anew.sent(HOUR, clock.now)).isEqualTo(1_007);
    assertThat(anew.failed(HOUR, clock.now)).isEqualTo(3);
    assertThat(anew.stopped()).contains("why");
    assertThat(anew.snapshot()).isEqualTo(ledger().snapshot());
    assertThat(book.all()).containsOnlyKeys(ACCOUNT);
  }

  @Test
  void aFailureBringsNoRemovedAccountBack() {
    sent(book, 1);
    store.logs().drop(AccountMail.sendingLog(ACCOUNT));
    other.failed(ACCOUNT, 1, "f");
    assertThat(store.logs().head(AccountMail.sendingLog(ACCOUNT)).exists()).isFalse();
    assertThat(ledger().sent(HOUR, clock.now)).isZero();
  }

  @Test
  void muchMoreThanEverIsSuspicious() {
    for (int hour = 0; hour < 24; hour++) {
      sent(book, 30);
      assertThat(ledger().suspicion(SETTINGS, clock.now)).isEmpty();
      pass(HOUR.plus(Ledger.SPAN));
    }
    assertThat(ledger().busiest(clock.now)).isEqualTo(30);
    sent(book, 149);
    assertThat(ledger().suspicion(SETTINGS, clock.now)).isEmpty();
    sent(book, 1);
    assertThat(ledger().suspicion(SETTINGS, clock.now).orElseThrow())
        .startsWith("150 recipients in an hour, and never more than 30");
    assertThat(ledger().suspicion(new SendingSettings(true, 100, 0, 20, 10, 0), clock.now))
        .isEmpty();
    assertThat(ledger().suspicion(new SendingSettings(false, 100, 5, 20, 10, 30), clock.now))
        .isEmpty();
  }

  @Test
  void manyRefusedRecipientsAreSuspicious() {
    sent(book, 40);
    failed(10);
    assertThat(ledger().suspicion(SETTINGS, clock.now)).isEmpty();
    failed(1);
    assertThat(ledger().suspicion(SETTINGS, clock.now)).isEmpty();
    failed(1);
    assertThat(ledger().suspicion(SETTINGS, clock.now))
        .contains("12 of 40 recipients in an hour were refused by their servers or given up");
  }

  @Test
  void whatWasForgivenIsNotHeldAgainst() {
    sent(book, 101);
    assertThat(ledger().suspicion(SETTINGS, clock.now)).isPresent();
    assertThat(book.stop(ACCOUNT, ledger(), "why")).isTrue();
    assertThat(ledger().suspicion(SETTINGS, clock.now)).isEmpty();
    book.resume(ACCOUNT);
    sent(book, 5);
    assertThat(ledger().suspicion(SETTINGS, clock.now)).isEmpty();
    assertThat(ledger().sent(HOUR, clock.now)).isEqualTo(106);
    pass(Ledger.SPAN);
    sent(book, 101);
    assertThat(ledger().suspicion(SETTINGS, clock.now)).isPresent();
  }
}
