package hikyaku.server.imap;

import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.wire.WireException;
import hikyaku.server.net.Wake;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** IDLE (RFC 9051 §6.3.13): news are told as they come, until the client says DONE. */
final class Idle {
  private final Session session;
  private final String tag;
  private final long begun = System.nanoTime();

  private Idle(Session session, String tag) {
    this.session = session;
    this.tag = tag;
  }

  static Reply execute(Session session, String tag) throws IOException {
    session.out.proceed("idling");
    return new Idle(session, tag).run(false);
  }

  /** Goes on with an IDLE that came from another node. */
  static Reply resume(Session session, String tag) throws IOException {
    return new Idle(session, tag).run(true);
  }

  private Reply run(boolean resumed) throws IOException {
    Selected selected = session.state.selected();
    // Listening begins before the first look, so that nothing falls between the two.
    try (LogStore.@Nullable Registration _ =
        selected == null ? null : selected.mailbox().listen(session.connection::signal)) {
      if (resumed && session.connection.isRepeat()) {
        // The client has said DONE: what it was told of these news may be part of the answer to it.
        session.tell(true, false, "IDLE");
        return listen(session.connection.await(session.server.settings.command()));
      }
      if (resumed && session.connection.pinned().isPresent()) {
        // What another node was telling is told to its end; what has come since, after that.
        session.tell(true, false, "IDLE");
        settle();
      }
      tell();
      return listen(await());
    }
  }

  private Reply listen(Wake first) throws IOException {
    Wake wake = first;
    while (!session.isOver()) {
      switch (wake) {
        case SIGNAL -> tell();
        case TIMEOUT -> {
          if (left().isPositive()) {
            // Hints may get lost: the sign of life is also a second look.
            lookAtOthers();
            session.tell(true, false, "IDLE");
            session.out.untagged(Reply.ok("Still here"));
            settle();
          } else {
            session.bye(null, "Nothing heard for too long");
          }
        }
        case INPUT -> {
          return done();
        }
        case END -> throw new WireException.Truncated();
        case STOPPING -> session.bye(ResponseCode.Plain.UNAVAILABLE, "The server is stopping");
        case MOVED -> session.moved();
      }
      if (!session.isOver()) {
        wake = await();
      }
    }
    return Reply.ok("IDLE ended");
  }

  private Wake await() throws IOException {
    Duration left = left();
    Duration keepAlive = session.server.settings.keepAlive();
    if (!left.isPositive()) {
      return Wake.TIMEOUT;
    }
    return session.connection.awaitOrSignal(left.compareTo(keepAlive) < 0 ? left : keepAlive);
  }

  private Duration left() {
    return session.server.settings.idle().minusNanos(System.nanoTime() - begun);
  }

  /** Tells the news. Should the store fail, the next hint or sign of life looks again. */
  private void tell() throws IOException {
    lookAtOthers();
    session.tell(true, false, "IDLE");
    settle();
  }

  /** RFC 5465 §4: in IDLE a client is told of the same as between commands. */
  private void lookAtOthers() throws IOException {
    Notifying notifying = session.notifying();
    if (notifying != null) {
      try {
        notifying.tellOthers(new ImapPosition.InIdle(tag));
      } catch (StoreException e) {
        session.failed("IDLE", e);
      }
    }
  }

  private void settle() throws IOException {
    session.settle(new ImapPosition.InIdle(tag));
    session.looking.begin();
  }

  private Reply done() throws IOException {
    String line;
    try {
      line = session.reader.line(session.mode());
    } catch (WireException.LineTooLong e) {
      line = new String(e.tail(), StandardCharsets.ISO_8859_1);
    }
    if (line.strip().equalsIgnoreCase("DONE")) {
      return Reply.ok("IDLE completed");
    }
    // A client that has forgotten that it is in IDLE sends a command, perhaps with its literals.
    if (!session.reader.passOver(line, session.mode())) {
      session.bye(ResponseCode.Plain.TOOBIG, "Literal is too large");
    }
    return Reply.bad("Expected DONE");
  }
}
