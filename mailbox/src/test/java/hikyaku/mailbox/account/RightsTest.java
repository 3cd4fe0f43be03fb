package hikyaku.mailbox.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.memory.MemoryStore;
import java.time.Clock;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RightsTest {
  private final MemoryStore store = new MemoryStore();
  private final MailStore mail = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT);
  private final AccountMail account = mail.account("a");

  private void grant(String name, String who, String letters) {
    Rights rights = Rights.parse(letters).orElseThrow();
    account.grant(name, who, _ -> rights, Attempt.ONLY);
  }

  private Map<String, Rights> of(String name) {
    FolderTree tree = account.tree();
    return tree.rights(tree.folder(name).orElseThrow());
  }

  @Test
  void lettersOldAndNew() {
    assertThat(Rights.ALL.letters()).isEqualTo("lrswipkxtea");
    assertThat(Rights.ALL.wire()).isEqualTo("lrswipkxteacd");
    assertThat(Rights.parse("cd").orElseThrow().letters()).isEqualTo("kxte");
    assertThat(Rights.parse("xl").orElseThrow().wire()).isEqualTo("lxc");
    assertThat(Rights.parse("e").orElseThrow().wire()).isEqualTo("ed");
    assertThat(Rights.parse("").orElseThrow()).isEqualTo(Rights.NONE);
    assertThat(Rights.parse("lR")).isEmpty();
    assertThat(Rights.parse("l1")).isEmpty();
  }

  @Test
  void aNewFolderBeginsWithTheRightsAboveIt() {
    account.create("x", Set.of(), Attempt.ONLY);
    grant("x", "=b", "lr");
    grant("x", "-anyone", "s");
    account.create("x/y/z", Set.of(), Attempt.ONLY);
    assertThat(of("x/y/z")).isEqualTo(of("x")).isEqualTo(of("x/y")).hasSize(2);
    grant("x", "=b", "");
    assertThat(of("x")).containsOnlyKeys("-anyone");
    assertThat(of("x/y")).hasSize(2);
    account.rename("x/y", "w", Attempt.ONLY);
    assertThat(of("w/z")).hasSize(2);
    account.create("v", Set.of(), Attempt.ONLY);
    assertThat(of("v")).isEmpty();
    account.delete("w", Attempt.ONLY);
    account.create("w", Set.of(), Attempt.ONLY);
    assertThat(of("w")).isEmpty();
    grant("INBOX", "=b", "lr");
    account.rename("INBOX", "old", Attempt.ONLY);
    assertThat(of("INBOX")).isEqualTo(of("old")).hasSize(1);
    assertThatThrownBy(() -> grant("none", "=b", "lr"))
        .isInstanceOf(MailboxException.Nonexistent.class);
  }

  @Test
  void aSnapshotKeepsThem() {
    grant("Sent", "=b", "lrs");
    for (int i = 0; i < 600; i++) {
      grant("INBOX", "=b", i % 2 == 0 ? "l" : "lr");
    }
    assertThat(store.logs().snapshot(account.log())).isPresent();
    AccountMail other = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT).account("a");
    FolderTree tree = other.tree();
    assertThat(tree.rights(tree.inbox()).get("=b").letters()).isEqualTo("lr");
    assertThat(tree.rights(tree.folder("Sent").orElseThrow()).get("=b").letters()).isEqualTo("lrs");
  }

  @Test
  void entriesAndSharersHaveLimits() {
    for (int i = 0; i < MailboxLimits.DEFAULT.rights(); i++) {
      grant("INBOX", "=" + i, "l");
    }
    assertThatThrownBy(() -> grant("INBOX", "=more", "l"))
        .isInstanceOf(MailboxException.LimitReached.class);
    grant("INBOX", "=1", "lr");
    grant("INBOX", "=1", "");
    grant("INBOX", "=more", "l");
    for (int i = 0; i < MailboxLimits.DEFAULT.sharers(); i++) {
      account.sharing().add("o" + i);
      account.sharing().add("o" + i);
    }
    assertThat(store.logs().head(Sharing.log("a")).seq())
        .isEqualTo(MailboxLimits.DEFAULT.sharers());
    assertThatThrownBy(() -> account.sharing().add("more"))
        .isInstanceOf(MailboxException.LimitReached.class);
  }

  @Test
  void sharersAreSeenByAllNodesAndForgottenWithTheAccount() {
    Sharing elsewhere =
        new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT).account("a").sharing();
    assertThat(elsewhere.owners()).isEmpty();
    account.sharing().add("o1");
    assertThat(elsewhere.owners()).containsExactly("o1");
    elsewhere.add("o2");
    assertThat(account.sharing().owners()).containsExactly("o1", "o2");
    account.removeAll();
    assertThat(elsewhere.owners()).isEmpty();
  }
}
