package hikyaku.server.pop3;

import java.io.IOException;

/**
 * UTF8 (RFC 6856 §2.1). It changes nothing here: names and passwords are read as UTF-8 and messages
 * sent as they are in any case.
 */
final class Utf8 {
  private Utf8() {}

  static void execute(Session session) throws IOException {
    session.ok("UTF-8 it is");
  }
}
