package hikyaku.server.imap;

import hikyaku.protocol.imap.Reply;
import hikyaku.server.net.Connection;

/** STARTTLS (RFC 9051 §6.2.1). Nothing said before counts afterwards. */
final class StartTls {
  private StartTls() {}

  static Reply execute(Session session) {
    Connection connection = session.connection;
    if (!connection.canStartTls()) {
      return Reply.bad(connection.isTls() ? "TLS is on already" : "TLS is not available");
    }
    session.afterReply(connection::startTls);
    return Reply.ok("Begin TLS negotiation now");
  }
}
