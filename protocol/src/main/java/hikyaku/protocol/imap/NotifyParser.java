package hikyaku.protocol.imap;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** NOTIFY (RFC 5465 §8). */
final class NotifyParser {
  private final Cursor in;
  private final FilterParser filters;
  private boolean unknown;

  NotifyParser(Cursor in) {
    this.in = in;
    this.filters = new FilterParser(in);
  }

  /** What follows the command's name. */
  Command notification() throws SyntaxException {
    Remembered remembered = in.remembered();
    in.expectSp();
    if (in.word("NONE")) {
      return new Command.Notify(remembered, false, List.of());
    }
    if (!in.word("SET")) {
      throw SyntaxException.bad("Expected SET or NONE");
    }
    in.expectSp();
    boolean status = in.word("STATUS");
    if (status) {
      in.expectSp();
    }
    List<Command.EventGroup> groups = new ArrayList<>();
    do {
      groups.add(group());
    } while (in.take(' ') && !in.atEnd());
    if (groups.stream().filter(group -> group.filter().ofSelected()).count() > 1) {
      throw SyntaxException.bad("The selected mailbox is named twice");
    }
    return unknown ? new Command.UnknownEvent() : new Command.Notify(remembered, status, groups);
  }

  private Command.EventGroup group() throws SyntaxException {
    in.expect('(');
    MailboxFilter filter = filters.filter();
    in.expectSp();
    Set<NotifyEvent> events = EnumSet.noneOf(NotifyEvent.class);
    List<FetchItem> items = List.of();
    if (!in.word("NONE")) {
      in.expect('(');
      do {
        NotifyEvent event = event(in.expectWord("an event"));
        if (event != null) {
          events.add(event);
        }
        if (event == NotifyEvent.MESSAGE_NEW && in.take(' ')) {
          if (in.peek() != '(') {
            // Another event follows.
            NotifyEvent next = event(in.expectWord("an event"));
            if (next != null) {
              events.add(next);
            }
          } else {
            items = new FetchParser(in).items();
          }
        }
      } while (in.take(' '));
      in.expect(')');
    }
    in.expect(')');
    check(filter, events);
    if (!items.isEmpty() && !filter.ofSelected()) {
      throw SyntaxException.bad("Only messages of the selected mailbox are told with items");
    }
    return new Command.EventGroup(filter, events, items);
  }

  private @Nullable NotifyEvent event(String word) {
    for (NotifyEvent event : NotifyEvent.values()) {
      if (Text.equalsIgnoreCase(event.wire(), word)) {
        return event;
      }
    }
    unknown = true;
    return null;
  }

  /** RFC 5465 §5, §6.1. */
  private void check(MailboxFilter filter, Set<NotifyEvent> events) throws SyntaxException {
    boolean comes = events.contains(NotifyEvent.MESSAGE_NEW);
    if (comes != events.contains(NotifyEvent.MESSAGE_EXPUNGE)) {
      throw SyntaxException.bad("MessageNew and MessageExpunge belong together");
    }
    if (!comes && events.contains(NotifyEvent.FLAG_CHANGE)) {
      throw SyntaxException.bad("FlagChange needs MessageNew and MessageExpunge");
    }
    if (filter.ofSelected() && !events.stream().allMatch(NotifyEvent::isOfMessages)) {
      throw SyntaxException.bad("The selected mailbox has events of messages alone");
    }
  }
}
