package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** PASS (RFC 1939 §7). */
final class Pass {
  private Pass() {}

  static void execute(Session session, Command.Pass command) throws IOException {
    String user = session.user;
    if (user == null) {
      session.error("USER first");
      return;
    }
    byte[] password = command.password().getBytes(StandardCharsets.UTF_8);
    Login.conclude(session, session.authenticator().login(session.authContext(), user, password));
  }
}
