package hikyaku.server.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Passes octets between a client and another server until one of them ends. The connection stays
 * with its own thread; one thread reads from the server and one writes to it, so that neither
 * direction waits for the other. Each keeps at most {@value #MOST} octets.
 */
public final class PassThrough {
  /** Octets that have come from one side and that the other has not taken. */
  private static final int MOST = 64 * 1024;

  private static final int CHUNK = 8 * 1024;

  /** How often one who waits for the server alone looks at the rest of the world. */
  private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(500);

  /** How long the server may still speak when the client has ended. */
  private static final long AFTER_END = TimeUnit.SECONDS.toNanos(10);

  private final Connection client;
  private final InputStream in;
  private final OutputStream out;
  private final Edges edges;
  private final Supplier<byte[]> position;
  private final Queue fromServer;
  private final Queue toServer;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private long changes;

  /** Knows the protocol well enough to say where something could be said between two responses. */
  public interface Edges {
    /** There is no such place that can be told. */
    Edges NONE =
        new Edges() {
          @Override
          public void fromClient(byte[] octets) {}

          @Override
          public boolean fromServer(byte[] octets) {
            return false;
          }
        };

    /** What the client sent. */
    void fromClient(byte[] octets);

    /** What the server sent; says whether it ends between two responses. */
    boolean fromServer(byte[] octets);
  }

  /** Why it is over. */
  public enum End {
    /** The server has ended it. */
    SERVER,
    /** The client has. */
    CLIENT,
    /** Nothing passed for too long. */
    IDLE,
    /** This server stops. */
    STOPPING,
    /** The session was left for another node, which ends it: not a word more. */
    MOVED
  }

  private PassThrough(
      Connection client, InputStream in, OutputStream out, Edges edges, Supplier<byte[]> position) {
    this.client = client;
    this.in = in;
    this.out = out;
    this.edges = edges;
    this.position = position;
    this.fromServer = new Queue(this::changed);
    this.toServer = new Queue(this::changed);
  }

  /** From any thread: the session's thread has something to look at. */
  private void changed() {
    lock.lock();
    try {
      changes++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    client.signal();
  }

  private long changes() {
    lock.lock();
    try {
      return changes;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for one more change than there were, without hearing the client. */
  private void awaitChange(long seen) {
    lock.lock();
    try {
      if (changes == seen) {
        long unused = changed.awaitNanos(LOOK);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Passes octets until one side ends. The streams are the caller's to close afterwards, which ends
   * the threads that use them.
   *
   * @param idle the longest time in which nothing passes
   * @param position where the session stands, for {@link Connection#settle}
   */
  public static End run(
      Connection client,
      InputStream in,
      OutputStream out,
      Duration idle,
      Edges edges,
      Supplier<byte[]> position)
      throws IOException {
    PassThrough through = new PassThrough(client, in, out, edges, position);
    Thread.ofVirtual().name(client.sessionId() + "-from").start(through::read);
    Thread.ofVirtual().name(client.sessionId() + "-to").start(through::write);
    try {
      return through.pass(idle);
    } finally {
      through.fromServer.close();
      through.toServer.close();
    }
  }

  private End pass(Duration idle) throws IOException {
    long heard = System.nanoTime();
    long ended = 0;
    while (true) {
      long seen = changes();
      if (deliver()) {
        heard = System.nanoTime();
      }
      if (fromServer.isDrained() || toServer.isBroken()) {
        client.out().flush();
        return ended == 0 ? End.SERVER : End.CLIENT;
      }
      if (client.isStopping()) {
        return End.STOPPING;
      }
      if (ended != 0 && System.nanoTime() - ended > AFTER_END) {
        return End.CLIENT;
      }
      Duration left = idle.minusNanos(System.nanoTime() - heard);
      if (!left.isPositive()) {
        return End.IDLE;
      }
      if (ended != 0 || toServer.isFull()) {
        client.out().flush();
        awaitChange(seen);
        continue;
      }
      switch (client.awaitOrSignal(left)) {
        case INPUT -> {
          heard = System.nanoTime();
          boolean more = client.in().readAvailable(this::received);
          if (!more) {
            ended = System.nanoTime() | 1;
            toServer.end();
          }
        }
        case END -> {
          ended = System.nanoTime() | 1;
          toServer.end();
        }
        case STOPPING -> {
          return End.STOPPING;
        }
        case MOVED -> {
          return End.MOVED;
        }
        case SIGNAL, TIMEOUT -> {}
      }
    }
  }

  private void received(byte[] octets, int offset, int length) {
    byte[] part = Arrays.copyOfRange(octets, offset, offset + length);
    edges.fromClient(part);
    toServer.add(part);
  }

  /** Gives the client what has come; says whether there was anything. */
  private boolean deliver() throws IOException {
    boolean any = false;
    for (Optional<byte[]> part = fromServer.poll(); part.isPresent(); part = fromServer.poll()) {
      byte[] octets = part.get();
      any = true;
      client.out().write(octets, 0, octets.length);
      if (edges.fromServer(octets)) {
        client.settle(position);
      }
    }
    if (any) {
      client.out().flush();
    }
    return any;
  }

  private void read() {
    byte[] buffer = new byte[CHUNK];
    try {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        if (!fromServer.awaitRoom()) {
          return;
        }
        fromServer.add(Arrays.copyOf(buffer, count));
      }
    } catch (IOException e) {
      // The end, whatever it is called; the session's thread tells of it.
    } finally {
      fromServer.end();
    }
  }

  private void write() {
    try {
      for (Optional<byte[]> part = toServer.take(); part.isPresent(); part = toServer.take()) {
        out.write(part.get());
        out.flush();
      }
    } catch (IOException e) {
      toServer.fail();
    }
  }

  /** Octets on their way from one thread to another. */
  private static final class Queue {
    private final Runnable changedNow;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<byte[]> parts = new ArrayDeque<>();
    private int octets;
    private boolean ended;
    private boolean broken;
    private boolean closed;

    Queue(Runnable changedNow) {
      this.changedNow = changedNow;
    }

    private void change(Runnable what) {
      lock.lock();
      try {
        what.run();
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      changedNow.run();
    }

    void add(byte[] part) {
      change(() -> {
        if (!closed && part.length > 0) {
          parts.add(part);
          octets += part.length;
        }
      });
    }

    void end() {
      change(() -> ended = true);
    }

    void fail() {
      change(() -> broken = true);
    }

    void close() {
      change(() -> {
        closed = true;
        parts.clear();
      });
    }

    Optional<byte[]> poll() {
      lock.lock();
      try {
        return next();
      } finally {
        lock.unlock();
      }
    }

    private Optional<byte[]> next() {
      byte[] part = parts.poll();
      if (part == null) {
        return Optional.empty();
      }
      octets -= part.length;
      changed.signalAll();
      return Optional.of(part);
    }

    /** Waits for octets; nothing at the end. */
    Optional<byte[]> take() {
      Optional<byte[]> part;
      lock.lock();
      try {
        while (parts.isEmpty() && !ended && !closed) {
          changed.awaitUninterruptibly();
        }
        part = next();
      } finally {
        lock.unlock();
      }
      changedNow.run();
      return part;
    }

    /** Waits until less than the most is here; false if nobody wants it any more. */
    boolean awaitRoom() {
      lock.lock();
      try {
        while (octets >= MOST && !closed) {
          changed.awaitUninterruptibly();
        }
        return !closed;
      } finally {
        lock.unlock();
      }
    }

    boolean isFull() {
      lock.lock();
      try {
        return octets >= MOST;
      } finally {
        lock.unlock();
      }
    }

    boolean isDrained() {
      lock.lock();
      try {
        return ended && parts.isEmpty();
      } finally {
        lock.unlock();
      }
    }

    boolean isBroken() {
      lock.lock();
      try {
        return broken;
      } finally {
        lock.unlock();
      }
    }
  }
}
