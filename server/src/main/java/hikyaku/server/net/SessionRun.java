package hikyaku.server.net;

import hikyaku.protocol.wire.WireException;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The life of a session: the threads that serve it, and how its end is told. */
class SessionRun {
  private static final Logger LOG = LoggerFactory.getLogger(SessionRun.class);

  final Session session;
  private final Consumer<Session> left;

  /** When the output was ended ahead of the session; 0 if it was not. */
  private long outputEnded;

  /** Whether there is nothing to wait for from a client that was told all. */
  private boolean lingered;

  /**
   * @param left told when nothing of the session runs any more
   */
  SessionRun(Session session, Consumer<Session> left) {
    this.session = session;
    this.left = left;
  }

  /** Serves the session, on a thread of its own. */
  void start() {
    onThread(() -> {
      begun();
      goOn(this::serve);
    });
  }

  final void begun() {
    session.metrics.opened();
    LOG.atDebug()
        .addKeyValue("session", session.sessionId)
        .addKeyValue("listener", session.listener.name())
        .addKeyValue("remote", session.remote)
        .log(
            session.carried == null
                ? "connected"
                : session.start.position() == null
                    ? "session came by a front"
                    : "session came from another node");
  }

  final void onThread(Runnable part) {
    Thread.ofVirtual().name(session.sessionId).start(part);
  }

  /** A part of a session's life. */
  @FunctionalInterface
  interface Part {
    /** False if the session waits, and nobody has it any more. */
    boolean isLast() throws IOException;
  }

  /** Whatever comes of the part, it costs this session alone. */
  final void goOn(Part part) {
    @Nullable CloseReason reason = CloseReason.BUG;
    try {
      reason = reasonToClose(part);
    } finally {
      if (reason != null) {
        end(reason);
      }
    }
  }

  boolean serve() throws IOException {
    session.enter();
    Protocol protocol = session.listener.protocol();
    byte[] position = session.start.position();
    if (position == null) {
      protocol.serve(session);
    } else {
      protocol.resume(session, position);
    }
    return true;
  }

  private @Nullable CloseReason reasonToClose(Part part) {
    try {
      if (!part.isLast()) {
        return null;
      }
      if (session.moved) {
        return CloseReason.MOVED;
      }
      if (session.carried != null) {
        session.carried.ending();
      }
      session.out.flush();
      return session.toldToStop
          ? CloseReason.STOPPING
          : session.peerEnded ? CloseReason.PEER_CLOSED : CloseReason.DONE;
    } catch (WireException.End e) {
      return CloseReason.PEER_CLOSED;
    } catch (NetException e) {
      return e.reason();
    } catch (WireException e) {
      return broken(e);
    } catch (IOException e) {
      return session.ground.hasFailed() ? broken(e) : failed(e);
    } catch (Throwable e) {
      // A bug, or the memory or stack it used up: this session ends, the others go on.
      return bug(e);
    }
  }

  private CloseReason broken(IOException e) {
    LOG.atDebug().addKeyValue("session", session.sessionId).setCause(e).log("connection broken");
    return CloseReason.BROKEN;
  }

  private CloseReason failed(IOException e) {
    LOG.atWarn().addKeyValue("session", session.sessionId).setCause(e).log("session failed");
    sayLast(Refusal.INTERNAL_ERROR);
    return CloseReason.FAILED;
  }

  private CloseReason bug(Throwable e) {
    session.metrics.bug();
    LOG.atError().addKeyValue("session", session.sessionId).setCause(e).log("bug in a session");
    sayLast(Refusal.INTERNAL_ERROR);
    return CloseReason.BUG;
  }

  /** Replies that were gathered and not sent may be half a line, so they are sent before. */
  private void sayLast(Refusal refusal) {
    try {
      session.out.write(session.listener.protocol().refusal(refusal));
      session.out.flush();
    } catch (IOException | RuntimeException e) {
      LOG.atDebug().addKeyValue("session", session.sessionId).setCause(e).log("goodbye not said");
    }
  }

  /** The protocol is done with it; on the thread of its last part. */
  void ending() {}

  private void end(CloseReason reason) {
    long over = outputEnded == 0 ? System.nanoTime() : outputEnded;
    Duration duration = Duration.ofNanos(over - session.begun);
    try {
      ending();
      closeLayers(reason);
    } finally {
      session.entry.release();
      session.metrics.closed(reason, duration);
      session.trace.event("end: " + reason);
      ConnectionInfo info = session.info();
      var line =
          LOG.atInfo()
              .addKeyValue("session", session.sessionId)
              .addKeyValue("protocol", info.protocol())
              .addKeyValue("listener", info.listener())
              .addKeyValue("remote", session.remote)
              .addKeyValue("account", info.account().orElse(null))
              .addKeyValue("seconds", duration.toMillis() / 1000.0)
              .addKeyValue("in", session.bytesIn())
              .addKeyValue("out", session.bytesOut())
              .addKeyValue("reason", reason);
      Duration rested = session.brake.rested();
      if (rested.isPositive()) {
        line = line.addKeyValue("heldBack", rested.toMillis() / 1000.0);
      }
      line.log("session ended");
      left.accept(session);
    }
  }

  /** In order where the connection still works, so that the last reply arrives. */
  private void closeLayers(CloseReason reason) {
    session.out.discard();
    session.in.discardBuffered();
    Ground ground = session.ground;
    try {
      switch (reason) {
        case DONE, STOPPING, BUG, FAILED, READ_TIMEOUT, PEER_CLOSED, REFUSED -> {
          if (!ground.hasFailed()) {
            endOutput();
            if (!session.peerEnded && !lingered) {
              ground.linger(Deadline.after(session.shared.limits().linger()));
            }
          }
        }
        case MOVED -> {
          CarriedLayer carried = session.carried;
          if (carried != null) {
            carried.leave();
          }
        }
        case BROKEN, WRITE_TIMEOUT, TLS_FAILED, COMPRESSION_FAILED, OPERATOR, ACCOUNT -> {}
      }
    } catch (IOException | RuntimeException e) {
      LOG.atDebug()
          .addKeyValue("session", session.sessionId)
          .setCause(e)
          .log("not closed in order");
    } finally {
      session.layer.release();
      ground.close(reason);
    }
  }

  /** All is said; once. */
  final void endOutput() throws IOException {
    if (outputEnded == 0) {
      outputEnded = System.nanoTime() | 1;
      session.layer.endOutput();
    }
  }

  /** The client has left, or had its time to. */
  final void lingered() {
    lingered = true;
  }

  /** Turns the client away with the protocol's own words; in place of {@link #start()}. */
  void refuse(Refusal refusal) {
    onThread(() -> {
      try {
        session.startImplicitTls();
        sayLast(refusal);
      } catch (IOException e) {
        LOG.atDebug().addKeyValue("session", session.sessionId).setCause(e).log("refusal not said");
      } finally {
        closeLayers(CloseReason.REFUSED);
        session.entry.release();
        left.accept(session);
      }
    });
  }
}
