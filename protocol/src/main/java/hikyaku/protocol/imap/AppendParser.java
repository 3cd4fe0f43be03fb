package hikyaku.protocol.imap;

import hikyaku.protocol.imap.Command.AppendMessage;
import hikyaku.protocol.imap.Command.AppendPart;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * APPEND (RFC 9051 §6.3.12, RFC 3502, RFC 4469) and REPLACE (RFC 8508), read piece by piece while
 * their messages pass by. Behind the command's name come pieces of text, each ending where a
 * literal begins or the command ends.
 */
final class AppendParser {
  /** Of REPLACE, whether it is UID REPLACE. */
  private final boolean uid;

  private final boolean replaces;
  private @Nullable SequenceSet replaced;
  private @Nullable String mailbox;
  private final List<AppendMessage> messages = new ArrayList<>();

  /** The message that is being read: what is said of it, and its parts so far. */
  private List<String> flags = List.of();

  private @Nullable OffsetDateTime internalDate;
  private final List<AppendPart> parts = new ArrayList<>();
  private int urls;

  /** Whether the text stands between the parentheses of CATENATE, or of UTF8. */
  private boolean catenating;

  private boolean utf8Open;

  private AppendParser(boolean replaces, boolean uid) {
    this.replaces = replaces;
    this.uid = uid;
  }

  /** A parser for a command, by its name; null for one that brings no message. */
  static @Nullable AppendParser of(String command) {
    return switch (command) {
      case "APPEND" -> new AppendParser(false, false);
      case "REPLACE" -> new AppendParser(true, false);
      case "UID REPLACE" -> new AppendParser(true, true);
      default -> null;
    };
  }

  /** What a piece of text says, in order. */
  sealed interface Step {
    /**
     * A message begins, the {@code index}-th from 0.
     *
     * @param catenated whether it is of several parts, some of which may be empty
     */
    record Begin(int index, boolean catenated) implements Step {}

    record Part(AppendPart part) implements Step {}
  }

  /**
   * What a piece of text came to.
   *
   * @param read up to where it is understood; what stands behind that is to be read again with the
   *     literal, which is a string of the command
   * @param taken whether the literal is a part of a message
   */
  record Piece(List<Step> steps, int read, boolean taken) {}

  /** What the messages are for, once one has begun. */
  CommandReader.Purpose purpose() {
    SequenceSet goes = replaced;
    return goes == null
        ? new CommandReader.Purpose.Append(mailbox())
        : new CommandReader.Purpose.Replace(mailbox(), uid, goes);
  }

  /** The mailbox, once a message has begun. */
  private String mailbox() {
    if (mailbox == null) {
      throw new IllegalStateException("no message yet");
    }
    return mailbox;
  }

  /**
   * Reads the text behind the last literal that was taken, or the command's name, up to the one
   * that is announced now.
   *
   * @param in ends before the announcement's {@code ~} or <code>{</code>, or with the command
   * @param mark the announcement; null at the end of the command
   */
  Piece read(Cursor in, @Nullable LiteralMark mark) throws SyntaxException {
    List<Step> steps = new ArrayList<>();
    if (mailbox == null && !readMailbox(in, mark)) {
      return new Piece(steps, in.position(), false);
    }
    while (true) {
      closeUtf8(in);
      if (!catenating) {
        endMessage();
        if (mark == null && !messages.isEmpty() && in.isOver()) {
          return new Piece(steps, in.position(), false);
        }
        beginMessage(in, mark);
        catenating = in.prefix("CATENATE (");
        steps.add(new Step.Begin(messages.size(), catenating));
      } else if (in.take(')')) {
        catenating = false;
        continue;
      }
      int start = in.position();
      if (!parts.isEmpty()) {
        in.expectSp();
      }
      if (!catenating || !in.prefix("URL ")) {
        add(literal(in, mark), steps);
        return new Piece(steps, in.position(), true);
      }
      if (in.atEnd() && mark != null) {
        return new Piece(steps, start, false);
      }
      add(url(in), steps);
    }
  }

  /**
   * @return false if the literal is the name
   */
  private boolean readMailbox(Cursor in, @Nullable LiteralMark mark) throws SyntaxException {
    int start = in.position();
    in.expectSp();
    if (replaces) {
      replaced = in.expectOneMessage();
      in.expectSp();
    }
    if (in.atEnd() && mark != null) {
      in.back(start);
      return false;
    }
    mailbox = in.expectMailbox();
    return true;
  }

  private void beginMessage(Cursor in, @Nullable LiteralMark mark) throws SyntaxException {
    if (!messages.isEmpty() && in.peek() != ' ') {
      throw SyntaxException.bad("Unexpected text" + in.here());
    }
    if (replaces && !messages.isEmpty()) {
      throw SyntaxException.bad("One message replaces another, not several");
    }
    if (mark == null && in.isOver()) {
      throw SyntaxException.bad("A command without its messages");
    }
    in.expectSp();
    flags = List.of();
    if (in.peek() == '(') {
      flags = in.expectFlagList();
      in.expectSp();
    }
    internalDate = null;
    if (in.peek() == '"') {
      internalDate = Dates.expectDateTime(in);
      in.expectSp();
    }
  }

  private void endMessage() {
    if (!parts.isEmpty()) {
      messages.add(new AppendMessage(flags, internalDate, parts));
      parts.clear();
    }
  }

  private void closeUtf8(Cursor in) throws SyntaxException {
    if (utf8Open) {
      in.expect(')');
      utf8Open = false;
    }
  }

  private AppendPart url(Cursor in) throws SyntaxException {
    if (urls == in.limits().urls()) {
      throw SyntaxException.limit("Too many URLs");
    }
    urls++;
    return new AppendPart.Url(ImapUrl.parse(in.expectAstring("a URL"), in.limits()));
  }

  /** The announced literal is what the message is made of, or a part of that. */
  private AppendPart literal(Cursor in, @Nullable LiteralMark mark) throws SyntaxException {
    boolean text = catenating && in.prefix("TEXT ");
    utf8Open = !text && in.prefix("UTF8 (");
    if (catenating && !text && !utf8Open) {
      throw SyntaxException.bad("Expected TEXT or URL" + in.here());
    }
    if (!in.atEnd() || mark == null || utf8Open && !mark.literal8()) {
      throw SyntaxException.bad("Expected a message literal" + in.here());
    }
    return new AppendPart.Literal(mark.length(), mark.literal8(), utf8Open);
  }

  private void add(AppendPart part, List<Step> steps) {
    parts.add(part);
    steps.add(new Step.Part(part));
  }

  /** The command, once its end has been read. */
  Command command() {
    SequenceSet goes = replaced;
    return goes == null
        ? new Command.Append(mailbox(), messages)
        : new Command.Replace(uid, goes, mailbox(), messages.getFirst());
  }
}
