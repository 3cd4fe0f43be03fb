package hikyaku.server.imap;

import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import java.io.IOException;

/** CAPABILITY (RFC 9051 §6.1.1). */
final class Capability {
  private Capability() {}

  static Reply execute(Session session) throws IOException {
    session.out.data(new Data.Capability(Capabilities.of(session)));
    return Reply.ok("CAPABILITY completed");
  }
}
