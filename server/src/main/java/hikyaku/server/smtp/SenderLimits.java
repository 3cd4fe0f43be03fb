package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Reply;
import hikyaku.server.directory.Account;
import hikyaku.server.queue.Senders;
import hikyaku.server.sending.Allowance;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** How much users may send to other servers, and whether they may at all. */
final class SenderLimits {
  private SenderLimits() {}

  /** Whether the user is stopped. */
  static boolean isStopped(SmtpSession session) {
    Account account = session.account();
    return account != null
        && session.services().senders().filter(each -> each.isStopped(account)).isPresent();
  }

  /**
   * Why a user may not send to so many more than those that the transaction has, or null.
   *
   * @param more 0 at the end of the message: other sessions of the account have sent meanwhile
   */
  static @Nullable Reply refusal(SmtpSession session, Transaction transaction, int more) {
    Account account = session.account();
    Optional<Senders> senders = session.services().senders();
    if (account == null || senders.isEmpty()) {
      return null;
    }
    int recipients = transaction.counted() + more;
    if (recipients == 0) {
      return null;
    }
    Reply reply =
        switch (senders.get().refusal(account, recipients).orElse(null)) {
          case null -> null;
          case Senders.Refusal.Stopped _ -> Replies.SENDER_STOPPED;
          case Senders.Refusal.Spent(Allowance.Window window, long most) ->
              Replies.recipientsSpent(most, window);
        };
    if (reply != null && !transaction.hasRefusedRecipients()) {
      session
          .log(Level.INFO, "a user may not send more")
          .addKeyValue("mail", true)
          .addKeyValue("account", account.primary())
          .addKeyValue("from", transaction.mail().from())
          .addKeyValue("reply", reply)
          .log();
    }
    return reply;
  }
}
