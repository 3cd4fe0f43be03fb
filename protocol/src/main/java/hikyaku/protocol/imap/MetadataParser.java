package hikyaku.protocol.imap;

import hikyaku.protocol.imap.Command.Depth;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** GETMETADATA and SETMETADATA (RFC 5464 §5), and the entries of a LIST (RFC 9590 §5). */
final class MetadataParser {
  private final Cursor in;
  private Depth depth = Depth.NONE;
  private @Nullable Long maxSize;

  MetadataParser(Cursor in) {
    this.in = in;
  }

  /**
   * What follows the command's name. The grammar has the options before the mailbox, the examples
   * behind it, and clients follow either; the examples have no parentheses around entries.
   */
  Command.GetMetadata get() throws SyntaxException {
    in.expectSp();
    if (in.take('(')) {
      options();
      in.expectSp();
    }
    String mailbox = in.expectMailbox();
    in.expectSp();
    boolean inList = in.take('(');
    if (inList && in.peek() != '/' && in.peek() != '"' && in.peek() != '{') {
      options();
      in.expectSp();
      inList = in.take('(');
    }
    List<String> entries = rest(inList);
    return new Command.GetMetadata(mailbox, entries, depth, maxSize);
  }

  private void options() throws SyntaxException {
    do {
      switch (in.expectWord("an option")) {
        case "MAXSIZE" -> {
          in.expectSp();
          maxSize = in.expectNumber();
        }
        case "DEPTH" -> {
          in.expectSp();
          depth =
              switch (in.expectWord("a depth")) {
                case "0" -> Depth.NONE;
                case "1" -> Depth.CHILDREN;
                case "INFINITY" -> Depth.ALL;
                default -> throw SyntaxException.bad("Unknown depth");
              };
        }
        default -> throw SyntaxException.bad("Unknown option");
      }
    } while (in.take(' '));
    in.expect(')');
  }

  private List<String> rest(boolean inList) throws SyntaxException {
    List<String> entries = new ArrayList<>();
    do {
      checkCount(entries);
      entries.add(entry());
    } while (in.take(' ') && !in.atEnd());
    if (inList) {
      in.expect(')');
    }
    return entries;
  }

  /** {@code entries}: one, or several in parentheses. */
  List<String> entries() throws SyntaxException {
    return in.take('(') ? rest(true) : List.of(entry());
  }

  /** What follows the command's name. */
  Command.SetMetadata set() throws SyntaxException {
    in.expectSp();
    String mailbox = in.expectMailbox();
    in.expectSp();
    in.expect('(');
    List<Command.Annotation> annotations = new ArrayList<>();
    do {
      checkCount(annotations);
      String entry = entry();
      if (entry.indexOf('/', 1) < 0) {
        throw SyntaxException.bad("An entry needs a name below /private or /shared");
      }
      in.expectSp();
      annotations.add(new Command.Annotation(entry, value()));
    } while (in.take(' '));
    in.expect(')');
    return new Command.SetMetadata(mailbox, annotations);
  }

  private void checkCount(List<?> entries) throws SyntaxException {
    if (entries.size() == in.limits().annotations()) {
      throw SyntaxException.limit("Too many entries");
    }
  }

  private @Nullable String value() throws SyntaxException {
    String value = in.expectValue();
    if (value != null && value.length() > in.limits().annotation()) {
      throw new SyntaxException(tooLarge(in.limits()));
    }
    return value;
  }

  /** The reply to a value that is too large. */
  static Reply tooLarge(ImapLimits limits) {
    return Reply.no(new ResponseCode.MetadataMaxSize(limits.annotation()), "Value is too large");
  }

  /** {@code entry}, by the rules of RFC 5464 §3.2. */
  private String entry() throws SyntaxException {
    String name = in.expectAstring("an entry");
    if (name.length() > in.limits().entryName()) {
      throw SyntaxException.limit("Name of an entry is too long");
    }
    String entry = Text.lower(name);
    boolean placed = isAtOrBelow(entry, "/private") || isAtOrBelow(entry, "/shared");
    boolean unseemly =
        entry.chars().anyMatch(c -> c < 0x20 || c > 0x7E || c == '*' || c == '%')
            || entry.contains("//")
            || entry.endsWith("/");
    if (!placed || unseemly) {
      throw SyntaxException.bad("Not the name of an entry" + in.here());
    }
    return entry;
  }

  private static boolean isAtOrBelow(String entry, String top) {
    return entry.equals(top) || entry.startsWith(top + "/");
  }
}
