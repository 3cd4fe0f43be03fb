package hikyaku.mailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.mailbox.view.Mailbox;
import java.lang.ref.Reference;
import java.time.Clock;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Mailboxes in use are never more than there is memory for; those that are not make room. */
class MemoryForMailboxesTest {
  /** Of which a quarter is for 3500 messages of 25 octets. */
  private static final long HEAP = 350_000;

  private static final int EACH = 1_500;

  private final MemoryStore store = new MemoryStore();

  private static Mailbox inbox(MailStore mail, String account) {
    return mail.account(account).inbox();
  }

  private void fill(List<String> accounts) {
    try (MailStore mail = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT)) {
      Intake.Received received;
      try (Intake intake = mail.intake()) {
        received = intake.finish();
      }
      NewMessage message =
          new NewMessage(
              ByteString.EMPTY,
              received.blob(),
              new InternalDate(0, 0),
              Flags.NONE,
              received.structure(),
              "s");
      for (String account : accounts) {
        inbox(mail, account).append(Collections.nCopies(EACH, message), Attempt.ONLY);
      }
    }
  }

  @Test
  void whatIsInUseStaysAndTheNextOneHearsThatThereIsNoRoom() {
    fill(List.of("a", "b", "c", "d"));
    try (MailStore mail = new MailStore(store, Clock.systemUTC(), MailboxLimits.DEFAULT, HEAP)) {
      Mailbox first = inbox(mail, "a");
      assertThat(first.refresh().size()).isEqualTo(EACH);
      assertThat(inbox(mail, "b").refresh().size()).isEqualTo(EACH);
      // Nobody uses the second any more.
      Mailbox third = inbox(mail, "c");
      assertThat(third.refresh().size()).isEqualTo(EACH);
      assertThatThrownBy(() -> inbox(mail, "d").refresh())
          .isInstanceOf(StoreException.Unavailable.class)
          .hasMessageContaining("no memory");
      assertThat(first.refresh().size()).isEqualTo(EACH);
      Reference.reachabilityFence(third);
    }
  }
}
