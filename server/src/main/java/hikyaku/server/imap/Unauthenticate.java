package hikyaku.server.imap;

import hikyaku.protocol.imap.Reply;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * UNAUTHENTICATE (RFC 8437): the session is again as it was before login, and has what TLS it has.
 * Under compression it is not offered, as the OK to COMPRESS tells, and so gets BAD (§3): the
 * client would go on uncompressed.
 */
final class Unauthenticate {
  private static final Logger log = LoggerFactory.getLogger(Unauthenticate.class);

  private Unauthenticate() {}

  static Reply execute(Session session) {
    if (!session.server.settings.unauthenticate()) {
      return Reply.bad("Not offered");
    }
    if (session.connection.isCompressed()) {
      return Reply.bad("Not under compression");
    }
    log.atInfo()
        .addKeyValue("session", session.id())
        .addKeyValue("account", session.accountName())
        .log("IMAP logout, connection kept");
    session.state.loggedIn().lease().close();
    session.notifying(null);
    session.state.forget();
    session.out.useUtf8(false);
    session.connection.loggedOut();
    return Reply.ok("Log in again");
  }
}
