package hikyaku.server.imap;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.wire.WireException;
import hikyaku.server.net.Wake;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** IDLE (RFC 9051 §6.3.13): news are told as they come, until the client says DONE. */
final class Idle {
  private final Session session;
  private final long begun = System.nanoTime();

  private Idle(Session session) {
    this.session = session;
  }

  static Reply execute(Session session) throws IOException {
    session.out.proceed("idling");
    return new Idle(session).run();
  }

  private Reply run() throws IOException {
    Selected selected = session.state.selected();
    // Listening begins before the first look, so that nothing falls between the two.
    try (LogStore.@Nullable Registration _ =
        selected == null ? null : selected.mailbox().listen(session.connection::signal)) {
      tell();
      while (!session.isOver()) {
        Duration left = left();
        if (!left.isPositive()) {
          session.bye(null, "Nothing heard for too long");
          break;
        }
        Duration keepAlive = session.server.settings.keepAlive();
        Wake wake =
            session.connection.awaitOrSignal(left.compareTo(keepAlive) < 0 ? left : keepAlive);
        switch (wake) {
          case SIGNAL -> tell();
          case TIMEOUT -> {
            if (left().isPositive()) {
              // Hints may get lost: the sign of life is also a second look.
              tell();
              session.out.untagged(Reply.ok("Still here"));
            }
          }
          case INPUT -> {
            return done();
          }
          case END -> throw new WireException.Truncated();
          case STOPPING -> session.bye(ResponseCode.Plain.UNAVAILABLE, "The server is stopping");
          case MOVED -> throw new IllegalStateException("moved without having settled");
        }
      }
    }
    return Reply.ok("IDLE ended");
  }

  private Duration left() {
    return session.server.settings.idle().minusNanos(System.nanoTime() - begun);
  }

  private void tell() throws IOException {
    try {
      session.updates.tell(true, false);
    } catch (MailboxException.Gone e) {
      session.bye(ResponseCode.Plain.NONEXISTENT, "The selected mailbox has been deleted");
    } catch (StoreException e) {
      // The next hint or sign of life looks again.
      session.failed("IDLE", e);
    }
  }

  private Reply done() throws IOException {
    String line;
    try {
      line = session.reader.line(session.mode());
    } catch (WireException.LineTooLong e) {
      line = "";
    }
    return line.strip().equalsIgnoreCase("DONE")
        ? Reply.ok("IDLE completed")
        : Reply.bad("Expected DONE");
  }
}
