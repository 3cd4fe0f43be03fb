package hikyaku.server.filter;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.sieve.Action;
import hikyaku.protocol.sieve.Author;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Account;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.StatusText;
import hikyaku.server.queue.Wording;
import hikyaku.server.story.MailStory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Mails that a script has written: answers, notifications, refusals. */
final class Letters {
  /** Octets of a header that is returned. */
  private static final int RETURNED_HEADER = 64 * 1024;

  /** Message ids of References that are carried on. */
  private static final int REFERENCES = 20;

  private final Filter filter;
  private final Envelope envelope;
  private final NewMessage about;
  private final Instant now;

  /**
   * @param about the message that they are about
   */
  Letters(Filter filter, Envelope envelope, NewMessage about, Instant now) {
    this.filter = filter;
    this.envelope = envelope;
    this.about = about;
    this.now = now;
  }

  private String host() {
    return envelope.host();
  }

  /** Whom refusals are from. */
  MailAddress postmaster() {
    return new MailAddress("postmaster", host());
  }

  /** RFC 5230 §5, RFC 3834 §3. */
  Intake.Received answer(String id, Account account, MailAddress to, Action.Vacation vacation) {
    Letter letter =
        letter(account, vacation.from(), List.of(to), vacation.subject())
            .date(now)
            .field("Message-ID", "<" + id + "@" + host() + ">");
    inReply(letter);
    letter.field("Auto-Submitted", "auto-replied (vacation)");
    return written(vacation.mime() ? letter.entity(vacation.text()) : letter.text(vacation.text()));
  }

  /** By the account's own name, unless the script gives another one (RFC 3834 §3.1.1). */
  private static Letter letter(
      Account account, Author author, List<MailAddress> to, String subject) {
    String name = author.name().isEmpty() ? account.displayName() : author.name();
    return new Letter(author.address(), name, to, subject);
  }

  /** RFC 5436 §2.7. */
  Intake.Received notification(String id, Account account, Action.Notify notify) {
    Letter letter =
        letter(account, notify.from(), notify.to(), notify.subject())
            .list("Cc", notify.cc())
            .date(now)
            .field("Message-ID", "<" + id + "@" + host() + ">")
            .field("Auto-Submitted", "auto-notified; owner-email=\"" + owner(account) + "\"");
    switch (notify.importance()) {
      case 1 -> letter.field("Importance", "High");
      case 3 -> letter.field("Importance", "Low");
      default -> {}
    }
    return written(letter.text(notify.text()));
  }

  private static String owner(Account account) {
    return account.primary().toString().replaceAll("[\"\\\\]", "\\\\$0");
  }

  /**
   * What the sender of a refused message gets: a report that it failed (RFC 3464) if it was to be
   * refused at once, or else that it was thrown away unseen (RFC 8098).
   */
  Intake.Received refusal(String id, Account account, Mailbox to, Refusal refusal) {
    ByteString original = header();
    Wording wording = filter.wordings().of(HeaderFields.of(original.toByteArray()), to);
    boolean utf8 = envelope.parameters().smtpUtf8();
    String meant = StatusText.recipient(envelope.recipient().orcpt(), utf8);
    String recipient = (utf8 ? "utf-8; " : "rfc822; ") + named(account);
    Letter letter =
        new Letter(postmaster(), wording.author(), List.of(to.address()), wording.refusal())
            .date(now)
            .field("Message-ID", "<" + id + "@" + host() + ">");
    inReply(letter);
    letter.field("Auto-Submitted", "auto-replied");
    String text =
        "Content-Type: text/plain; charset=utf-8\r\nContent-Language: "
            + wording.language().tag()
            + "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            + wording.refusedBy(named(account))
            + "\r\n"
            + refusal.reason().strip().replaceAll("\r\n|\r|\n", "\r\n")
            + "\r\n";
    String messageId = about.structure().envelope().messageId();
    String report =
        refusal.atOnce()
            ? StatusText.head("delivery-status", utf8)
                + StatusText.envelopeId(envelope.parameters().envid(), utf8)
                + "Reporting-MTA: dns; "
                + host()
                + "\r\n\r\n"
                + meant
                + "Final-Recipient: "
                + recipient
                + "\r\nAction: failed\r\nStatus: 5.7.1\r\n"
            : StatusText.head("disposition-notification", utf8)
                + "Reporting-UA: "
                + host()
                + "; Hikyaku\r\n"
                + meant
                + "Final-Recipient: "
                + recipient
                + "\r\n"
                + (isId(messageId) ? "Original-Message-ID: " + messageId + "\r\n" : "")
                + "Disposition: automatic-action/MDN-sent-automatically; deleted\r\n";
    ByteString header = ByteString.copyFromUtf8(StatusText.headOfHeader(utf8)).concat(original);
    String type =
        "multipart/report; report-type="
            + (refusal.atOnce() ? "delivery-status" : "disposition-notification");
    // Unique for ever, so no message holds it.
    return written(
        letter.parts(type, "=_" + id, List.of(octets(text), octets(report), header.toByteArray())));
  }

  /** The recipient as the sender knows it. */
  private String named(Account account) {
    return envelope.to() instanceof Mailbox mailbox
        ? mailbox.toString()
        : account.primary().toString();
  }

  /** The header of the message, beyond which nothing is told. */
  private ByteString header() {
    long end = Math.min(RETURNED_HEADER, about.structure().root().bodyStart());
    ByteString.Output octets = ByteString.newOutput();
    try (BlobReader reader = filter.mail().store().blobs().open(about.blob().id())) {
      reader.copy(0, end, octets::write);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
    return octets.toByteString();
  }

  /** RFC 5322 §3.6.4. */
  private void inReply(Letter letter) {
    MessageStructure structure = about.structure();
    String id = structure.envelope().messageId();
    if (id == null || !isId(id)) {
      return;
    }
    letter.field("In-Reply-To", id);
    List<String> references = structure.references().stream().filter(Letters::isId).toList();
    String answered = structure.envelope().inReplyTo();
    if (references.isEmpty() && isId(answered)) {
      references = List.of(answered);
    }
    int from = Math.max(0, references.size() - REFERENCES);
    StringBuilder all = new StringBuilder();
    references.subList(from, references.size()).forEach(each -> all.append(each).append("\r\n "));
    letter.field("References", all + id);
  }

  private static boolean isId(@Nullable String text) {
    return text != null && text.matches("<[!-;=?-~]{1,900}>");
  }

  private static byte[] octets(String text) {
    return text.getBytes(UTF_8);
  }

  private Intake.Received written(String text) {
    return written(octets(text));
  }

  private Intake.Received written(byte[] octets) {
    try (Intake intake = filter.mail().intake()) {
      intake.write(octets, 0, octets.length);
      return intake.finish();
    }
  }

  /**
   * A letter on its way, signed for its author.
   *
   * @param account whose script has written it
   * @param author as it says itself: an address of the account, or ours
   * @param global whether there are parts in it that SMTPUTF8 alone may carry
   * @param told what is to be told of its own way
   */
  Outgoing outgoing(
      String id,
      Account account,
      ReversePath from,
      MailAddress author,
      Intake.Received letter,
      List<MailAddress> to,
      boolean global,
      RcptParameters told) {
    boolean utf8 = global || !author.isAscii() || !to.stream().allMatch(MailAddress::isAscii);
    return new Outgoing(
        id,
        about.session(),
        from,
        null,
        null,
        utf8,
        false,
        letter.structure().has8bit(),
        Outgoing.Tls.USUAL,
        ByteString.copyFromUtf8(filter.signature(author, letter.blob())),
        letter.blob(),
        letter.structure().root().bodyStart(),
        MailStory.printable(letter.structure().envelope().messageId()),
        to.stream().map(each -> new Outgoing.To(new Mailbox(each), told)).toList(),
        "",
        account.id(),
        Outgoing.Terms.NONE,
        from);
  }

  /** A letter for a mailbox (RFC 8580 §3). */
  NewMessage kept(Intake.Received letter, Flags flags) {
    return new NewMessage(
        ByteString.EMPTY,
        letter.blob(),
        InternalDate.of(now, ZoneOffset.UTC),
        flags,
        letter.structure(),
        about.session());
  }
}
