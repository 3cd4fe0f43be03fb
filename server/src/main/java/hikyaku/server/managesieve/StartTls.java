package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Reply;
import java.io.IOException;

/** STARTTLS (RFC 5804 §2.2). Nothing that was sent before it counts; capabilities follow it. */
final class StartTls {
  /** What follows the capabilities. */
  static final String DONE = "TLS is on";

  private StartTls() {}

  static void execute(Session session) throws IOException {
    if (!session.connection.canStartTls()) {
      session.error(session.connection.isTls() ? "TLS is on already" : "TLS is not offered here");
      return;
    }
    session.reply(Reply.ok("Begin TLS negotiation"));
    session.connection.startTls();
    Capability.tell(session);
    session.reply(Reply.ok(DONE));
  }
}
