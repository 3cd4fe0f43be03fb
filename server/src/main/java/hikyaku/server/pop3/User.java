package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Command;
import hikyaku.protocol.pop3.ResponseCode;
import java.io.IOException;

/** USER (RFC 1939 §7): the same answer whether there is such a user or not. */
final class User {
  private User() {}

  static void execute(Session session, Command.User command) throws IOException {
    if (!session.authenticator().plainTextAllowed(session.authContext())) {
      session.err(ResponseCode.SYS_PERM, "TLS is required first");
      return;
    }
    session.user = command.name();
    session.ok("Send the password");
  }
}
