package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;

/** RENAME (RFC 9051 §6.3.6). */
final class Rename {
  private Rename() {}

  static Reply execute(Session session, Command.Rename command) {
    session.state.loggedIn().mail().rename(command.from(), command.to(), session.looking.attempt());
    return Reply.ok("RENAME completed");
  }
}
