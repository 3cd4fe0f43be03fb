package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Command;
import java.io.IOException;

/** UIDL (RFC 1939 §7). */
final class Uidl {
  private Uidl() {}

  static void execute(Session session, Command.Uidl command) throws IOException {
    Maildrop maildrop = session.maildrop();
    if (command.message().isEmpty()) {
      session.multiline(
          "Unique ids follow",
          out -> {
            for (int number = 1; number <= maildrop.size(); number++) {
              if (maildrop.has(number)) {
                out.line(number + " " + maildrop.uniqueId(number));
              }
            }
          });
      return;
    }
    int number = command.message().getAsInt();
    if (maildrop.has(number)) {
      session.ok(number + " " + maildrop.uniqueId(number));
    } else {
      session.noSuchMessage();
    }
  }
}
