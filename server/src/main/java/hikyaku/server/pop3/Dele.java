package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Command;
import java.io.IOException;

/** DELE (RFC 1939 §5): marks only; QUIT deletes. */
final class Dele {
  private Dele() {}

  static void execute(Session session, Command.Dele command) throws IOException {
    Maildrop maildrop = session.maildrop();
    if (!maildrop.has(command.message())) {
      session.noSuchMessage();
      return;
    }
    maildrop.mark(command.message());
    session.ok("Marked");
  }
}
