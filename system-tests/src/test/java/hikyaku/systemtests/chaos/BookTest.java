package hikyaku.systemtests.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What cannot be true is found, and what can be is not. Moments are numbers here. */
class BookTest {
  private final Book book = new Book("alice@chaos.test/INBOX");

  private static void finds(String what, ThrowingCallable judgement) {
    assertThatExceptionOfType(Finding.class).isThrownBy(judgement).withMessageContaining(what);
  }

  /** An APPEND from 10 to 20. */
  private Book.Item appended(long uid, int token) {
    book.perhaps(token, "a", 10);
    book.notPerhaps(token);
    return book.named(uid, token, book.marks(), "a", 10, 20);
  }

  @Test
  void acknowledgedIsSeenByWhoeverLooksLater() {
    appended(1, 100);
    finds("misses", () -> book.look(List.of(), 21, "b"));
    assertThatNoException().isThrownBy(() -> book.look(List.of(), 19, "b"));
    assertThatNoException().isThrownBy(() -> book.look(List.of(1L), 21, "b"));
  }

  @Test
  void removedStaysAway() {
    Book.Item item = appended(1, 100);
    item.mayGo(30);
    assertThatNoException().isThrownBy(() -> book.look(List.of(), 31, "b"));
    assertThatNoException().isThrownBy(() -> book.look(List.of(1L), 31, "b"));
    item.gone(40);
    assertThatNoException().isThrownBy(() -> book.look(List.of(1L), 39, "b"));
    finds("shows", () -> book.look(List.of(1L), 41, "b"));
  }

  @Test
  void seenOnceIsSeenByAll() {
    book.item(7).visible(50);
    finds("misses", () -> book.look(List.of(), 51, "b"));
  }

  @Test
  void uidIsOneMessage() {
    appended(1, 100);
    finds("but was", () -> book.is(1, 101, "b"));
  }

  @Test
  void uidsRise() {
    appended(5, 100);
    Book.Marks marks = book.marks();
    finds("after", () -> book.named(5, 101, marks, "b", 30, 40));
    finds("after", () -> book.named(4, 101, marks, "b", 30, 40));
    finds("UIDNEXT", () -> book.uidNext(5, marks, "b"));
  }

  @Test
  void acknowledgedTwiceUnderTwoUidsIsDoubled() {
    appended(1, 100);
    book.is(2, 100, "b");
    finds("too often", book::atRest);
  }

  @Test
  void deliveredIsThereOnce() {
    book.perhaps(100, "s", 10);
    book.surely(100, "s", 20);
    assertThatNoException().isThrownBy(() -> book.lookKnowing(19, "b"));
    finds("misses number 100", () -> book.lookKnowing(21, "b"));
    finds("is lost", book::atRest);
    book.is(1, 100, "b");
    assertThatNoException().isThrownBy(() -> book.lookKnowing(21, "b"));
    assertThat(book.atRest()).isEqualTo(new Book.Sum(1, 1, 0, 0));
    book.is(2, 100, "b");
    finds("too often", book::atRest);
  }

  @Test
  void unknownOutcomeMayBeThereOnceOrNot() {
    book.perhaps(100, "s", 10);
    assertThat(book.atRest()).isEqualTo(new Book.Sum(0, 0, 1, 0));
    book.is(1, 100, "b");
    assertThat(book.atRest()).isEqualTo(new Book.Sum(1, 1, 1, 0));
    book.is(2, 100, "b");
    finds("too often", book::atRest);
    // Sent again by the sender: that is its doing, and counted apart.
    book.perhaps(100, "s", 30);
    book.surely(100, "s", 40);
    assertThat(book.atRest()).isEqualTo(new Book.Sum(2, 2, 1, 1));
  }

  @Test
  void whatNobodySentIsFound() {
    book.is(1, 100, "b");
    finds("too often", book::atRest);
  }

  @Test
  void valuesNeverFall() {
    Book.Marks before = book.marks();
    book.highestModseq(9, before, "a");
    Book.Marks after = book.marks();
    // Begun before 9 was told.
    assertThatNoException().isThrownBy(() -> book.highestModseq(8, before, "b"));
    finds("HIGHESTMODSEQ", () -> book.highestModseq(8, after, "b"));
    book.uidValidity(3);
    finds("UIDVALIDITY", () -> book.uidValidity(4));
    Book.Item item = book.item(1);
    item.modseq(5, 10, 20, "a");
    item.modseq(4, 19, 30, "b");
    finds("MODSEQ", () -> item.modseq(4, 21, 30, "b"));
  }

  @Test
  void flagIsAsTheLastChangeLeftIt() {
    Register flag = new Register();
    assertThat(flag.mayBe(true, 1, 2)).isTrue();
    assertThat(flag.mayBe(false, 1, 2)).isTrue();
    flag.begin(true, 10, "a").acknowledge(20);
    assertThat(flag.mayBe(false, 15, 30)).isTrue();
    assertThat(flag.mayBe(false, 21, 30)).isFalse();
    assertThat(flag.mayBe(true, 21, 30)).isTrue();
    // Unknown: it may be done at any later time.
    flag.begin(false, 40, "b");
    assertThat(flag.mayBe(false, 21, 39)).isFalse();
    flag.begin(true, 50, "c").acknowledge(60);
    assertThat(flag.mayBe(false, 70, 80)).isTrue();
    assertThat(flag.mayBe(true, 70, 80)).isTrue();
    Register.Write refused = flag.begin(false, 90, "d");
    flag.withdraw(refused);
    assertThat(flag.mayBe(true, 100, 110)).isTrue();
  }
}
