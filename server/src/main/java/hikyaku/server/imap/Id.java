package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import java.io.IOException;
import java.util.List;

/** ID (RFC 2971). What the client says of itself is not believed and not kept. */
final class Id {
  private Id() {}

  static Reply execute(Session session) throws IOException {
    session.out.data(new Data.Id(List.of(new Command.Id.Field("name", "Hikyaku"))));
    return Reply.ok("ID completed");
  }
}
