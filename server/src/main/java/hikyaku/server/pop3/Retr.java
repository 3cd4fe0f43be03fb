package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Command;
import java.io.IOException;
import java.util.OptionalInt;

/** RETR (RFC 1939 §5). */
final class Retr {
  private Retr() {}

  static void execute(Session session, Command.Retr command) throws IOException {
    if (Content.send(session, command.message(), OptionalInt.empty())) {
      session.retrieved(session.maildrop().octets(command.message()));
    }
  }
}
