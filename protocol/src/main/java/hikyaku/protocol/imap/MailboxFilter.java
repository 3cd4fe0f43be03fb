package hikyaku.protocol.imap;

import java.util.List;

/**
 * Which mailboxes are meant (RFC 5465 §6, RFC 7377 §2.2).
 *
 * @param names those that SUBTREE, SUBTREE_ONE and MAILBOXES name; else empty
 */
public record MailboxFilter(Kind kind, List<String> names) {
  public MailboxFilter {
    names = List.copyOf(names);
  }

  public enum Kind {
    SELECTED,
    SELECTED_DELAYED,
    INBOXES,
    PERSONAL,
    SUBSCRIBED,
    /** The mailbox and all below it. */
    SUBTREE,
    /** The mailbox and those right below it. */
    SUBTREE_ONE,
    MAILBOXES
  }

  /** Whether the selected mailbox is meant, whichever it is. */
  public boolean ofSelected() {
    return kind == Kind.SELECTED || kind == Kind.SELECTED_DELAYED;
  }
}
