package hikyaku.mailbox;

/** What became of one delivery. */
public sealed interface Delivered {
  /**
   * Durable.
   *
   * @param uid the message's UID
   * @param seq the entry of the mailbox's log
   */
  record Done(long uid, long seq) implements Delivered {}

  /** Not taken, for a reason that concerns this recipient alone. */
  record Refused(MailboxException why) implements Delivered {}
}
