package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Command;
import hikyaku.server.filter.ScriptException;
import java.io.IOException;

/** SETACTIVE (RFC 5804 §2.8). */
final class SetActive {
  private SetActive() {}

  static void execute(Session session, Command.SetActive command)
      throws IOException, ScriptException {
    session.filter().scripts().activate(session.accountId(), command.name());
    session.ok();
  }
}
