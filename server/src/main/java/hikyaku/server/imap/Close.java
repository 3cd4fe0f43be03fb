package hikyaku.server.imap;

import hikyaku.protocol.imap.Reply;

/** CLOSE and UNSELECT (RFC 9051 §6.4.1, §6.4.2). */
final class Close {
  private Close() {}

  /** Takes away what is marked as deleted, and tells nobody of it here. */
  static Reply execute(Session session) {
    Selected selected = session.state.inMailbox();
    if (!selected.readOnly) {
      selected.mailbox().expungeDeleted(null, null);
    }
    session.state.select(null);
    return Reply.ok("CLOSE completed");
  }

  static Reply unselect(Session session) {
    session.state.select(null);
    return Reply.ok("UNSELECT completed");
  }
}
