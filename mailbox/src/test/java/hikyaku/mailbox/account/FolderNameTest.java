package hikyaku.mailbox.account;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class FolderNameTest {
  @Test
  void aNameHasOneSpelling() {
    for (String spelling : List.of("INBOX", "inbox", "Inbox/")) {
      assertThat(FolderName.canonical(spelling)).isEqualTo(Folder.INBOX);
    }
    assertThat(FolderName.canonical("inBox/Ab/")).isEqualTo("INBOX/Ab");
    assertThat(FolderName.canonical("Ab")).isEqualTo("Ab");
    assertThat(FolderName.canonical("/")).isEqualTo("/");
  }

  /** Who has looked at a canonical name has looked at the one that is meant. */
  @Test
  void theNameOfANameIsItself() {
    for (String name : List.of("INBOX//", "inbox///", "a//", "//", "///", "a/", "inbox/b//")) {
      String once = FolderName.canonical(name);
      assertThat(FolderName.canonical(once)).as(name).isEqualTo(once);
    }
    assertThat(FolderName.canonical("inbox//")).isNotEqualTo(Folder.INBOX);
  }
}
