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

  TurnRun(Session session, SocketLayer ground, TurnProtocol protocol, Consumer<Session> left) {
    super(session, left);
    this.ground = ground;
    this.protocol = protocol;
  }

  @Override
  boolean serve() throws IOException {
    session.enter();
    TurnProtocol.Turns mine = protocol.begin(session);
    turns = mine;
    ground.attend(this);
    return takeTurns(mine);
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
    return mine == null || takeTurns(mine);
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
    session.brake.hasty(true);
    ground.hurry();
    return true;
  }

  void giveBack(boolean turn) {
    boolean more = turn;
    try {
      session.out.flush();
    } catch (Throwable e) {
      failure = e;
    }
    more |= failure != null || ground.hasUnsent() || session.brake.owes();
    if (more || !claim.leave()) {
      onThread(() -> goOn(this::turn));
    }
  }

  @Override
  public boolean readable() {
    if (!take()) {
      return false;
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
