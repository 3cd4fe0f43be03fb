package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Reply;
import java.io.IOException;

/** LOGOUT (RFC 5804 §2.3). */
final class Logout {
  private Logout() {}

  static void execute(Session session) throws IOException {
    session.end();
    session.reply(Reply.ok("Goodbye"));
  }
}
