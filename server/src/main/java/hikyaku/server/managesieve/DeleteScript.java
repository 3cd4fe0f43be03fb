package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Command;
import hikyaku.server.filter.ScriptException;
import java.io.IOException;

/** DELETESCRIPT (RFC 5804 §2.10). */
final class DeleteScript {
  private DeleteScript() {}

  static void execute(Session session, Command.DeleteScript command)
      throws IOException, ScriptException {
    try {
      session.filter().scripts().delete(session.accountId(), command.name());
    } catch (ScriptException.Nonexistent e) {
      // Where this was asked before, that may be why.
      if (!session.isRepeat()) {
        throw e;
      }
    }
    session.ok();
  }
}
