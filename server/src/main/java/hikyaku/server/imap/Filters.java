package hikyaku.server.imap;

import hikyaku.mailbox.account.FolderName;
import hikyaku.protocol.imap.MailboxFilter;

/** What a filter means among the mailboxes that one who is logged in can see (RFC 5465 §6). */
final class Filters {
  private Filters() {}

  /**
   * Whether a mailbox is meant; none is meant as the selected one.
   *
   * @param name as it is shown
   */
  static boolean means(MailboxFilter filter, Visible visible, String name) {
    return switch (filter.kind()) {
      case SELECTED, SELECTED_DELAYED -> false;
      // A script may have mail delivered to any of them (RFC 5465 §6.3).
      case INBOXES, PERSONAL -> visible.folder(name).filter(f -> f.place().isOwn()).isPresent();
      case SUBSCRIBED -> visible.isSubscribed(name);
      case SUBTREE ->
          names(filter, top -> name.equals(top) || name.startsWith(top + FolderName.SEPARATOR));
      case SUBTREE_ONE ->
          names(filter, top -> name.equals(top) || FolderName.parent(name).equals(top));
      case MAILBOXES -> names(filter, name::equals);
    };
  }

  private static boolean names(
      MailboxFilter filter, java.util.function.Predicate<String> condition) {
    return filter.names().stream().map(FolderName::canonical).anyMatch(condition);
  }
}
