package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import java.io.IOException;

/** DELETE (RFC 9051 §6.3.5). */
final class Delete {
  private Delete() {}

  static Reply execute(Session session, Command.Delete command) throws IOException {
    SessionState.Login login = session.state.loggedIn();
    long deleted = login.mail().delete(command.mailbox(), session.looking.attempt());
    Selected selected = session.state.selected();
    if (selected != null && selected.folder == deleted) {
      session.state.select(null);
      session.out.untagged(Reply.ok(ResponseCode.Plain.CLOSED, "Selected mailbox is deleted"));
    }
    return Reply.ok("DELETE completed");
  }
}
