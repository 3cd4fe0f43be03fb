package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Command;
import java.io.IOException;
import java.util.OptionalInt;

/** TOP (RFC 1939 §7). */
final class Top {
  private Top() {}

  static void execute(Session session, Command.Top command) throws IOException {
    Content.send(session, command.message(), OptionalInt.of(command.lines()));
  }
}
