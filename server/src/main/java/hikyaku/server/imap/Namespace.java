package hikyaku.server.imap;

import hikyaku.mailbox.account.FolderName;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import java.io.IOException;

/** NAMESPACE (RFC 9051 §6.3.10): one personal namespace, and one of other users. */
final class Namespace {
  private Namespace() {}

  static Reply execute(Session session) throws IOException {
    session.out.data(new Data.Namespace(FolderName.SEPARATOR, Places.PREFIX));
    return Reply.ok("NAMESPACE completed");
  }
}
