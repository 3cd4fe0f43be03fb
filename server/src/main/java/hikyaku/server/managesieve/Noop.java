package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Command;
import hikyaku.protocol.managesieve.Reply;
import java.io.IOException;

/** NOOP (RFC 5804 §2.13). */
final class Noop {
  private Noop() {}

  static void execute(Session session, Command.Noop command) throws IOException {
    String tag = command.tag();
    session.reply(
        tag == null
            ? Reply.ok("Done")
            : new Reply(Reply.Kind.OK, "TAG " + Reply.string(tag), "Done"));
  }
}
