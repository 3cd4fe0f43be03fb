package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;

/** SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.7, §6.3.8). */
final class Subscribe {
  private Subscribe() {}

  static Reply execute(Session session, Command.Subscribe command) {
    session.state.loggedIn().mail().subscribe(command.mailbox(), session.looking.attempt());
    return Reply.ok("SUBSCRIBE completed");
  }

  static Reply undo(Session session, Command.Unsubscribe command) {
    session.state.loggedIn().mail().unsubscribe(command.mailbox(), session.looking.attempt());
    return Reply.ok("UNSUBSCRIBE completed");
  }
}
