package hikyaku.server.managesieve;

import com.google.protobuf.ByteString;
import hikyaku.protocol.managesieve.Command;
import hikyaku.server.filter.ScriptException;
import java.io.IOException;

/** PUTSCRIPT (RFC 5804 §2.6). */
final class PutScript {
  private PutScript() {}

  static void execute(Session session, Command.PutScript command)
      throws IOException, ScriptException {
    session
        .filter()
        .put(session.accountId(), command.name(), ByteString.copyFrom(command.script()));
    session.ok();
  }
}
