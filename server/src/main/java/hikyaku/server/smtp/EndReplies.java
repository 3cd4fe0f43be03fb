package hikyaku.server.smtp;

import hikyaku.mailbox.MailboxException;
import hikyaku.protocol.smtp.Reply;
import hikyaku.server.directory.Resolution;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What a client hears at the end of a message, by what became of it for each account. */
final class EndReplies {
  private final SmtpSession session;
  private final Transaction transaction;

  EndReplies(SmtpSession session, Transaction transaction) {
    this.session = session;
    this.transaction = transaction;
  }

  /** In LMTP each RCPT gets its reply (RFC 2033 §4.2), elsewhere there is one. */
  Answer forAll(Reply reply) {
    if (session.face() != SmtpFace.LMTP) {
      return Answer.of(reply);
    }
    return new Answer(transaction.named().stream().map(_ -> reply).toList(), false);
  }

  Reply accepted() {
    boolean here =
        transaction.sentElsewhere() == 0
            && transaction.recipients().stream().allMatch(to -> to.lists().isEmpty());
    return accepted((here ? "Delivered as " : "Queued as ") + transaction.id());
  }

  /**
   * RFC 6710 §4.2: the reply that takes a message says if it has another priority than was said.
   */
  Reply accepted(String what) {
    Integer wanted = transaction.mail().parameters().priority();
    int given = session.priority(transaction);
    return wanted == null || wanted == given
        ? Reply.of(250, "2.0.0", what)
        : Reply.of(250, "2.3.6", given + " is the priority that it has now. " + what);
  }

  /**
   * Where a mailbox did not take its copy.
   *
   * @param any whether some copy was taken: then no reply may make the client send it again
   */
  Reply refusal(MailboxException why, boolean any) {
    return switch (why) {
      case MailboxException.LimitReached _, MailboxException.OverQuota _ ->
          any ? Replies.FULL : full(session);
      default -> any ? Replies.SUSPENDED : Replies.TRY_LATER;
    };
  }

  /** Where an account has no room. */
  static Reply full(SmtpSession session) {
    return session.settings().overQuota() == SmtpSettings.OverQuota.TEMPORARY
        ? Replies.FULL_FOR_NOW
        : Replies.FULL;
  }

  /** A recipient is well off if all its accounts are, and the transaction if all recipients are. */
  Answer answer(Map<String, Reply> byAccount, ForLists forLists) {
    List<Reply> byRecipient = new ArrayList<>();
    for (Recipient recipient : transaction.named()) {
      List<Reply> replies = new ArrayList<>();
      if (recipient.isElsewhere() || !recipient.forwarded().isEmpty()) {
        replies.add(accepted());
      }
      for (Resolution.Listed listed : recipient.lists()) {
        replies.add(forLists.refusal(listed).orElse(accepted()));
      }
      for (Resolution.Target target : recipient.targets()) {
        replies.add(Objects.requireNonNull(byAccount.get(target.account().id())));
      }
      byRecipient.add(worst(replies));
    }
    return session.face() == SmtpFace.LMTP
        ? new Answer(byRecipient, false)
        : Answer.of(worst(byRecipient));
  }

  private static Reply worst(List<Reply> replies) {
    Reply worst = replies.getFirst();
    for (Reply reply : replies) {
      if (reply.code() > worst.code()) {
        worst = reply;
      }
    }
    return worst;
  }
}
