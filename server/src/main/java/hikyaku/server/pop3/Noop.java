package hikyaku.server.pop3;

import java.io.IOException;

/** NOOP (RFC 1939 §5). */
final class Noop {
  private Noop() {}

  static void execute(Session session) throws IOException {
    session.ok("");
  }
}
