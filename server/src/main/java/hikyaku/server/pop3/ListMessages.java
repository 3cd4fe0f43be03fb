package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Command;
import java.io.IOException;

/** LIST (RFC 1939 §5). */
final class ListMessages {
  private ListMessages() {}

  static void execute(Session session, Command.List command) throws IOException {
    Maildrop maildrop = session.maildrop();
    if (command.message().isEmpty()) {
      session.multiline(
          maildrop.messages() + " messages (" + maildrop.octets() + " octets)",
          out -> {
            for (int number = 1; number <= maildrop.size(); number++) {
              if (maildrop.has(number)) {
                out.line(number + " " + maildrop.octets(number));
              }
            }
          });
      return;
    }
    int number = command.message().getAsInt();
    if (maildrop.has(number)) {
      session.ok(number + " " + maildrop.octets(number));
    } else {
      session.noSuchMessage();
    }
  }
}
