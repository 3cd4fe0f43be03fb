package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import java.io.IOException;

/** NOTIFY (RFC 5465 §3.1). */
final class Notify {
  private static final Reply COMPLETED = Reply.ok("NOTIFY completed");

  private Notify() {}

  /** What has gathered in the selected mailbox is told first, as by NOOP. */
  static Reply execute(Session session, String tag, Command.Notify command) throws IOException {
    session.tellAll("NOTIFY");
    if (session.isOver()) {
      return COMPLETED;
    }
    Notifying next = new Notifying(session, command);
    if (!next.begin()) {
      next.close();
      return Reply.no(ResponseCode.Plain.NOTIFICATIONOVERFLOW, "These are too many mailboxes");
    }
    session.notifying(next);
    // Behind this the answer is of many logs: it is settled in parts.
    session.settle(new ImapPosition.InNotify(tag));
    session.looking.begin();
    return resume(session, tag);
  }

  /** Goes on with one that is in force, and of which another node has told a part. */
  static Reply resume(Session session, String tag) throws IOException {
    Notifying notifying = session.notifying();
    if (notifying != null) {
      notifying.tellOthers(new ImapPosition.InNotify(tag));
    }
    return COMPLETED;
  }

  static Reply refuse() {
    return Reply.no(new ResponseCode.BadEvent(), "There is no such event here");
  }
}
