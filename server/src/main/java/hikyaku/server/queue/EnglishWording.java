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

  @Override
  public String scriptFailed(String script) {
    return "Your filter script \"" + script + "\" could not be carried out";
  }

  @Override
  public String failure(ScriptFailure failure) {
    return """
    Your filter script "%1$s" could not be carried out for a message to
    %2$s.

    What failed:
      %3$s

    The message:
      From: %4$s
      Subject: %5$s
      Message-ID: %6$s

    Nothing is lost: the message was kept in %7$s, and nothing else of what the
    script wants was done. So it goes with each message for which it fails.

    To mend it, change the script in the program with which you manage your filters,
    or make the mailbox that it names and that is not there. Until then you can
    switch the script off there. If you do not know what to do, ask whoever runs
    your mail service, and show them this message.

    You are told of this script once in a day at most, and again when it has changed
    and still fails.
    """
        .formatted(
            failure.script(),
            failure.account(),
            (failure.line() == 0 ? "" : "line " + failure.line() + ": ") + failure.sentence(),
            failure.from(),
            failure.subject(),
            failure.messageId(),
            failure.folder())
        .replace("\n", "\r\n");
  }
}
