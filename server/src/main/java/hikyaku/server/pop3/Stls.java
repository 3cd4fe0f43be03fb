package hikyaku.server.pop3;

import java.io.IOException;

/** STLS (RFC 2595 §4). Nothing said before it counts after it, nor is anything pipelined read. */
final class Stls {
  private Stls() {}

  static void execute(Session session) throws IOException {
    if (!session.connection.canStartTls()) {
      session.error(session.connection.isTls() ? "TLS is on already" : "TLS is not offered here");
      return;
    }
    session.ok("Begin TLS negotiation");
    session.connection.startTls();
    session.startOver();
  }
}
