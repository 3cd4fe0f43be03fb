package hikyaku.server.imap;

import hikyaku.mailbox.account.Folder;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import java.io.IOException;
import java.util.Optional;

/** DELETE (RFC 9051 §6.3.5). */
final class Delete {
  private Delete() {}

  static Reply execute(Session session, Command.Delete command) throws IOException {
    SessionState.Login login = session.state.loggedIn();
    Optional<Folder> folder = login.mail().tree().folder(command.mailbox());
    login.mail().delete(command.mailbox());
    Selected selected = session.state.selected();
    if (selected != null && folder.isPresent() && selected.folder.id() == folder.get().id()) {
      session.state.select(null);
      session.out.untagged(Reply.ok(ResponseCode.Plain.CLOSED, "Selected mailbox is deleted"));
    }
    return Reply.ok("DELETE completed");
  }
}
