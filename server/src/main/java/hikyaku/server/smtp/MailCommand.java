package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Command;
import hikyaku.protocol.smtp.DeliverBy;
import hikyaku.protocol.smtp.Hold;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.Reply;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** MAIL (RFC 5321 §4.1.1.2): begins a transaction. */
final class MailCommand {
  private MailCommand() {}

  static Answer handle(SmtpSession session, Command.Mail command) {
    if (session.transaction() != null) {
      return Answer.of(Replies.ALREADY_MAIL);
    }
    if (session.transactionsBegun() >= session.limits().transactions()) {
      return Answer.closing(Replies.TOO_MANY_MESSAGES);
    }
    Reply refusal = refusal(session, command);
    if (refusal != null) {
      return Answer.of(refusal);
    }
    session.begin(command);
    return Answer.of(Replies.SENDER_OK);
  }

  private static @Nullable Reply refusal(SmtpSession session, Command.Mail command) {
    MailParameters parameters = command.parameters();
    if (!isOffered(session, parameters)) {
      return Replies.PARAMETER_NOT_OFFERED;
    }
    Long size = parameters.size();
    if (size != null && size > session.limits().messageOctets()) {
      return Replies.TOO_BIG;
    }
    if (command.from() instanceof Mailbox from && !from.isAscii() && !parameters.smtpUtf8()) {
      return Replies.SENDER_NEEDS_SMTPUTF8;
    }
    Hold hold = parameters.hold();
    Reply unfit = hold == null ? null : refusal(session, hold, parameters.by());
    if (unfit != null) {
      return unfit;
    }
    Account account = session.account();
    return account != null
            && session.settings().writeAs() != SmtpSettings.WriteAs.ANY
            && !belongsTo(session, command.from(), account)
        ? Replies.NOT_YOUR_ADDRESS
        : null;
  }

  /** Why a message is not held so long, or null. */
  private static @Nullable Reply refusal(SmtpSession session, Hold hold, @Nullable DeliverBy by) {
    Instant now = session.services().clock().instant();
    Instant release = hold.release(now);
    if (release.isAfter(now.plus(session.settings().longestHold()))) {
      return Replies.heldTooLong(session.settings().longestHold());
    }
    if (by != null && by.seconds() > 0 && !release.isBefore(now.plusSeconds(by.seconds()))) {
      return Replies.LATE_AT_RELEASE;
    }
    // A repeat may come to its time on the way from a node that took it.
    return release.isAfter(now) || session.isRepeat() ? null : Replies.HELD_UNTIL_NOW;
  }

  private static boolean isOffered(SmtpSession session, MailParameters parameters) {
    if (parameters.equals(MailParameters.NONE)) {
      return true;
    }
    boolean dsn = parameters.ret() != null || parameters.envid() != null;
    boolean auth = parameters.auth() != null;
    return session.isExtended()
        && (!dsn || session.offersDsn())
        && (!parameters.requireTls() || session.offersRequireTls())
        && (parameters.priority() == null || session.offersPriority())
        && (parameters.by() == null || session.offersDeliverBy())
        && (parameters.hold() == null || session.offersFutureRelease())
        && (!auth || session.face() == SmtpFace.SUBMISSION);
  }

  /** The null reverse-path is everybody's: reading reports are sent under it (RFC 8098 §2.1). */
  private static boolean belongsTo(SmtpSession session, ReversePath from, Account account) {
    return switch (from) {
      case ReversePath.Null _ -> true;
      case Mailbox mailbox ->
          Address.of(mailbox.localPart(), mailbox.domain())
              .filter(address -> session.directory().belongsTo(address, account))
              .isPresent();
    };
  }
}
