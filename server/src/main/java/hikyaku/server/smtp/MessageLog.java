package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.Reply;
import hikyaku.server.directory.Account;
import hikyaku.server.origin.Finding;
import hikyaku.server.story.MailStory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/** Tells the log, by which mail is traced, how a message ended. */
final class MessageLog {
  /** Recipients, places and deeds of scripts named in a line; of more, only the number is told. */
  private static final int NAMED = 50;

  private final SmtpSession session;
  private final Transaction transaction;
  private final long began;

  /** Of a message whose end begins now. */
  MessageLog(SmtpSession session, Transaction transaction) {
    this.session = session;
    this.transaction = transaction;
    this.began = session.services().nanoTime().getAsLong();
  }

  /**
   * @param scripts what they did with it
   * @param messageId empty for one that is not known
   */
  void refused(
      long octets,
      Reply reply,
      String cause,
      List<String> scripts,
      String messageId,
      Finding finding) {
    session
        .log(Level.INFO, "message refused")
        .addKeyValue("mail", true)
        .addKeyValue("account", account())
        .addKeyValue("from", transaction.mail().from())
        .addKeyValue("to", named())
        .addKeyValue("octets", octets)
        .addKeyValue("reply", reply)
        .addKeyValue("cause", cause)
        .addKeyValue("scripts", first(scripts))
        .addKeyValue("message_id", messageId)
        .addKeyValue("origin", finding.results())
        .addKeyValue("author", finding.author())
        .log();
  }

  /**
   * @param into where it is
   * @param scripts what they did with it
   * @param sent what scripts sent
   * @param sealed who sealed what of it goes on to others
   * @param release until when it is held; null for not at all
   */
  void taken(
      CompletedMessage message,
      List<String> into,
      List<String> scripts,
      List<String> sent,
      List<String> sealed,
      @Nullable Instant release) {
    Duration took = Duration.ofNanos(session.services().nanoTime().getAsLong() - began);
    session.metrics().accepted(message.blob().size(), into.size(), took);
    int elsewhere = transaction.sentElsewhere();
    session
        .log(Level.INFO, elsewhere == 0 && release == null ? "message delivered" : "message queued")
        .addKeyValue("mail", true)
        .addKeyValue("account", account())
        .addKeyValue("from", transaction.mail().from())
        .addKeyValue("to", named())
        .addKeyValue("recipients", transaction.recipients().size())
        .addKeyValue("queued", release == null ? elsewhere : transaction.recipients().size())
        .addKeyValue("priority", session.priority(transaction))
        .addKeyValue("until", release == null ? "" : release.toString())
        .addKeyValue("returned", returned())
        .addKeyValue("sent", sent)
        .addKeyValue("signed", message.signatures().by())
        .addKeyValue("sealed", sealed)
        .addKeyValue("copies", into.size())
        .addKeyValue("into", first(into))
        .addKeyValue("scripts", first(scripts))
        .addKeyValue("octets", message.blob().size())
        .addKeyValue("blob", message.blob().id())
        .addKeyValue(
            "message_id",
            MailStory.printable(message.completed().structure().envelope().messageId()))
        .addKeyValue("origin", message.finding().results())
        .addKeyValue("author", message.finding().author())
        .addKeyValue("ms", took.toMillis())
        .log();
  }

  /** Who sends it, whatever address it is from; empty for nobody who has logged in. */
  private String account() {
    Account account = session.account();
    return account == null ? "" : account.primary().toString();
  }

  private static List<String> first(List<String> all) {
    return all.subList(0, Math.min(NAMED, all.size()));
  }

  /** Who is behind the return paths among the recipients. */
  private List<String> returned() {
    return transaction.elsewhere().stream()
        .filter(recipient -> !recipient.onward().filter(recipient.path()::equals).isPresent())
        .flatMap(recipient -> recipient.onward().stream())
        .map(Mailbox::toString)
        .toList();
  }

  private List<String> named() {
    return transaction.recipients().stream()
        .limit(NAMED)
        .map(recipient -> recipient.path().toString())
        .toList();
  }
}
