package hikyaku.server.imap;

import hikyaku.protocol.imap.Reply;
import java.io.IOException;

/** LOGOUT (RFC 9051 §6.1.3). */
final class Logout {
  private Logout() {}

  static Reply execute(Session session) throws IOException {
    session.bye(null, "Goodbye");
    return Reply.ok("LOGOUT completed");
  }
}
