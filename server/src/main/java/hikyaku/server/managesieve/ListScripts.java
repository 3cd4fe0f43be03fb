package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Reply;
import hikyaku.server.filter.Scripts;
import java.io.IOException;

/** LISTSCRIPTS (RFC 5804 §2.7). */
final class ListScripts {
  private ListScripts() {}

  static void execute(Session session) throws IOException {
    Scripts scripts = session.filter().scripts().scripts(session.accountId());
    for (String name : scripts.byName().keySet()) {
      session.line(Reply.string(name) + (name.equals(scripts.active()) ? " ACTIVE" : ""));
    }
    session.ok();
  }
}
