package hikyaku.server.smtp;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.Blob;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.server.directory.Address;
import hikyaku.server.dkim.Sealer;
import hikyaku.server.dkim.Signer;
import hikyaku.server.filter.Envelope;
import hikyaku.server.origin.Finding;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A message that has come whole, with what it gets on its way: the fields that it should have had,
 * its signatures, and what was found out about it.
 *
 * @param received as it came
 * @param finding whom it is from
 * @param attempt what is written of it has keys of this
 * @param time when all of it was there
 */
record CompletedMessage(
    SmtpSession session,
    Transaction transaction,
    Intake.Received received,
    MissingFields completed,
    Signer.Signatures signatures,
    Finding finding,
    Attempt attempt,
    Instant time) {

  /** Completes and signs a message if it was submitted. */
  static CompletedMessage of(
      SmtpSession session, Transaction transaction, Intake.Received received, Finding finding)
      throws IOException {
    Instant now = session.services().clock().instant();
    MissingFields completed =
        session.face() == SmtpFace.SUBMISSION
            ? MissingFields.of(
                received.structure(), transaction.id(), session.settings().hostName(), now)
            : new MissingFields("", received.structure());
    // Copies for mailboxes here are signed too: a script may send them on.
    Signer.Signatures signatures = Authors.sign(session, received, completed);
    return new CompletedMessage(
        session,
        transaction,
        received,
        completed,
        signatures,
        finding,
        attempt(session, transaction, received.blob()),
        now);
  }

  /**
   * The attempt to deliver the message of a transaction. The message is part of it: should a
   * session's id ever come up again, on another node or after a clock was set back, another message
   * must not be taken for a repeat of this one.
   */
  static Attempt attempt(SmtpSession session, Transaction transaction, Blob blob) {
    String key = transaction.id() + "." + blob.id().toString().substring(0, 32);
    return session.isRepeat() ? Attempt.repeat(key) : Attempt.first(key);
  }

  /** What came, octet for octet. */
  Blob blob() {
    return received.blob();
  }

  /** Of what came. */
  MessageStructure structure() {
    return received.structure();
  }

  /** Header lines to be put before it: its signatures, and what it should have had. */
  String added() {
    return signatures.fields() + completed.fields();
  }

  TraceFields trace() {
    return new TraceFields(session, transaction, time);
  }

  /**
   * The entry of a mailbox.
   *
   * @param prefix what stands before it there
   */
  NewMessage entry(ByteString prefix) {
    return new NewMessage(
        prefix,
        blob(),
        InternalDate.of(time, ZoneOffset.UTC),
        Flags.NONE,
        completed.structure(),
        session.connection().sessionId());
  }

  /** What scripts are told of it when it comes to a recipient. */
  Envelope envelope(Recipient recipient) {
    Map<String, String> facts = Envelope.facts(session.settings().hostName());
    facts.put("remote-host", qualified(session.requireHello().name()));
    facts.put(
        "remote-ip", address(TraceFields.literal(session.connection().remote().getAddress())));
    return new Envelope(
        session.services().filter().returnPaths().author(transaction.mail().from()),
        transaction.mail().parameters(),
        recipient.path(),
        recipient.parameters(),
        transaction.id(),
        attempt,
        finding.disposition() == Finding.Disposition.JUNK,
        finding.denied(),
        facts,
        arrival());
  }

  /** The client's name as it says it itself; empty if that is none of a host (RFC 5183 §4.1). */
  private static String qualified(String hello) {
    return Address.canonicalDomain(hello).filter(name -> name.contains(".")).orElse("");
  }

  /** What stands in an address literal: an IPv6 address with its tag (RFC 5183 §4.1). */
  private static String address(String literal) {
    return literal.substring(1, literal.length() - 1);
  }

  /** What whoever sends the message on is to seal. */
  Optional<Sealer.Arrival> arrival() {
    Finding.Chain chain = finding.chain();
    return chain.next() == 0
        ? Optional.empty()
        : Optional.of(
            new Sealer.Arrival(
                chain.next(),
                Sealer.Validation.valueOf(chain.result().toUpperCase(Locale.ROOT)),
                chain.covered(),
                finding.told()));
  }
}
