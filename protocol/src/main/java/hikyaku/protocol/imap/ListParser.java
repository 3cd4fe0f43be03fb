package hikyaku.protocol.imap;

import hikyaku.protocol.imap.Command.ListReturn;
import hikyaku.protocol.imap.Command.ListSelection;
import hikyaku.protocol.imap.Command.StatusItem;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** LIST, LSUB and STATUS (RFC 9051 §6.3.9, §6.3.11, RFC 5258, 5819, 6154, 8474, 9208, 9590). */
final class ListParser {
  private final Cursor in;
  private final Set<StatusItem> status = StatusItem.none();
  private final List<String> metadata = new ArrayList<>();
  private int patternWork;

  ListParser(Cursor in) {
    this.in = in;
  }

  /** What follows the command's name. */
  Command.ListMailboxes list() throws SyntaxException {
    in.expectSp();
    boolean extended = in.peek() == '(';
    Set<ListSelection> selection = EnumSet.noneOf(ListSelection.class);
    if (extended) {
      selection = selectionOptions();
      in.expectSp();
    }
    String reference = in.expectMailbox();
    in.expectSp();
    List<String> patterns = new ArrayList<>();
    if (in.take('(')) {
      extended = true;
      do {
        if (patterns.size() == in.limits().patterns()) {
          throw SyntaxException.limit("Too many patterns");
        }
        addPattern(patterns, reference);
      } while (in.take(' '));
      in.expect(')');
    } else {
      addPattern(patterns, reference);
    }
    Set<ListReturn> returns = EnumSet.noneOf(ListReturn.class);
    if (in.take(' ') && !in.atEnd()) {
      extended = true;
      if (!in.word("RETURN")) {
        throw SyntaxException.bad("Expected RETURN" + in.here());
      }
      in.expectSp();
      returns = returnOptions();
    }
    return new Command.ListMailboxes(
        extended, selection, reference, patterns, returns, status, metadata);
  }

  /** What follows the command's name. */
  Command.Lsub lsub() throws SyntaxException {
    in.expectSp();
    String reference = in.expectMailbox();
    in.expectSp();
    return new Command.Lsub(reference, pattern(reference));
  }

  private @Nullable String pattern(String reference) throws SyntaxException {
    String pattern = in.expectMailboxPattern();
    patternWork += reference.length() + (pattern == null ? 0 : pattern.length());
    if (patternWork > in.limits().patternWork()) {
      throw SyntaxException.limit("Patterns are too long");
    }
    return pattern;
  }

  /** RFC 9051 §6.3.9: a pattern that is not accepted is ignored, and not refused. */
  private void addPattern(List<String> patterns, String reference) throws SyntaxException {
    String pattern = pattern(reference);
    if (pattern != null) {
      patterns.add(pattern);
    }
  }

  private Set<ListSelection> selectionOptions() throws SyntaxException {
    Set<ListSelection> selection = EnumSet.noneOf(ListSelection.class);
    in.expect('(');
    if (!in.take(')')) {
      do {
        selection.add(
            switch (in.expectWord("a selection option")) {
              case "SUBSCRIBED" -> ListSelection.SUBSCRIBED;
              case "REMOTE" -> ListSelection.REMOTE;
              case "RECURSIVEMATCH" -> ListSelection.RECURSIVEMATCH;
              case "SPECIAL-USE" -> ListSelection.SPECIAL_USE;
              default -> throw SyntaxException.bad("Unknown selection option");
            });
      } while (in.take(' '));
      in.expect(')');
    }
    // RFC 5258 §3.1: it modifies another criterion, and REMOTE is none.
    if (selection.contains(ListSelection.RECURSIVEMATCH)
        && !selection.contains(ListSelection.SUBSCRIBED)
        && !selection.contains(ListSelection.SPECIAL_USE)) {
      throw SyntaxException.bad("RECURSIVEMATCH needs another selection option");
    }
    return selection;
  }

  private Set<ListReturn> returnOptions() throws SyntaxException {
    Set<ListReturn> returns = EnumSet.noneOf(ListReturn.class);
    in.expect('(');
    if (!in.take(')')) {
      do {
        switch (in.expectWord("a return option")) {
          case "SUBSCRIBED" -> returns.add(ListReturn.SUBSCRIBED);
          case "CHILDREN" -> returns.add(ListReturn.CHILDREN);
          case "SPECIAL-USE" -> returns.add(ListReturn.SPECIAL_USE);
          case "STATUS" -> {
            in.expectSp();
            returns.add(ListReturn.STATUS);
            status.addAll(statusItems());
          }
          case "MYRIGHTS" -> returns.add(ListReturn.MYRIGHTS);
          case "METADATA" -> {
            in.expectSp();
            returns.add(ListReturn.METADATA);
            metadata.addAll(new MetadataParser(in).entries());
          }
          default -> throw SyntaxException.bad("Unknown return option");
        }
      } while (in.take(' '));
      in.expect(')');
    }
    return returns;
  }

  /** What follows the command's name. */
  Command.Status status() throws SyntaxException {
    in.expectSp();
    String mailbox = in.expectMailbox();
    in.expectSp();
    return new Command.Status(mailbox, statusItems());
  }

  private Set<StatusItem> statusItems() throws SyntaxException {
    Set<StatusItem> items = StatusItem.none();
    in.expect('(');
    do {
      items.add(statusItem(in.expectWord("a status item")));
    } while (in.take(' '));
    in.expect(')');
    return items;
  }

  private static StatusItem statusItem(String name) throws SyntaxException {
    for (StatusItem item : StatusItem.values()) {
      if (item.wire().equals(name)) {
        return item;
      }
    }
    throw SyntaxException.bad("Unknown status item");
  }
}
