package hikyaku.server.pop3;

import java.io.IOException;

/** STAT (RFC 1939 §5). */
final class Stat {
  private Stat() {}

  static void execute(Session session) throws IOException {
    Maildrop maildrop = session.maildrop();
    session.ok(maildrop.messages() + " " + maildrop.octets());
  }
}
