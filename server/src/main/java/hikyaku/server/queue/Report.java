package hikyaku.server.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.MailDate;
import hikyaku.protocol.smtp.MailParameters.Ret;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.server.smtpclient.Verdict;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A report to a sender (RFC 3464, RFC 6533): text for people, status for programs, and what it is
 * about.
 *
 * @param wording in the sender's language
 * @param host our name
 * @param about the recipients that it tells of
 */
record Report(
    ReportKind kind,
    Wording wording,
    String host,
    Outgoing message,
    String messageId,
    Instant arrived,
    Instant now,
    Instant giveUp,
    List<About> about) {
  /** Messages up to this size are returned whole, unless their sender wants the header only. */
  static final int RETURNED = 256 * 1024;

  /** The local part of the address that reports are from. */
  static final String AUTHOR = "postmaster";

  static final int RETURNED_HEADER = 64 * 1024;

  /**
   * One recipient and what became of the message for it.
   *
   * @param place in the message's list
   */
  record About(int place, Outgoing.To to, Verdict verdict) {}

  static String date(Instant time) {
    return MailDate.of(time);
  }

  /** Whether the whole message is returned. */
  private boolean returnsAll() {
    return kind == ReportKind.FAILURE
        && message.ret() != Ret.HDRS
        && !message.binary()
        // RFC 8689 §5: what is in it may have to go where TLS is not demanded.
        && message.tls() != Outgoing.Tls.REQUIRED
        && message.octets() <= RETURNED;
  }

  /**
   * Writes it.
   *
   * @param original the first octets of the message, {@link #RETURNED} if it has as many; null for
   *     a report without (RFC 6522 §3)
   */
  void write(OctetSink sink, byte @Nullable [] original) throws IOException {
    // Unique for ever, so no message holds it.
    String boundary = "=_" + message.transaction() + "." + kind.action();
    StringBuilder out = new StringBuilder();
    out.append("From: ")
        .append(EncodedWords.encodeFolded(wording.author()))
        .append(" <")
        .append(AUTHOR)
        .append('@')
        .append(host)
        .append(">\r\n");
    out.append("To: <").append(message.sender()).append(">\r\n");
    out.append("Subject: ").append(EncodedWords.encodeFolded(wording.subject(kind))).append("\r\n");
    out.append("Date: ").append(date(now)).append("\r\n");
    out.append("Message-ID: <").append(messageId).append('@').append(host).append(">\r\n");
    if (message.messageId().matches("<[!-;=?-~]{1,240}>")) {
      out.append("In-Reply-To: ").append(message.messageId()).append("\r\n");
    }
    out.append("Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n");
    out.append("Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"");
    // RFC 2045 §6.4: what parts have, all of it has.
    out.append(boundary).append("\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--");
    out.append(boundary).append("\r\n");
    out.append("Content-Type: text/plain; charset=utf-8\r\n");
    out.append("Content-Language: ").append(wording.language().tag()).append("\r\n");
    out.append("Content-Transfer-Encoding: 8bit\r\n\r\n");
    text(out);
    out.append("\r\n--").append(boundary).append("\r\n");
    out.append(StatusText.head("delivery-status", message.smtpUtf8()));
    status(out);
    if (original == null) {
      write(sink, out + "\r\n--" + boundary + "--\r\n");
      return;
    }
    out.append("\r\n--").append(boundary).append("\r\n");
    if (returnsAll()) {
      out.append("Content-Type: message/").append(message.smtpUtf8() ? "global" : "rfc822");
      out.append("\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    } else {
      out.append(StatusText.headOfHeader(message.smtpUtf8()));
    }
    write(sink, out.toString());
    sink.write(original, 0, returnsAll() ? original.length : header(message));
    write(sink, "\r\n--" + boundary + "--\r\n");
  }

  /** Octets of the header, as far as it is returned. */
  static int header(Outgoing message) {
    return (int) Math.min(RETURNED_HEADER, message.prefix().size() + message.headerOctets());
  }

  private static void write(OctetSink sink, String text) throws IOException {
    sink.write(text.getBytes(UTF_8));
  }

  /** For people. */
  private void text(StringBuilder out) {
    out.append(wording.sentence(kind));
    for (About each : about) {
      out.append("\r\n  ").append(each.to().address()).append("\r\n    ");
      out.append(wording.reason(each.verdict())).append("\r\n");
    }
    if (kind == ReportKind.DELAY) {
      out.append("\r\n").append(wording.triedUntil(giveUp));
    }
    out.append("\r\n").append(wording.taken(host, arrived, message.transaction()));
  }

  /** RFC 3464 §2.2, §2.3. */
  private void status(StringBuilder out) {
    boolean utf8 = message.smtpUtf8();
    out.append(StatusText.envelopeId(message.envid(), utf8));
    out.append("Reporting-MTA: dns; ").append(host).append("\r\n");
    if (!message.terms().hold().isEmpty()) {
      // RFC 4865 §5.
      out.append("Future-Release-Request: ").append(message.terms().hold()).append("\r\n");
    }
    out.append("Arrival-Date: ").append(date(arrived)).append("\r\n");
    Outgoing.Deadline by = message.terms().by();
    if (by != null) {
      // RFC 2852 §5.
      out.append("Deliver-By-Date: ").append(date(by.time())).append("\r\n");
    }
    for (About each : about) {
      out.append("\r\n");
      out.append(StatusText.recipient(each.to().parameters().orcpt(), utf8));
      out.append("Final-Recipient: ").append(utf8 ? "utf-8" : "rfc822");
      out.append("; ").append(each.to().address()).append("\r\n");
      out.append("Action: ").append(kind.action()).append("\r\n");
      Verdict verdict = each.verdict();
      out.append("Status: ").append(verdict.status()).append("\r\n");
      if (!verdict.from().isEmpty()) {
        String name = verdict.from().replaceFirst(" \\[.*", "");
        out.append("Remote-MTA: dns; ").append(name).append("\r\n");
        out.append("Diagnostic-Code: smtp; ").append(StatusText.of(verdict.text(), utf8));
        out.append("\r\n");
      }
      out.append("Last-Attempt-Date: ").append(date(now)).append("\r\n");
      if (kind == ReportKind.DELAY) {
        out.append("Will-Retry-Until: ").append(date(giveUp)).append("\r\n");
      }
    }
  }
}
