package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Command;
import java.io.IOException;

/** APOP (RFC 1939 §7), where the greeting had a timestamp. */
final class Apop {
  private Apop() {}

  static void execute(Session session, Command.Apop command) throws IOException {
    if (session.timestamp.isEmpty()) {
      session.error("APOP is not offered");
      return;
    }
    Login.conclude(
        session,
        session
            .authenticator()
            .apop(
                session.authContext(), session.timestamp.get(), command.name(), command.digest()));
  }
}
