package hikyaku.server.queue;

import hikyaku.protocol.mime.MailDate;
import hikyaku.server.directory.Language;
import hikyaku.server.smtpclient.Verdict;
import java.time.Instant;

/** English. */
final class EnglishWording implements Wording {
  @Override
  public Language language() {
    return Language.EN;
  }

  @Override
  public String author() {
    return "Mail Delivery System";
  }

  @Override
  public String subject(ReportKind kind) {
    return switch (kind) {
      case FAILURE -> "Undelivered mail";
      case DELAY -> "Delayed mail";
      case RELAYED -> "Your message was passed on";
      case DELIVERED, TAKEN -> "Your message was delivered";
    };
  }

  @Override
  public String sentence(ReportKind kind) {
    return switch (kind) {
      case FAILURE -> "Your message could not be delivered to:\r\n";
      case DELAY ->
          "Your message could not be delivered yet, and is tried again. You need not send it again."
              + "\r\nIt waits for:\r\n";
      case RELAYED ->
          "Your message was passed on to other servers, which may not tell what becomes of it, for:"
              + "\r\n";
      case DELIVERED -> "Your message was delivered to the mailboxes of:\r\n";
      case TAKEN -> "Your message was taken for:\r\n";
    };
  }

  @Override
  public String reason(Verdict verdict) {
    return verdict.toString();
  }

  @Override
  public String triedUntil(Instant time) {
    return "It is tried until " + MailDate.of(time) + ".\r\n";
  }

  @Override
  public String taken(String host, Instant arrived, String transaction) {
    return "The message was taken by "
        + host
        + " on "
        + MailDate.of(arrived)
        + "\r\nand is known there as "
        + transaction
        + ".\r\n";
  }

  @Override
  public String refusal() {
    return "Your message was refused";
  }

  @Override
  public String refusedBy(String recipient) {
    return "Your message was refused by the mail filter of\r\n\r\n  "
        + recipient
        + "\r\n\r\nThe reason given is:\r\n";
  }
}
