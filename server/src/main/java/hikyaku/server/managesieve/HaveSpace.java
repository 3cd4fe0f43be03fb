package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Command;
import hikyaku.server.filter.ScriptException;
import java.io.IOException;

/** HAVESPACE (RFC 5804 §2.5). */
final class HaveSpace {
  private HaveSpace() {}

  static void execute(Session session, Command.HaveSpace command)
      throws IOException, ScriptException {
    session.filter().scripts().checkRoom(session.accountId(), command.name(), command.octets());
    session.ok();
  }
}
