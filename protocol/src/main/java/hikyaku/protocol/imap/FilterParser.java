package hikyaku.protocol.imap;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** {@code filter-mailboxes} (RFC 5465 §8, RFC 7377 §4). */
final class FilterParser {
  private final Cursor in;
  private int names;

  FilterParser(Cursor in) {
    this.in = in;
  }

  /** A source of ESEARCH, where nothing can be delayed (RFC 7377 §2.2). */
  MailboxFilter source() throws SyntaxException {
    MailboxFilter filter = filter();
    if (filter.kind() == MailboxFilter.Kind.SELECTED_DELAYED) {
      throw SyntaxException.bad("SELECTED-DELAYED is no source of a search");
    }
    return filter;
  }

  MailboxFilter filter() throws SyntaxException {
    MailboxFilter.Kind kind = kind(in.expectWord("a mailbox filter"));
    return switch (kind) {
      case SELECTED, SELECTED_DELAYED, INBOXES, PERSONAL, SUBSCRIBED ->
          new MailboxFilter(kind, List.of());
      case SUBTREE, SUBTREE_ONE, MAILBOXES -> {
        in.expectSp();
        yield new MailboxFilter(kind, mailboxes());
      }
    };
  }

  private static MailboxFilter.Kind kind(String word) throws SyntaxException {
    for (MailboxFilter.Kind kind : MailboxFilter.Kind.values()) {
      if (kind.name().replace('_', '-').equals(word.toUpperCase(Locale.ROOT))) {
        return kind;
      }
    }
    throw SyntaxException.bad("Unknown mailbox filter");
  }

  /** {@code one-or-more-mailbox}. */
  private List<String> mailboxes() throws SyntaxException {
    List<String> mailboxes = new ArrayList<>();
    if (!in.take('(')) {
      mailboxes.add(mailbox());
      return mailboxes;
    }
    do {
      mailboxes.add(mailbox());
    } while (in.take(' '));
    in.expect(')');
    return mailboxes;
  }

  private String mailbox() throws SyntaxException {
    if (++names > in.limits().filterMailboxes()) {
      throw SyntaxException.limit("Too many mailboxes");
    }
    return in.expectMailbox();
  }
}
