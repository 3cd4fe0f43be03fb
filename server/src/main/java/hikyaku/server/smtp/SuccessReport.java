package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.mime.MailDate;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Resolution;
import hikyaku.server.queue.ReportKind;
import hikyaku.server.queue.StatusText;
import hikyaku.server.queue.Wording;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;

/**
 * The report of a delivery that a sender asked for with NOTIFY=SUCCESS (RFC 3461 §6, RFC 3464). The
 * sender is local wherever DSN is offered, so it is put into the sender's mailbox. It follows the
 * delivery that it tells of in a durability round of its own; if that fails the delivery stands,
 * and the failure is logged and counted.
 */
final class SuccessReport {
  /** Octets of the header that are returned; a report is not worth more. */
  private static final int RETURNED_HEADER = 64 * 1024;

  private final SmtpSession session;
  private final Transaction transaction;
  private final Intake.Received original;
  private final Mailbox sender;
  private final List<Recipient> recipients;
  private final Instant time;

  private SuccessReport(
      SmtpSession session,
      Transaction transaction,
      Intake.Received original,
      Mailbox sender,
      List<Recipient> recipients) {
    this.session = session;
    this.transaction = transaction;
    this.original = original;
    this.sender = sender;
    this.recipients = recipients;
    this.time = session.services().clock().instant();
  }

  /**
   * Reports, if anybody asked, to a sender that can be told. Of whom a script refuses it for it
   * tells nothing: that is a failure, which is told in its own way.
   */
  static void deliver(
      SmtpSession session, Transaction transaction, Intake.Received original, Copies copies) {
    List<Recipient> recipients =
        transaction.recipients().stream()
            .filter(recipient -> recipient.wantsSuccessReport() && !recipient.isElsewhere())
            .filter(recipient -> !copies.areRefusedFor(recipient))
            .toList();
    if (recipients.isEmpty() || !(transaction.mail().from() instanceof Mailbox sender)) {
      return;
    }
    try {
      new SuccessReport(session, transaction, original, sender, recipients).deliver();
    } catch (StoreException e) {
      session.metrics().reportLost();
      session.failed("a success report was lost", e);
    }
  }

  private void deliver() {
    Address address = new Address(sender.localPart(), sender.domain());
    if (!(session.directory().resolve(address) instanceof Resolution.Local local)) {
      // It was local when MAIL was accepted; an account removed since has nobody to tell.
      return;
    }
    try (Intake intake = session.mail().intake()) {
      write(intake);
      Intake.Received report = intake.finish();
      List<Delivery> deliveries =
          local.targets().stream()
              .map(target -> Delivery.toInbox(target.account().id(), entry(report, target)))
              .toList();
      // Named by the message, not by the report, which has a date.
      Attempt attempt =
          CompletedMessage.attempt(session, transaction, original.blob()).part(".report");
      session.mail().deliver(deliveries, attempt);
    }
  }

  private NewMessage entry(Intake.Received report, Resolution.Target target) {
    String prefix =
        "Return-Path: <>\r\nDelivered-To: " + TraceFields.written(target.reachedBy()) + "\r\n";
    return new NewMessage(
        ByteString.copyFromUtf8(prefix),
        report.blob(),
        InternalDate.of(time, ZoneOffset.UTC),
        Flags.NONE,
        report.structure(),
        session.connection().sessionId());
  }

  private void write(Intake intake) {
    // Unique for ever, so no message holds it.
    String boundary = "=_" + transaction.id();
    String host = session.settings().hostName();
    boolean utf8 = transaction.isSmtpUtf8();
    byte[] header = header();
    Wording wording = session.services().filter().wordings().of(HeaderFields.of(header), sender);
    boolean all = recipients.stream().allMatch(SuccessReport::isDelivered);
    ReportKind kind = all ? ReportKind.DELIVERED : ReportKind.TAKEN;
    StringBuilder out = new StringBuilder();
    out.append("From: ").append(EncodedWords.encodeFolded(wording.author()));
    out.append(" <postmaster@").append(host).append(">\r\n");
    out.append("To: <").append(sender).append(">\r\n");
    out.append("Subject: ").append(EncodedWords.encodeFolded(wording.subject(kind))).append("\r\n");
    out.append("Date: ").append(MailDate.of(time)).append("\r\n");
    out.append("Message-ID: <").append(transaction.id()).append(".report@").append(host);
    out.append(">\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n");
    out.append("Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"");
    // RFC 2045 §6.4: what parts have, all of it has.
    out.append(boundary).append("\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--");
    out.append(boundary).append("\r\n");
    out.append("Content-Type: text/plain; charset=utf-8\r\n");
    out.append("Content-Language: ").append(wording.language().tag()).append("\r\n");
    out.append("Content-Transfer-Encoding: 8bit\r\n\r\n");
    out.append(wording.sentence(kind)).append("\r\n");
    recipients.forEach(recipient -> out.append(recipient.path()).append("\r\n"));
    out.append("\r\n--").append(boundary).append("\r\n");
    out.append(StatusText.head("delivery-status", utf8));
    status(out, host);
    out.append("\r\n--").append(boundary).append("\r\n");
    out.append(StatusText.headOfHeader(utf8));
    write(intake, out.toString());
    intake.write(header, 0, header.length);
    write(intake, "\r\n--" + boundary + "--\r\n");
  }

  /** Whether all that it leads to is here. */
  private static boolean isDelivered(Recipient recipient) {
    return recipient.forwarded().isEmpty() && recipient.lists().isEmpty();
  }

  private static void write(Intake intake, String text) {
    byte[] octets = text.getBytes(UTF_8);
    intake.write(octets, 0, octets.length);
  }

  /** RFC 3464 §2.2, §2.3. */
  private void status(StringBuilder out, String host) {
    boolean utf8 = transaction.isSmtpUtf8();
    out.append(StatusText.envelopeId(transaction.mail().parameters().envid(), utf8));
    out.append("Reporting-MTA: dns; ").append(host).append("\r\n");
    out.append("Arrival-Date: ").append(MailDate.of(time)).append("\r\n");
    for (Recipient recipient : recipients) {
      String type = utf8 ? "utf-8" : "rfc822";
      out.append("\r\n").append(StatusText.recipient(recipient.parameters().orcpt(), utf8));
      out.append("Final-Recipient: ").append(type).append("; ").append(recipient.path());
      // RFC 3464 §2.3.3; of what goes on from here nothing more is told but failures.
      String action =
          isDelivered(recipient)
              ? "delivered"
              : !recipient.lists().isEmpty()
                      || recipient.targets().size() + recipient.forwarded().size() > 1
                  ? "expanded"
                  : "relayed";
      out.append("\r\nAction: ").append(action).append("\r\nStatus: 2.0.0\r\n");
    }
  }

  private byte[] header() {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    long end = Math.min(RETURNED_HEADER, original.structure().root().bodyStart());
    try (BlobReader reader = session.mail().store().blobs().open(original.blob().id())) {
      reader.copy(0, end, header::write);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
    return header.toByteArray();
  }
}
