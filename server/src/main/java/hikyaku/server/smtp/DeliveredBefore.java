package hikyaku.server.smtp;

import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.server.directory.Account;

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
    if (!session.isRepeat()) {
      return false;
    }
    AccountMail mail = session.mail().account(account.id());
    // A script may have put it into any of them.
    return mail.tree().folders().stream()
        .anyMatch(folder -> isIn(mail.mailbox(folder), transaction));
  }

  private static boolean isIn(Mailbox mailbox, Transaction transaction) {
    MailboxState state = mailbox.refresh();
    for (int index = state.size() - 1; index >= Math.max(0, state.size() - LATEST); index--) {
      boolean ours =
          mailbox
              .read(state, index)
              .map(stored -> TraceFields.isOf(transaction, stored.message().prefix()))
              .orElse(false);
      if (ours) {
        return true;
      }
    }
    return false;
  }
}
