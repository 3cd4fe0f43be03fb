package hikyaku.server.managesieve;

import com.google.protobuf.ByteString;
import hikyaku.protocol.managesieve.Command;
import hikyaku.server.filter.ScriptException;
import java.io.IOException;

/** GETSCRIPT (RFC 5804 §2.9). The script comes as it was put, always as a literal. */
final class GetScript {
  private GetScript() {}

  static void execute(Session session, Command.GetScript command)
      throws IOException, ScriptException {
    ByteString script =
        session
            .filter()
            .scripts()
            .scripts(session.accountId())
            .script(command.name())
            .orElseThrow(ScriptException.Nonexistent::new);
    session.line("{" + script.size() + "}");
    session.connection.out().write(script.toByteArray(), 0, script.size());
    session.line("");
    session.ok();
  }
}
