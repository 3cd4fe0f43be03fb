package hikyaku.protocol.imap;

import hikyaku.protocol.imap.Command.AppendMessage;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * APPEND (RFC 9051 §6.3.12, RFC 3502), read piece by piece while its messages pass by. Behind the
 * command's name come pieces of text, each ending where a literal begins or the command ends.
 */
final class AppendParser {
  private @Nullable String mailbox;
  private final List<AppendMessage> messages = new ArrayList<>();
  private boolean utf8Open;

  /** The mailbox, once a message has been announced. */
  String mailbox() {
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
      if (in.atEnd()) {
        return null;
      }
      mailbox = in.expectMailbox();
    }
    closeUtf8(in);
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
  Command.Append finish(Cursor in) throws SyntaxException {
    closeUtf8(in);
    in.expectEnd();
    return new Command.Append(mailbox(), messages);
  }
}
