package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Command;
import hikyaku.server.filter.ScriptBook;
import hikyaku.server.filter.ScriptException;
import java.io.IOException;

/** RENAMESCRIPT (RFC 5804 §2.11). */
final class RenameScript {
  private RenameScript() {}

  static void execute(Session session, Command.RenameScript command)
      throws IOException, ScriptException {
    ScriptBook scripts = session.filter().scripts();
    try {
      scripts.rename(session.accountId(), command.from(), command.to());
    } catch (ScriptException.Nonexistent e) {
      // Where this was asked before, that may be why.
      if (!session.isRepeat()
          || scripts.scripts(session.accountId()).script(command.to()).isEmpty()) {
        throw e;
      }
    }
    session.ok();
  }
}
