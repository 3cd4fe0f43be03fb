package hikyaku.server.smtp;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Blob;
import hikyaku.protocol.smtp.Reply;
import hikyaku.server.dmarc.ReportInbox;
import hikyaku.server.origin.Examination;
import hikyaku.server.origin.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Whom a message is found to be from, whether that lets it in, and who counts it. */
final class Provenance {
  private final SmtpSession session;
  private final Transaction transaction;
  private final Blob blob;
  private final Finding finding;

  private Provenance(SmtpSession session, Transaction transaction, Blob blob, Finding finding) {
    this.session = session;
    this.transaction = transaction;
    this.blob = blob;
    this.finding = finding;
  }

  /** Of a message that has come whole; a repeat of what was delivered finds what was found then. */
  static Provenance of(SmtpSession session, Transaction transaction, Blob blob) {
    return new Provenance(session, transaction, blob, finding(session, transaction));
  }

  private static Finding finding(SmtpSession session, Transaction transaction) {
    Examination examination = transaction.examination();
    if (examination == null) {
      return Finding.NONE;
    }
    if (session.isRepeat()) {
      for (Transaction.Copy copy : transaction.copies()) {
        Optional<ByteString> before =
            DeliveredBefore.prefix(copy.target().account(), session, transaction);
        if (before.isPresent()) {
          return Finding.ofDelivered(before.get().toStringUtf8());
        }
      }
    }
    return examination.finish();
  }

  Finding finding() {
    return finding;
  }

  /** Why it is not let in, if it is not. */
  Optional<Reply> refusal() {
    return switch (finding.disposition()) {
      case ACCEPT -> Optional.empty();
      // Elsewhere there is no mailbox of ours for junk.
      case JUNK ->
          transaction.elsewhere().isEmpty() ? Optional.empty() : Optional.of(Replies.SUSPECT);
      case REFUSE_DMARC ->
          Optional.of(
              Reply.of(550, "5.7.26", "Refused by the DMARC policy of " + finding.author()));
      case REFUSE_SPF ->
          Optional.of(finding.explanation().map(Provenance::explained).orElse(Replies.SPF_FAILS));
      case DEFER_SPF -> Optional.of(Replies.SPF_UNSURE);
      case DEFER_DNS -> Optional.of(Replies.ORIGIN_UNSURE);
    };
  }

  /** It is told whose words they are (RFC 7208 §8.4). */
  private static Reply explained(Finding.Explanation explanation) {
    List<String> lines = new ArrayList<>(Replies.SPF_FAILS.lines());
    lines.add(explanation.domain() + " explains:");
    lines.add(explanation.text());
    return new Reply(Replies.SPF_FAILS.code(), Replies.SPF_FAILS.enhanced(), lines);
  }

  /** Whether the domain of its sender allows the server that it came from. */
  boolean isSenderProven() {
    return finding.isSenderProven();
  }

  /** What does not come again is counted for its author's domain, as nothing is that does. */
  void countRefused() {
    finding
        .judged()
        .ifPresent(judgement ->
            session
                .services()
                .dmarc()
                .ifPresent(
                    results -> results.countRefused(judgement, recipients(), key("/dmarc"))));
  }

  /** What counts the message, once it is taken, for the domain of its author. */
  List<Append> counted() {
    return finding
        .judged()
        .flatMap(judgement ->
            session
                .services()
                .dmarc()
                .flatMap(results -> results.counted(judgement, recipients(), key("/dmarc"))))
        .stream()
        .toList();
  }

  /**
   * What notes the message for who reads reports. One that comes from elsewhere must be proven to
   * be from its author: anybody could report anything else.
   */
  List<Append> arrival() {
    boolean examined = transaction.examination() != null;
    if (session.face() == SmtpFace.SUBMISSION
        || (examined && !finding.results().contains("dmarc=pass"))) {
      return List.of();
    }
    return inbox()
        .flatMap(
            inbox -> inbox.arrived(recipients(), blob, finding.author(), key("/report")).stream())
        .toList();
  }

  /** Has what {@link #arrival} noted looked at, once that is durable. */
  void lookAtArrival() {
    inbox().forEach(ReportInbox::look);
  }

  private Stream<ReportInbox> inbox() {
    return session.services().reportInbox().stream();
  }

  private List<String> recipients() {
    return transaction.recipients().stream().map(to -> to.path().toString()).toList();
  }

  private String key(String part) {
    return Objects.requireNonNull(
        CompletedMessage.attempt(session, transaction, blob).part(part).key());
  }
}
