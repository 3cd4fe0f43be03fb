package hikyaku.server.pop3;

import hikyaku.mailbox.MessageContent;
import hikyaku.protocol.mime.Surrogate;
import hikyaku.protocol.pop3.TopFilter;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Sends a message, or its top, a piece at a time. The first piece is read before +OK is said, so
 * that a store that cannot serve leads to a refusal and not to a response broken off.
 */
final class Content {
  private static final int PIECE = 64 * 1024;

  private Content() {}

  /**
   * @param lines of the body to send at most; empty for all
   * @return whether the message was sent
   */
  static boolean send(Session session, int number, OptionalInt lines) throws IOException {
    Maildrop maildrop = session.maildrop();
    if (!maildrop.has(number)) {
      session.noSuchMessage();
      return false;
    }
    Optional<Maildrop.Opened> opened = maildrop.open(number, session.isPinned());
    if (opened.isEmpty()) {
      session.err("Another session has removed this message");
      return false;
    }
    try (Maildrop.Opened message = opened.get()) {
      MessageContent content = message.content();
      byte[] piece = new byte[(int) Math.min(PIECE, content.size())];
      int first = content.read(0, piece, 0, piece.length);
      Optional<Surrogate> surrogate = session.utf8() ? Optional.empty() : message.surrogate();
      session.connection.pin(maildrop.seq());
      session.multiline(
          surrogate.map(Surrogate::size).orElse(content.size()) + " octets",
          out -> {
            TopFilter top = lines.isEmpty() ? null : new TopFilter(out, lines.getAsInt());
            OctetSink shown = top == null ? out : top;
            OctetSink sent = surrogate.map(one -> one.through(shown)).orElse(shown);
            copy(content, piece, first, sent, () -> top != null && top.done());
          });
    }
    return true;
  }

  @FunctionalInterface
  private interface Enough {
    boolean reached();
  }

  private static void copy(
      MessageContent content, byte[] piece, int first, OctetSink out, Enough enough)
      throws IOException {
    long position = 0;
    int count = first;
    while (count > 0) {
      out.write(piece, 0, count);
      position += count;
      count = enough.reached() ? 0 : content.read(position, piece, 0, piece.length);
    }
    if (!enough.reached() && position != content.size()) {
      throw new BrokenOff("a message ends at " + position + " of " + content.size(), null);
    }
  }
}
