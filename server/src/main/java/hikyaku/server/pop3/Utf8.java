package hikyaku.server.pop3;

import java.io.IOException;

/**
 * UTF8 (RFC 6856 §2.1): from here on messages are sent as they are. Names and passwords are read as
 * UTF-8 in any case.
 */
final class Utf8 {
  private Utf8() {}

  static void execute(Session session) throws IOException {
    session.useUtf8();
    session.ok("UTF-8 it is");
  }
}
