package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Command;
import hikyaku.server.filter.ScriptException;
import java.io.IOException;

/** RENAMESCRIPT (RFC 5804 §2.11). */
final class RenameScript {
  private RenameScript() {}

  static void execute(Session session, Command.RenameScript command)
      throws IOException, ScriptException {
    session.filter().scripts().rename(session.accountId(), command.from(), command.to());
    session.ok();
  }
}
