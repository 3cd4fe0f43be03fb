package hikyaku.server.pop3;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.pop3.Keyword;
import hikyaku.protocol.pop3.ResponseCode;
import hikyaku.server.story.MailStory;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * QUIT (RFC 1939 §4, §6). In the TRANSACTION state it removes the marked messages before it says
 * +OK. If that fails the session ends all the same, with [SYS/TEMP]; the client finds at its next
 * login what has stayed.
 */
final class Quit {
  private static final Logger log = LoggerFactory.getLogger(Quit.class);

  private Quit() {}

  static void execute(Session session) throws IOException {
    session.end();
    if (session.state() == State.AUTHORIZATION) {
      session.ok("Goodbye");
      return;
    }
    Maildrop maildrop = session.maildrop();
    UidSet removed;
    try {
      removed = maildrop.update(session.id(), session.isRepeat());
    } catch (StoreException | MailboxException e) {
      session.failed(Keyword.QUIT, e);
      session.err(ResponseCode.SYS_TEMP, "Deleted messages may be there still");
      return;
    }
    long deleted = removed.size();
    session.server.metrics.deleted.increment(deleted);
    if (deleted > 0) {
      new MailStory(log, session.id()).removed(maildrop.origin(session.accountName()), removed);
    }
    session.ok(deleted == 0 ? "Goodbye" : "Goodbye, " + deleted + " deleted");
  }
}
