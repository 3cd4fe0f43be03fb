package hikyaku.protocol.imap;

import hikyaku.protocol.imap.Command.AppendMessage;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * APPEND (RFC 9051 §6.3.12, RFC 3502) and REPLACE (RFC 8508), read piece by piece while their
 * messages pass by. Behind the command's name come pieces of text, each ending where a literal
 * begins or the command ends.
 */
final class AppendParser {
  /** Of REPLACE, whether it is UID REPLACE. */
  private final boolean uid;

  private final boolean replaces;
  private @Nullable SequenceSet replaced;
  private @Nullable String mailbox;
  private final List<AppendMessage> messages = new ArrayList<>();
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

  /** What the messages are for, once one has been announced. */
  CommandReader.Purpose purpose() {
    SequenceSet goes = replaced;
    return goes == null
        ? new CommandReader.Purpose.Append(mailbox())
        : new CommandReader.Purpose.Replace(mailbox(), uid, goes);
  }

  /** The mailbox, once a message has been announced. */
  private String mailbox() {
    if (mailbox == null) {
      throw new IllegalStateException("no message yet");
    }
    return mailbox;
  }

  int messages() {
    return messages.size();
  }

  /**
   * Reads the text between the last message's literal, or the command's name, and the literal that
   * is announced now.
   *
   * @param in ends before the announcement's {@code ~} or <code>{</code>
   * @return the message that the literal holds, or null if the literal is the mailbox name; the
   *     same text is then to be read again together with it
   */
  @Nullable AppendMessage beforeLiteral(Cursor in, LiteralMark mark) throws SyntaxException {
    if (mailbox == null) {
      in.expectSp();
      if (replaces) {
        replaced = in.expectOneMessage();
        in.expectSp();
      }
      if (in.atEnd()) {
        return null;
      }
      mailbox = in.expectMailbox();
    }
    closeUtf8(in);
    if (replaces && !messages.isEmpty()) {
      throw SyntaxException.bad("One message replaces another, not several");
    }
    in.expectSp();
    List<String> flags = List.of();
    if (in.peek() == '(') {
      flags = in.expectFlagList();
      in.expectSp();
    }
    OffsetDateTime internalDate = null;
    if (in.peek() == '"') {
      internalDate = Dates.expectDateTime(in);
      in.expectSp();
    }
    if (in.prefix("UTF8 (")) {
      utf8Open = true;
    }
    if (!in.atEnd() || utf8Open && !mark.literal8()) {
      throw SyntaxException.bad("Expected a message literal" + in.here());
    }
    AppendMessage message =
        new AppendMessage(flags, internalDate, mark.length(), mark.literal8(), utf8Open);
    messages.add(message);
    return message;
  }

  private void closeUtf8(Cursor in) throws SyntaxException {
    if (utf8Open) {
      in.expect(')');
      utf8Open = false;
    }
  }

  /** Reads what follows the last message. */
  Command finish(Cursor in) throws SyntaxException {
    closeUtf8(in);
    in.expectEnd();
    SequenceSet goes = replaced;
    return goes == null
        ? new Command.Append(mailbox(), messages)
        : new Command.Replace(uid, goes, mailbox(), messages.getFirst());
  }
}
