package hikyaku.mailbox.log;

/** What can happen in a mailbox. */
public sealed interface MailboxEvent {
  /** The first event of each mailbox log. */
  record Created(long uidValidity) implements MailboxEvent {}

  /** A message came; its UID is the id that the entry took. */
  record Appended(NewMessage message) implements MailboxEvent {}

  /** Flags of messages were changed; those that are gone by now are passed over. */
  record FlagsChanged(UidSet uids, FlagChange change) implements MailboxEvent {}

  /** Messages went; all of them were there when this was appended. */
  record Expunged(UidSet uids) implements MailboxEvent {}
}
