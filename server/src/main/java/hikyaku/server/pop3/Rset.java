package hikyaku.server.pop3;

import java.io.IOException;

/** RSET (RFC 1939 §5). */
final class Rset {
  private Rset() {}

  static void execute(Session session) throws IOException {
    Maildrop maildrop = session.maildrop();
    maildrop.unmarkAll();
    session.ok(
        "Maildrop has " + maildrop.messages() + " messages (" + maildrop.octets() + " octets)");
  }
}
