package hikyaku.server.link;

import hikyaku.server.net.Lookout;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a link whose peer has proven itself: frames in both directions, and the watch over the
 * peer's life. Whoever finds the link free writes himself, what the socket takes; what others send
 * meanwhile gathers, and goes in one piece. What a turn of a lookout sends gathers up to its end.
 */
final class Link implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Link.class);

  /** Octets that may gather before senders wait. */
  private static final int FULL = 1024 * 1024;

  private static final int SMALL = 64 * 1024;

  /** Looks at the socket, or writes to it, in a row before others have their turn. */
  private static final int ROUNDS = 8;

  private final LinkChannel channel;
  private final Lookout lookout = Lookout.one();
  private final String peer;
  private final LinkSettings settings;
  private final Duration silence;
  private final Receiver receiver;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition beatEnds = lock.newCondition();
  private final Condition drained = lock.newCondition();
  private byte[] pending = new byte[SMALL];
  private int pendingEnd;
  private byte @Nullable [] spare;

  /** Lent to the channel. */
  private byte @Nullable [] written;

  /** Somebody writes, or the lookout will: at first that which gathers before the start. */
  private boolean writing = true;

  /** Whether what has gathered goes when the lookout's turn ends. */
  private boolean due;

  private boolean closed;
  private volatile Lookout.@Nullable Watch watch;

  /** When octets last came from the peer. */
  private volatile long heard = System.nanoTime();

  // The lookout's own: octets of frames, and where those begin and end that are not dealt with.
  private byte[] received = new byte[2 * SMALL];
  private int receivedAt;
  private int receivedEnd;

  /** Takes what comes. Called by a lookout, one after the other; must not block. */
  interface Receiver {
    /** The payload is lent for the call. */
    void frame(byte type, int stream, byte[] octets, int offset, int length) throws LinkException;

    /** Asked at each heartbeat: what this end says of itself, if it has to say something now. */
    void beat(Link link);

    /** The link is gone; the last call. */
    void lost(String why);
  }

  /**
   * @param silence after which the peer counts as dead
   */
  Link(
      LinkChannel channel,
      String peer,
      LinkSettings settings,
      Duration silence,
      Receiver receiver) {
    this.channel = channel;
    this.peer = peer;
    this.settings = settings;
    this.silence = silence;
    this.receiver = receiver;
  }

  void start() throws IOException {
    try {
      watch = lookout.watch(channel.channel(), this::ready, 0);
    } catch (IOException e) {
      lose(String.valueOf(e.getMessage()));
      throw e;
    }
    want(SelectionKey.OP_READ);
    lookout.execute(() -> {
      pumpOrLose();
      // What came right behind the greeting has been read already.
      ready(SelectionKey.OP_READ);
    });
    Thread.ofVirtual().name("link-beat-" + peer).start(this::beat);
  }

  private void want(int ops) {
    Lookout.Watch mine = watch;
    if (mine != null) {
      mine.want(ops);
    }
  }

  private void ready(int ops) {
    if (!isOpen()) {
      return;
    }
    try {
      if ((ops & SelectionKey.OP_WRITE) != 0) {
        want(SelectionKey.OP_READ);
        pump();
      }
      if ((ops & SelectionKey.OP_READ) != 0) {
        hear();
      }
    } catch (EOFException e) {
      lose("closed by the peer");
    } catch (IOException e) {
      lose(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.atError().addKeyValue("peer", peer).setCause(e).log("bug in a link");
      lose("bug");
    }
  }

  boolean isOpen() {
    lock.lock();
    try {
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  // ---- out

  void send(byte type, int stream) {
    send(type, stream, NOTHING, 0, NOTHING, 0, 0);
  }

  void send(byte type, int stream, byte[] payload) {
    send(type, stream, payload, payload.length, NOTHING, 0, 0);
  }

  private static final byte[] NOTHING = {};

  /**
   * Sends a frame of two parts. On a lost link does nothing. Waits while too much has gathered, but
   * not at a lookout, where {@link #hasRoom} is to be asked before.
   */
  void send(
      byte type, int stream, byte[] head, int headLength, byte[] body, int offset, int length) {
    boolean mine;
    lock.lock();
    try {
      put(type, stream, head, headLength, body, offset, length);
      mine = takeTurn();
    } finally {
      lock.unlock();
    }
    if (mine) {
      pumpOrLose();
    }
  }

  /**
   * As {@link #send}, but the frame may stay here until something else is sent, which is expected
   * at once; at most until the next heartbeat.
   */
  void sendWithNext(
      byte type, int stream, byte[] head, int headLength, byte[] body, int offset, int length) {
    lock.lock();
    try {
      put(type, stream, head, headLength, body, offset, length);
    } finally {
      lock.unlock();
    }
  }

  /** Under the lock. */
  private void put(
      byte type, int stream, byte[] head, int headLength, byte[] body, int offset, int length) {
    int payload = headLength + length;
    if (payload > Frame.MAX_PAYLOAD) {
      throw new IllegalArgumentException("a frame of " + payload + " octets");
    }
    while (pendingEnd >= FULL && !closed && !Lookout.isHere()) {
      drained.awaitUninterruptibly();
    }
    append(type, stream, payload, head, headLength, body, offset, length);
  }

  /** Whether a frame can be sent now without a wait. */
  boolean hasRoom() {
    lock.lock();
    try {
      return pendingEnd < FULL;
    } finally {
      lock.unlock();
    }
  }

  /** For those who must not wait: small frames only. */
  void sendAtOnce(byte type, int stream, byte[] payload) {
    boolean mine;
    lock.lock();
    try {
      append(type, stream, payload.length, payload, payload.length, NOTHING, 0, 0);
      mine = takeTurn();
    } finally {
      lock.unlock();
    }
    if (mine) {
      pumpOrLose();
    }
  }

  /** Whether the caller is to write now. Under the lock. */
  private boolean takeTurn() {
    if (writing || closed || due) {
      return false;
    }
    due = Lookout.afterwards(this::flush);
    writing = !due;
    return writing;
  }

  /** The end of the lookout's turn. */
  private void flush() {
    lock.lock();
    try {
      due = false;
      if (writing || closed || pendingEnd == 0) {
        return;
      }
      writing = true;
    } finally {
      lock.unlock();
    }
    pumpOrLose();
  }

  private void pumpOrLose() {
    try {
      pump();
    } catch (IOException e) {
      lose("writing failed: " + e.getMessage());
    }
  }

  /**
   * Writes what has gathered, as the one that writes. If the socket takes no more, or there is
   * always more, the lookout goes on.
   */
  private void pump() throws IOException {
    for (int round = 0; channel.write(); round++) {
      byte[] octets;
      int length;
      lock.lock();
      try {
        recycle();
        if (pendingEnd == 0 || closed) {
          writing = false;
          return;
        }
        octets = pending;
        length = pendingEnd;
        byte[] next = spare;
        pending = next == null ? new byte[SMALL] : next;
        pendingEnd = 0;
        spare = null;
        written = octets;
        drained.signalAll();
      } finally {
        lock.unlock();
      }
      channel.put(ByteBuffer.wrap(octets, 0, length));
      if (round == ROUNDS) {
        break;
      }
    }
    want(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
  }

  /** Everything that was put is written, and its buffer free. */
  private void recycle() {
    byte[] free = written;
    if (free != null && free.length <= 2 * FULL) {
      spare = free;
    }
    written = null;
  }

  private void append(
      byte type,
      int stream,
      int payload,
      byte[] head,
      int headLength,
      byte[] body,
      int offset,
      int length) {
    if (closed) {
      return;
    }
    int needed = pendingEnd + Frame.HEADER + payload;
    if (needed > pending.length) {
      pending = Arrays.copyOf(pending, Math.max(needed, pending.length * 2));
    }
    byte[] to = pending;
    int at = pendingEnd;
    to[at] = type;
    to[at + 1] = (byte) (payload >>> 16);
    to[at + 2] = (byte) (payload >>> 8);
    to[at + 3] = (byte) payload;
    putInt(to, at + 4, stream);
    System.arraycopy(head, 0, to, at + Frame.HEADER, headLength);
    System.arraycopy(body, offset, to, at + Frame.HEADER + headLength, length);
    pendingEnd = needed;
  }

  private void beat() {
    try {
      long next = System.nanoTime();
      while (isOpen()) {
        if (next - System.nanoTime() <= 0) {
          next = System.nanoTime() + settings.heartbeat().toNanos();
          sendAtOnce(Frame.PING, 0, NOTHING);
          receiver.beat(this);
        }
        if (isSilent()) {
          lookout.execute(this::judgeSilence);
        }
        long end = Math.min(next, heard + silence.toNanos());
        pause(Math.max(end - System.nanoTime(), LEAST_PAUSE));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static final long LEAST_PAUSE = 10_000_000;

  private void pause(long nanos) throws InterruptedException {
    lock.lock();
    try {
      if (!closed) {
        beatEnds.await(nanos, TimeUnit.NANOSECONDS);
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isSilent() {
    return System.nanoTime() - heard >= silence.toNanos();
  }

  /** Octets that lie in the socket count as a sign of life, even if we come late to read them. */
  private void judgeSilence() {
    ready(SelectionKey.OP_READ);
    if (isSilent()) {
      lose("silent for " + silence.toMillis() + " ms");
    }
  }

  // ---- in

  private void hear() throws IOException {
    for (int round = 0; round < ROUNDS; round++) {
      makeRoom();
      int count = channel.read(received, receivedEnd, received.length - receivedEnd);
      if (count < 0) {
        throw new EOFException();
      }
      if (count > 0) {
        heard = System.nanoTime();
        receivedEnd += count;
        deal();
      }
      if (count == 0 || !channel.mayHaveMore()) {
        return;
      }
    }
    lookout.execute(() -> ready(SelectionKey.OP_READ));
  }

  private void deal() throws LinkException {
    byte[] from = received;
    while (receivedEnd - receivedAt >= Frame.HEADER) {
      int length = getInt(from, receivedAt) & 0xff_ffff;
      if (length > Frame.MAX_PAYLOAD) {
        throw new LinkException("a frame of " + length + " octets");
      }
      int at = receivedAt;
      if (receivedEnd - at < Frame.HEADER + length) {
        return;
      }
      receivedAt = at + Frame.HEADER + length;
      if (from[at] != Frame.PING) {
        receiver.frame(from[at], getInt(from, at + 4), from, at + Frame.HEADER, length);
      }
    }
  }

  /** Moves what is left to the front of a buffer that has room for the frame that began. */
  private void makeRoom() {
    int left = receivedEnd - receivedAt;
    int frame = left < Frame.HEADER ? 0 : Frame.HEADER + (getInt(received, receivedAt) & 0xff_ffff);
    int size = Math.max(2 * SMALL, Math.max(frame, left) + LinkChannel.RECORD);
    byte[] target = size == received.length ? received : new byte[size];
    System.arraycopy(received, receivedAt, target, 0, left);
    received = target;
    receivedAt = 0;
    receivedEnd = left;
  }

  private void lose(String why) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      drained.signalAll();
      beatEnds.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      Lookout.Watch mine = watch;
      if (mine == null) {
        channel.close();
      } else {
        mine.close();
      }
    } catch (IOException e) {
      LOG.atDebug().addKeyValue("peer", peer).setCause(e).log("closing a link");
    }
    receiver.lost(why);
  }

  @Override
  public void close() {
    lose("closed here");
  }

  static void putInt(byte[] to, int at, int value) {
    to[at] = (byte) (value >>> 24);
    to[at + 1] = (byte) (value >>> 16);
    to[at + 2] = (byte) (value >>> 8);
    to[at + 3] = (byte) value;
  }

  static int getInt(byte[] from, int at) {
    return (from[at] & 0xff) << 24
        | (from[at + 1] & 0xff) << 16
        | (from[at + 2] & 0xff) << 8
        | from[at + 3] & 0xff;
  }

  static byte[] ofLong(long value) {
    byte[] octets = new byte[8];
    putInt(octets, 0, (int) (value >>> 32));
    putInt(octets, 4, (int) value);
    return octets;
  }

  static long getLong(byte[] from, int at) {
    return (long) getInt(from, at) << 32 | getInt(from, at + 4) & 0xffff_ffffL;
  }
}
