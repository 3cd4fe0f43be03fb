package hikyaku.server.managesieve;

import com.google.protobuf.ByteString;
import hikyaku.protocol.managesieve.Command;
import hikyaku.server.filter.ScriptException;
import java.io.IOException;

/** CHECKSCRIPT (RFC 5804 §2.12). */
final class CheckScript {
  private CheckScript() {}

  static void execute(Session session, Command.CheckScript command)
      throws IOException, ScriptException {
    session.filter().check(ByteString.copyFrom(command.script()));
    session.ok();
  }
}
