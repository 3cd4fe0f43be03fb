package hikyaku.protocol.imap;

/** What a client can ask to be told of (RFC 5465 §5). */
public enum NotifyEvent {
  MESSAGE_NEW("MessageNew"),
  MESSAGE_EXPUNGE("MessageExpunge"),
  FLAG_CHANGE("FlagChange"),
  MAILBOX_NAME("MailboxName"),
  SUBSCRIPTION_CHANGE("SubscriptionChange"),
  MAILBOX_METADATA_CHANGE("MailboxMetadataChange"),
  SERVER_METADATA_CHANGE("ServerMetadataChange");

  private final String wire;

  NotifyEvent(String wire) {
    this.wire = wire;
  }

  String wire() {
    return wire;
  }

  /** Whether it is about messages. */
  boolean isOfMessages() {
    return this == MESSAGE_NEW || this == MESSAGE_EXPUNGE || this == FLAG_CHANGE;
  }
}
