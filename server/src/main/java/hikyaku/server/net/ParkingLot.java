package hikyaku.server.net;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where connections wait for input or for a call from another thread, whichever comes first: their
 * virtual threads are parked, and one platform thread watches all their sockets.
 *
 * <p>A blocking read cannot be woken by another thread without closing the socket, so the waits
 * that must see signals come here. Everything about a spot's selection key is done by the lot's
 * thread; an owner leaves only when its key is gone, so its channel is free to block again.
 */
final class ParkingLot implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ParkingLot.class);

  private final Selector selector;
  private final Queue<Spot> changes = new ConcurrentLinkedQueue<>();
  private final List<Spot> leaving = new ArrayList<>();
  private final Thread thread;
  private volatile boolean closed;

  ParkingLot() throws IOException {
    selector = Selector.open();
    thread = Thread.ofPlatform().daemon().name("parking-lot").start(this::run);
  }

  /** One wait of one connection. */
  static final class Spot {
    private final SocketChannel channel;
    private final Thread owner;
    // Touched by the lot's thread only.
    private @Nullable SelectionKey key;
    private boolean readable;
    // Set by anyone, acted on by the lot's thread.
    private volatile boolean called;
    // The lot's last word: nothing of the spot is left in the selector.
    private volatile boolean left;

    private Spot(SocketChannel channel, Thread owner) {
      this.channel = channel;
      this.owner = owner;
    }
  }

  /** A spot for the calling thread and its channel, which is in non-blocking mode. */
  Spot spot(SocketChannel channel) {
    return new Spot(channel, Thread.currentThread());
  }

  /**
   * Parks the calling thread until the channel is readable, the spot is called, or the deadline is
   * reached.
   *
   * @return whether the channel is readable or at its end
   */
  boolean park(Spot spot, long deadline) {
    tell(spot);
    while (!spot.left && !closed) {
      long left = deadline - System.nanoTime();
      if (left <= 0 && !spot.called) {
        call(spot);
      } else if (spot.called) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, left);
      }
    }
    return spot.readable;
  }

  /** Ends the wait at the spot, also one that has not begun. From any thread. */
  void call(Spot spot) {
    spot.called = true;
    tell(spot);
  }

  private void tell(Spot spot) {
    changes.add(spot);
    selector.wakeup();
  }

  private void run() {
    while (!closed) {
      try {
        selector.select();
        turn();
      } catch (IOException | RuntimeException e) {
        LOG.atError().setCause(e).log("the parking lot stumbled");
      }
    }
    letEveryoneGo();
  }

  private void turn() throws IOException {
    for (SelectionKey key : selector.selectedKeys()) {
      if (key.attachment() instanceof Spot spot) {
        spot.readable = true;
        leave(spot);
      }
    }
    selector.selectedKeys().clear();
    Spot spot;
    while ((spot = changes.poll()) != null) {
      if (spot.called) {
        leave(spot);
      } else {
        enter(spot);
      }
    }
    release();
  }

  private void enter(Spot spot) {
    try {
      spot.key = spot.channel.register(selector, SelectionKey.OP_READ, spot);
    } catch (ClosedChannelException e) {
      // Its owner meets the closed channel when it reads.
      spot.readable = true;
      leave(spot);
    }
  }

  private void leave(Spot spot) {
    if (spot.key != null) {
      spot.key.cancel();
    }
    leaving.add(spot);
  }

  /** Wakes those that leave, once the selector has forgotten their cancelled keys. */
  private void release() throws IOException {
    if (leaving.isEmpty()) {
      return;
    }
    selector.selectNow();
    for (Spot spot : leaving) {
      spot.left = true;
      LockSupport.unpark(spot.owner);
    }
    leaving.clear();
  }

  private void letEveryoneGo() {
    List<Spot> left = new ArrayList<>(leaving);
    for (SelectionKey key : selector.keys()) {
      if (key.attachment() instanceof Spot spot) {
        left.add(spot);
      }
    }
    try {
      selector.close();
    } catch (IOException e) {
      LOG.atWarn().setCause(e).log("closing the parking lot's selector");
    }
    Spot waiting;
    while ((waiting = changes.poll()) != null) {
      left.add(waiting);
    }
    for (Spot spot : left) {
      spot.left = true;
      LockSupport.unpark(spot.owner);
    }
  }

  /** Lets everyone go; who comes later does not wait. */
  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    Threads.join(thread);
  }
}
