package hikyaku.server.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.store.memory.MemoryStore;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Scripts in their log, as two nodes see them. */
class ScriptBookTest {
  private static final String ACCOUNT = "abcdefghijkl";

  private final MemoryStore store = new MemoryStore(Clock.systemUTC());
  private final ScriptBook book = new ScriptBook(store.logs());
  private final ScriptBook other = new ScriptBook(store.logs());

  @AfterEach
  void verify() {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    assertThat(problems).isEmpty();
  }

  private static ByteString script(String text) {
    return ByteString.copyFromUtf8(text);
  }

  @Test
  void whatOneNodeWritesTheOtherReads() throws ScriptException {
    assertThat(other.scripts(ACCOUNT).byName()).isEmpty();
    book.put(ACCOUNT, "a", script("keep;"));
    book.activate(ACCOUNT, "a");
    assertThat(other.scripts(ACCOUNT).script("a")).contains(script("keep;"));
    assertThat(other.scripts(ACCOUNT).active()).isEqualTo("a");
    other.rename(ACCOUNT, "a", "b");
    assertThat(book.scripts(ACCOUNT).byName()).containsOnlyKeys("b");
    assertThat(book.scripts(ACCOUNT).active()).isEqualTo("b");
    other.activate(ACCOUNT, "");
    book.delete(ACCOUNT, "b");
    assertThat(other.scripts(ACCOUNT).byName()).isEmpty();
  }

  @Test
  void whatCannotBeIsRefused() throws ScriptException {
    book.put(ACCOUNT, "a", script("keep;"));
    book.put(ACCOUNT, "b", script("stop;"));
    book.activate(ACCOUNT, "a");
    assertThatThrownBy(() -> book.delete(ACCOUNT, "a")).isInstanceOf(ScriptException.Active.class);
    assertThatThrownBy(() -> book.delete(ACCOUNT, "c"))
        .isInstanceOf(ScriptException.Nonexistent.class);
    assertThatThrownBy(() -> book.activate(ACCOUNT, "c"))
        .isInstanceOf(ScriptException.Nonexistent.class);
    assertThatThrownBy(() -> book.rename(ACCOUNT, "a", "b"))
        .isInstanceOf(ScriptException.AlreadyExists.class);
    for (String name : List.of("", "a\nb", "\u2028", "x".repeat(129))) {
      assertThatThrownBy(() -> book.put(ACCOUNT, name, script("keep;")))
          .isInstanceOf(ScriptException.InvalidName.class);
    }
    book.put(ACCOUNT, "\ud83d\udce8".repeat(128), script("keep;"));
  }

  @Test
  void roomIsLimited() throws ScriptException {
    ByteString large = script("#" + "x".repeat(250_000));
    for (int i = 0; i < 8; i++) {
      book.put(ACCOUNT, "large" + i, large);
    }
    assertThatThrownBy(() -> book.put(ACCOUNT, "one more", large))
        .isInstanceOf(ScriptException.TooLarge.class);
    book.put(ACCOUNT, "large0", script("keep;"));
    for (int i = 8; i < ScriptBook.MOST; i++) {
      book.put(ACCOUNT, "small" + i, script("keep;"));
    }
    assertThatThrownBy(() -> book.put(ACCOUNT, "one more", script("keep;")))
        .isInstanceOf(ScriptException.TooMany.class);
  }

  /** Contents that were replaced are let go, and a node that comes late reads what is left. */
  @Test
  void oldContentsGo() throws ScriptException {
    book.failed(ACCOUNT, new Scripts.Problem("a", 3, "why", Instant.ofEpochMilli(5)));
    for (int i = 0; i < 50; i++) {
      book.put(ACCOUNT, "a", script("# " + i));
    }
    book.activate(ACCOUNT, "a");
    Scripts late = new ScriptBook(store.logs()).scripts(ACCOUNT);
    assertThat(late).isEqualTo(book.scripts(ACCOUNT)).isEqualTo(other.scripts(ACCOUNT));
    assertThat(late.script("a")).contains(script("# 49"));
    assertThat(late.problem().orElseThrow().sentence()).isEqualTo("why");
    assertThat(store.logs().read(AccountMail.scriptsLog(ACCOUNT), 0, 52, 100)).hasSizeLessThan(40);
  }
}
