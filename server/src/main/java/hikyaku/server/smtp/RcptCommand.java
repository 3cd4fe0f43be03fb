package hikyaku.server.smtp;

import hikyaku.mailbox.store.Tally;
import hikyaku.protocol.smtp.Command;
import hikyaku.protocol.smtp.ForwardPath;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.Reply;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Resolution;
import hikyaku.server.queue.Senders;
import hikyaku.server.srs.ReturnPaths.Behind;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.event.Level;

/** RCPT (RFC 5321 §4.1.1.3): names a recipient, who must be local but for users of ours. */
final class RcptCommand {
  private RcptCommand() {}

  static Answer handle(SmtpSession session, Command.Rcpt command) {
    Transaction transaction = session.requireTransaction();
    Reply reply = reply(session, transaction, command);
    if (!reply.isPositive()) {
      transaction.refusedRecipient();
      session
          .log(Level.DEBUG, "recipient refused")
          .addKeyValue("mail", true)
          .addKeyValue("from", transaction.mail().from())
          .addKeyValue("recipient", command.to())
          .addKeyValue("reply", reply)
          .log();
    }
    return Answer.of(reply);
  }

  private static Reply reply(SmtpSession session, Transaction transaction, Command.Rcpt command) {
    if (transaction.message() != null) {
      return Replies.CHUNKS_BEGUN;
    }
    boolean parameters = !command.parameters().equals(RcptParameters.NONE);
    if (parameters && !session.offersDsn()) {
      return Replies.PARAMETER_NOT_OFFERED;
    }
    if (transaction.named().size() >= session.limits().recipients()) {
      return Replies.TOO_MANY_RECIPIENTS;
    }
    if (command.to() instanceof Mailbox to && !to.isAscii() && !transaction.isSmtpUtf8()) {
      return Replies.NEEDS_SMTPUTF8;
    }
    return switch (behind(session, command.to())) {
      case Behind.None _ -> reply(session, transaction, command, command.to());
      case Behind.Author(Mailbox author) -> returned(session, transaction, command, author);
      case Behind.Forged _ -> {
        session.budget().unknownRecipient();
        yield Replies.FORGED_RETURN_PATH;
      }
      case Behind.Expired _ -> Replies.EXPIRED_RETURN_PATH;
    };
  }

  private static Behind behind(SmtpSession session, ForwardPath path) {
    return path instanceof Mailbox mailbox
        ? session.services().filter().returnPaths().behind(mailbox)
        : new Behind.None();
  }

  /**
   * A report to the author of mail that was sent on from here. There is one to each, and it has no
   * sender, so that nothing comes back (RFC 5321 §4.5.5).
   */
  private static Reply returned(
      SmtpSession session, Transaction transaction, Command.Rcpt command, Mailbox author) {
    if (!(transaction.mail().from() instanceof ReversePath.Null)) {
      return Replies.REPORTS_ONLY;
    }
    if (transaction.recipients().stream().anyMatch(known -> !known.path().equals(command.to()))) {
      return Replies.TOO_MANY_RECIPIENTS;
    }
    return reply(session, transaction, command, author);
  }

  /**
   * @param to whom it is for: who is named, or who is behind a return path
   */
  private static Reply reply(
      SmtpSession session, Transaction transaction, Command.Rcpt command, ForwardPath to) {
    return switch (resolve(session, to)) {
      case Resolution.Local local -> accept(session, transaction, command, to, local);
      case Resolution.UnknownRecipient _ when mayBeElsewhere(session, to) ->
          Replies.SERVED_ELSEWHERE;
      case Resolution.UnknownRecipient _ -> {
        session.budget().unknownRecipient();
        yield Replies.UNKNOWN_RECIPIENT;
      }
      case Resolution.NotLocal _ -> elsewhere(session, transaction, command, to);
      case Resolution.Suspended _ -> Replies.SUSPENDED;
      case Resolution.TooManyExpansions(String cause) -> {
        session.log(Level.WARN, "a recipient cannot be expanded").addKeyValue("cause", cause).log();
        yield Replies.OUR_MISTAKE;
      }
    };
  }

  /**
   * A recipient that another server has: users may send to it, and anybody to who is behind a
   * return path.
   */
  private static Reply elsewhere(
      SmtpSession session, Transaction transaction, Command.Rcpt command, ForwardPath path) {
    if (session.face() != SmtpFace.SUBMISSION && path.equals(command.to())) {
      return Replies.RELAY_DENIED;
    }
    if (session.services().outbox().isEmpty() || !(path instanceof Mailbox to)) {
      return Replies.NO_OUTGOING_MAIL;
    }
    if (to.isLiteral()) {
      return Replies.NO_LITERALS;
    }
    Reply refusal = SenderLimits.refusal(session, transaction, 1);
    if (refusal != null) {
      return refusal;
    }
    transaction.addElsewhere(Recipient.elsewhere(command.to(), to, command.parameters()));
    session.examine(transaction);
    return Replies.RECIPIENT_OK;
  }

  private static Resolution resolve(SmtpSession session, ForwardPath path) {
    Directory directory = session.directory();
    return switch (path) {
      case ForwardPath.Postmaster _ -> directory.resolvePostmaster();
      case Mailbox mailbox when mailbox.isLiteral() ->
          // RFC 5321 §4.5.1 wants the postmaster of a literal of ours reachable, no one else.
          isPostmaster(mailbox) && isOurs(session, mailbox.domain())
              ? directory.resolvePostmaster()
              : new Resolution.NotLocal();
      case Mailbox mailbox -> {
        Optional<Address> address = Address.of(mailbox.localPart(), mailbox.domain());
        if (address.isPresent()) {
          yield directory.resolve(address.get());
        }
        // Too long for anybody here, or with a domain that cannot be one.
        yield Address.canonicalDomain(mailbox.domain()).flatMap(directory::domain).isPresent()
            ? new Resolution.UnknownRecipient()
            : new Resolution.NotLocal();
      }
    };
  }

  /** Whether a foreign server has the accounts of the domain that are not known here. */
  private static boolean mayBeElsewhere(SmtpSession session, ForwardPath path) {
    return path instanceof Mailbox mailbox
        && Address.canonicalDomain(mailbox.domain())
            .flatMap(session.directory()::domain)
            .filter(domain -> !domain.settings().routing().effective().backend().isEmpty())
            .isPresent();
  }

  private static boolean isPostmaster(Mailbox mailbox) {
    return mailbox.localPart().toLowerCase(Locale.ROOT).equals("postmaster");
  }

  private static boolean isOurs(SmtpSession session, String literal) {
    return literal.equalsIgnoreCase(TraceFields.literal(session.connection().local().getAddress()));
  }

  private static Reply accept(
      SmtpSession session,
      Transaction transaction,
      Command.Rcpt command,
      ForwardPath to,
      Resolution.Local local) {
    if (!mayWrite(session, transaction, to, local)) {
      return Replies.NOT_FOR_YOU;
    }
    if (!local.lists().isEmpty() && SenderLimits.isStopped(session)) {
      return Replies.SENDER_STOPPED;
    }
    boolean provable = session.account() != null || session.canProve();
    for (Resolution.Listed listed : local.lists()) {
      Optional<Reply> refusal =
          session.services().lists().refusal(listed, transaction.mail().from(), provable);
      if (refusal.isPresent()) {
        return refusal.get();
      }
    }
    for (Resolution.Target target : local.targets()) {
      if (!target.account().routing().backend().isEmpty()) {
        return Replies.SERVED_ELSEWHERE;
      }
      if (isFull(session, transaction, target.account())) {
        return EndReplies.full(session);
      }
    }
    List<Mailbox> forwarded =
        local.elsewhere().stream()
            .map(address -> new Mailbox(address.localPart(), address.domain()))
            .toList();
    if (!forwarded.isEmpty() && session.services().outbox().isEmpty()) {
      return Replies.NO_OUTGOING_MAIL;
    }
    Map<Resolution.Listed, Integer> ofLists = ofLists(session, transaction, local);
    int more = forwarded.size() + ofLists.values().stream().mapToInt(Integer::intValue).sum();
    Reply spent = more == 0 ? null : SenderLimits.refusal(session, transaction, more);
    if (spent != null) {
      return spent;
    }
    boolean fits =
        transaction.add(
            Recipient.here(to, local.targets(), forwarded, local.lists(), command.parameters()),
            session.limits().copies());
    if (!fits) {
      return Replies.TOO_MANY_RECIPIENTS;
    }
    ofLists.forEach(transaction::count);
    session.examine(transaction);
    return Replies.RECIPIENT_OK;
  }

  /**
   * As how many recipients elsewhere lists count that a user writes to, which were not named yet.
   */
  private static Map<Resolution.Listed, Integer> ofLists(
      SmtpSession session, Transaction transaction, Resolution.Local local) {
    Map<Resolution.Listed, Integer> counts = new HashMap<>();
    Optional<Senders> senders = session.services().senders();
    if (session.account() == null || senders.isEmpty()) {
      return counts;
    }
    for (Resolution.Listed listed : local.lists()) {
      if (!transaction.isCounted(listed)) {
        counts.put(listed, senders.get().ofList(listed, session.services().lists()));
      }
    }
    return counts;
  }

  /** Whether the client may write to an alias that is not for everybody. */
  private static boolean mayWrite(
      SmtpSession session, Transaction transaction, ForwardPath path, Resolution.Local local) {
    Account account = session.account();
    return switch (local.writers()) {
      case ANYONE -> true;
      case DOMAIN ->
          account != null
              && path instanceof Mailbox alias
              && Address.canonicalDomain(alias.domain())
                  .equals(Optional.of(account.primary().domain()));
      case MEMBERS ->
          account == null
              ? isMemberElsewhere(session, transaction, local)
              : local.targets().stream()
                  .anyMatch(target -> target.account().id().equals(account.id()));
    };
  }

  /** What the envelope says has to be proven once the message is there. */
  private static boolean isMemberElsewhere(
      SmtpSession session, Transaction transaction, Resolution.Local local) {
    boolean is =
        session.canProve()
            && transaction.mail().from() instanceof Mailbox from
            && Address.of(from.localPart(), from.domain())
                .filter(local.elsewhere()::contains)
                .isPresent();
    if (is) {
      transaction.prove();
    }
    return is;
  }

  private static boolean isFull(SmtpSession session, Transaction transaction, Account account) {
    Quota quota = account.quota();
    if (quota.equals(Quota.NONE) || transaction.goesTo(account)) {
      return false;
    }
    Tally held = session.mail().account(account.id()).usage();
    Long declared = transaction.mail().parameters().size();
    long octets = held.octets() + Math.max(1, declared == null ? 1 : declared);
    return !quota.allows(octets, held.count() + 1)
        && !DeliveredBefore.to(account, session, transaction);
  }
}
