package hikyaku.mailbox.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.memory.MemoryStore;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AnnotationsTest {
  private final MemoryStore store = new MemoryStore();
  private final MailStore mail = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT);
  private final AccountMail account = mail.account("a");

  private static Annotating set(String entry, String value) {
    return new Annotating(Map.of(entry, Optional.of(ByteString.copyFromUtf8(value))), null);
  }

  private static Annotating unset(String entry) {
    return new Annotating(Map.of(entry, Optional.empty()), null);
  }

  private static Annotating use(SpecialUse use) {
    return new Annotating(Map.of(), Set.of(use));
  }

  private Map<String, ByteString> of(String name) {
    FolderTree tree = account.tree();
    return tree.annotations(tree.folder(name).orElseThrow());
  }

  @Test
  void theyGoWithTheFolder() {
    account.annotate("", set("/private/comment", "of the account"), Attempt.ONLY);
    account.create("x", Set.of(), Attempt.ONLY);
    assertThat(of("x")).isEmpty();
    account.annotate("x", set("/shared/comment", "one"), Attempt.ONLY);
    account.annotate("INBOX", set("/private/comment", "two"), Attempt.ONLY);
    account.rename("x", "y/z", Attempt.ONLY);
    account.rename("INBOX", "old", Attempt.ONLY);
    assertThat(of("y/z")).containsEntry("/shared/comment", ByteString.copyFromUtf8("one"));
    assertThat(of("y")).isEmpty();
    assertThat(of("old")).isEqualTo(of("INBOX")).hasSize(1);
    account.annotate("INBOX", unset("/private/comment"), Attempt.ONLY);
    assertThat(of("old")).hasSize(1);
    assertThat(of("INBOX")).isEmpty();
    account.delete("y/z", Attempt.ONLY);
    account.create("y/z", Set.of(), Attempt.ONLY);
    assertThat(of("y/z")).isEmpty();
    assertThatThrownBy(() -> account.annotate("x", unset("/private/comment"), Attempt.ONLY))
        .isInstanceOf(MailboxException.Nonexistent.class);
  }

  /** Enough changes for a snapshot, behind which the entries are gone. */
  @Test
  void aSnapshotKeepsThem() {
    account.annotate("", set("/private/comment", "mine"), Attempt.ONLY);
    account.annotate("Sent", new Annotating(Map.of(), Set.of()), Attempt.ONLY);
    account.annotate("INBOX", use(SpecialUse.SENT), Attempt.ONLY);
    for (int i = 0; i < 600; i++) {
      account.annotate("INBOX", set("/private/n", "value " + i), Attempt.ONLY);
    }
    assertThat(store.logs().snapshot(account.log())).isPresent();
    AccountMail other = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT).account("a");
    FolderTree tree = other.tree();
    assertThat(tree.seq()).isEqualTo(account.tree().seq());
    assertThat(tree.inbox().specialUse()).containsExactly(SpecialUse.SENT);
    assertThat(tree.annotations())
        .containsExactly(Map.entry("/private/comment", ByteString.copyFromUtf8("mine")));
    assertThat(tree.annotations(tree.inbox()))
        .containsExactly(Map.entry("/private/n", ByteString.copyFromUtf8("value 599")));
  }

  @Test
  void limitsHoldAndAnnotationsMayShrink() {
    int most = MailboxLimits.DEFAULT.annotations();
    Map<String, Optional<ByteString>> many = new HashMap<>();
    for (int i = 0; i < most; i++) {
      many.put("/private/" + i, Optional.of(ByteString.copyFromUtf8("x")));
    }
    account.annotate("INBOX", new Annotating(many, null), Attempt.ONLY);
    assertThatThrownBy(() -> account.annotate("INBOX", set("/private/more", ""), Attempt.ONLY))
        .isInstanceOf(MailboxException.TooManyAnnotations.class);
    account.annotate("INBOX", set("/private/1", "changed"), Attempt.ONLY);
    account.annotate("INBOX", unset("/private/2"), Attempt.ONLY);
    account.annotate("INBOX", set("/private/more", ""), Attempt.ONLY);
    assertThat(of("INBOX")).hasSize(most).containsEntry("/private/more", ByteString.EMPTY);
    String large = "x".repeat((int) MailboxLimits.DEFAULT.annotationOctets());
    assertThatThrownBy(() -> account.annotate("Sent", set("/private/x", large), Attempt.ONLY))
        .isInstanceOf(MailboxException.LimitReached.class);
    assertThat(of("Sent")).isEmpty();
  }

  @Test
  void aUseIsOneFoldersAtATime() {
    account.create("x", Set.of(), Attempt.ONLY);
    assertThatThrownBy(() -> account.annotate("x", use(SpecialUse.SENT), Attempt.ONLY))
        .isInstanceOf(MailboxException.SpecialUseTaken.class);
    account.annotate("Sent", new Annotating(Map.of(), Set.of()), Attempt.ONLY);
    account.annotate("x", use(SpecialUse.SENT), Attempt.ONLY);
    account.annotate("x", use(SpecialUse.SENT), Attempt.ONLY);
    assertThat(account.tree().with(SpecialUse.SENT).orElseThrow().name()).isEqualTo("x");
  }

  @Test
  void aRepeatWritesNothing() {
    account.annotate("INBOX", set("/private/x", "1"), Attempt.first("k"));
    account.annotate("INBOX", set("/private/x", "2"), Attempt.ONLY);
    long seq = account.tree().seq();
    account.annotate("INBOX", set("/private/x", "1"), Attempt.repeat("k"));
    assertThat(account.tree().seq()).isEqualTo(seq);
    assertThat(of("INBOX")).containsEntry("/private/x", ByteString.copyFromUtf8("2"));
  }
}
