package hikyaku.server.smtp;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.server.directory.Account;
import java.util.Optional;

/**
 * Finds what a transaction has delivered before it was given to this node: the mailbox may be full
 * of just that.
 */
final class DeliveredBefore {
  /** Messages of a mailbox that are looked at for one that came a moment ago. */
  private static final int LATEST = 50;

  private DeliveredBefore() {}

  /** Whether a repeat finds its message in the account's mailbox. */
  static boolean to(Account account, SmtpSession session, Transaction transaction) {
    return session.isRepeat() && prefix(account, session, transaction).isPresent();
  }

  /** The fields before a message that the transaction has delivered to the account. */
  static Optional<ByteString> prefix(
      Account account, SmtpSession session, Transaction transaction) {
    AccountMail mail = session.mail().account(account.id());
    // A script may have put it into any of them.
    return mail.tree().folders().stream()
        .flatMap(folder -> in(mail.mailbox(folder), transaction).stream())
        .findFirst();
  }

  private static Optional<ByteString> in(Mailbox mailbox, Transaction transaction) {
    MailboxState state = mailbox.refresh();
    for (int index = state.size() - 1; index >= Math.max(0, state.size() - LATEST); index--) {
      Optional<ByteString> ours =
          mailbox
              .messages()
              .read(state, index)
              .map(stored -> stored.message().prefix())
              .filter(prefix -> TraceFields.isOf(transaction, prefix));
      if (ours.isPresent()) {
        return ours;
      }
    }
    return Optional.empty();
  }
}
