package hikyaku.server.net;

import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of a session that holds no thread while it waits.
 *
 * <p>It is owned by one thread at a time ({@link Claim}): that of a turn, or one that brings
 * something and must not wait. Input that has come is dealt with by the lookout itself, where that
 * needs no wait; everything else is a turn's.
 */
final class TurnRun extends SessionRun implements SocketLayer.Attendant {
  private static final Logger LOG = LoggerFactory.getLogger(TurnRun.class);

  private final SocketLayer ground;
  private final TurnProtocol protocol;
  private final Claim claim = new Claim();
  private TurnProtocol.@Nullable Turns turns;

  /** What befell an owner that must not wait; the next turn ends by it. */
  private @Nullable Throwable failure;

  /** Whether the protocol is done with it. */
  private boolean parted;

  /** Until when the client, that was told all, is awaited to leave; 0 before. */
  private volatile long lingerEnds;

  TurnRun(Session session, SocketLayer ground, TurnProtocol protocol, Consumer<Session> left) {
    super(session, left);
    this.ground = ground;
    this.protocol = protocol;
  }

  /** Begins on the thread of who accepts, if there is nothing to wait for. */
  @Override
  void start() {
    if (!session.entersAtOnce()) {
      super.start();
      return;
    }
    boolean done = false;
    try {
      begun();
      beHasty();
      done = begin().beginAtOnce();
    } catch (Throwable e) {
      failure = e;
    }
    if (!done || !claim.leave()) {
      onThread(() -> goOn(this::turn));
    } else if (ground.isStopping()) {
      // By somebody who did not know whom to call.
      called();
    }
  }

  @Override
  boolean serve() throws IOException {
    TurnProtocol.Turns mine = begin();
    ground.takeTime();
    return takeTurns(mine);
  }

  private TurnProtocol.Turns begin() throws IOException {
    session.enter();
    TurnProtocol.Turns mine = protocol.begin(session);
    turns = mine;
    ground.attend(this);
    return mine;
  }

  private boolean takeTurns(TurnProtocol.Turns mine) throws IOException {
    while (mine.turn()) {
      session.out.flush();
      ground.wantInput();
      if (claim.leave()) {
        return false;
      }
    }
    return true;
  }

  /** A turn after others, by the thread's owner. */
  private boolean turn() throws IOException {
    session.brake.hasty(false);
    ground.takeTime();
    switch (failure) {
      case null -> {}
      case IOException e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
    session.brake.restOwed();
    TurnProtocol.Turns mine = turns;
    return parted || mine == null || takeTurns(mine);
  }

  @Override
  void ending() {
    TurnProtocol.Turns mine = turns;
    if (mine != null) {
      try {
        mine.close();
      } catch (IOException e) {
        LOG.atWarn()
            .addKeyValue("session", session.sessionId)
            .setCause(e)
            .log("a session was not closed in order");
      }
    }
  }

  // ---- those that must not wait

  boolean isWaiting() {
    return claim.isFree();
  }

  boolean take() {
    if (!claim.take()) {
      return false;
    }
    beHasty();
    return true;
  }

  private void beHasty() {
    session.brake.hasty(true);
    ground.hurry();
  }

  void giveBack(boolean turn) {
    boolean more = turn;
    try {
      session.out.flush();
      if (!more && !ground.isWatched()) {
        ground.wantInput();
      }
    } catch (Throwable e) {
      failure = e;
    }
    more |= failure != null || ground.hasUnsent() || session.brake.owes();
    if (more || !claim.leave()) {
      onThread(() -> goOn(this::turn));
    }
  }

  /** Ends the session, without a turn for as long as there is nothing to wait for. */
  void part() {
    parted = true;
    boolean turn = true;
    try {
      session.out.flush();
      if (session.layer instanceof Prompt
          && !session.isCompressedOrStopping()
          && !session.peerEnded
          && !ground.hasUnsent()
          && !session.brake.owes()) {
        turn = !endedAtOnce();
      }
      if (!turn) {
        lingerEnds = Deadline.after(session.shared.limits().linger()) | 1;
        ground.wantInput();
      }
    } catch (Throwable e) {
      failure = e;
      turn = true;
    }
    if (turn || !claim.leave()) {
      onThread(() -> goOn(this::turn));
    }
  }

  private boolean endedAtOnce() {
    try {
      endOutput();
      return !ground.hasUnsent();
    } catch (IOException e) {
      // The client is gone; all was said before.
      return false;
    }
  }

  private void linger() {
    boolean gone;
    try {
      gone = ground.isLingeredOut();
    } catch (IOException e) {
      gone = true;
    }
    if (gone) {
      // Here, where the descriptor is let go of soonest.
      ground.close(CloseReason.DONE);
      gone();
    } else if (!claim.leave()) {
      onThread(() -> goOn(this::turn));
    }
  }

  private void gone() {
    lingered();
    onThread(() -> goOn(() -> true));
  }

  /** Gives up on a client that does not leave. */
  void checkLinger(long now) {
    long ends = lingerEnds;
    if (ends != 0 && now - ends >= 0 && take()) {
      gone();
    }
  }

  @Override
  public boolean readable() {
    if (!take()) {
      return false;
    }
    if (lingerEnds != 0) {
      linger();
      return true;
    }
    boolean turn = true;
    try {
      turn = !dealWithInput();
    } catch (Throwable e) {
      // The lookout has others to look after.
      failure = e;
    }
    giveBack(turn);
    return true;
  }

  /** False if a turn is needed. */
  private boolean dealWithInput() throws IOException {
    TurnProtocol.Turns mine = turns;
    if (mine == null
        || session.isCompressedOrStopping()
        || !(session.layer instanceof Prompt layer)) {
      return false;
    }
    byte[] buffer = Buffers.take();
    try {
      do {
        int room = Math.min(mine.room(), buffer.length);
        int count = room <= 0 ? -1 : layer.readNow(buffer, 0, room);
        if (count <= 0) {
          // The end, or a record whose rest is waited for.
          return count == 0 && !layer.holds();
        }
        session.tookIn(count);
        mine.input(buffer, 0, count);
      } while (layer.holds());
      return true;
    } finally {
      Buffers.giveBack(buffer);
    }
  }

  @Override
  public void called() {
    if (take()) {
      giveBack(true);
    }
  }
}
