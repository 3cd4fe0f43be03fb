package hikyaku.server.link;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
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
 * peer's life. A session that finds the link free writes itself, which saves the way over another
 * thread; what others send meanwhile gathers, and goes in one piece by the writer.
 */
final class Link implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Link.class);

  /** Octets that may gather before senders wait. */
  private static final int FULL = 1024 * 1024;

  private static final int SMALL = 64 * 1024;

  private final Socket socket;
  private final Socket ground;
  private final InputStream in;
  private final OutputStream outStream;
  private final String peer;
  private final LinkSettings settings;
  private final Duration silence;
  private final Receiver receiver;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition gathered = lock.newCondition();
  private final Condition drained = lock.newCondition();
  private byte[] pending = new byte[SMALL];
  private int pendingEnd;
  private byte @Nullable [] spare;
  private boolean writing;
  private boolean closed;

  /** Takes what comes. Called by the link's reader, one after the other; must not block. */
  interface Receiver {
    /** The payload is lent for the call. */
    void frame(byte type, int stream, byte[] octets, int offset, int length) throws LinkException;

    /** Asked at each heartbeat: what this end says of itself, if it has to say something now. */
    void beat(Link link);

    /** The link is gone; the last call. */
    void lost(String why);
  }

  /**
   * @param ground the socket below TLS: closing it ends a write that hangs, for which the close of
   *     TLS itself would wait
   * @param silence after which the peer counts as dead
   */
  Link(
      Socket socket,
      Socket ground,
      InputStream in,
      OutputStream out,
      String peer,
      LinkSettings settings,
      Duration silence,
      Receiver receiver) {
    this.socket = socket;
    this.ground = ground;
    this.in = in;
    this.outStream = out;
    this.peer = peer;
    this.settings = settings;
    this.silence = silence;
    this.receiver = receiver;
  }

  void start() {
    Thread.ofVirtual().name("link-out-" + peer).start(this::write);
    Thread.ofVirtual().name("link-in-" + peer).start(this::read);
    Thread.ofVirtual().name("link-beat-" + peer).start(this::beat);
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

  /** Sends a frame of two parts. Waits while too much has gathered; on a lost link does nothing. */
  void send(
      byte type, int stream, byte[] head, int headLength, byte[] body, int offset, int length) {
    int payload = headLength + length;
    if (payload > Frame.MAX_PAYLOAD) {
      throw new IllegalArgumentException("a frame of " + payload + " octets");
    }
    byte[] own;
    int ownLength;
    lock.lock();
    try {
      while (pendingEnd >= FULL && !closed) {
        drained.awaitUninterruptibly();
      }
      append(type, stream, payload, head, headLength, body, offset, length);
      if (writing || closed) {
        return;
      }
      own = pending;
      ownLength = pendingEnd;
      takePending();
    } finally {
      lock.unlock();
    }
    try {
      outStream.write(own, 0, ownLength);
    } catch (IOException e) {
      lose("writing failed: " + e.getMessage());
    }
    written(own);
  }

  /** The caller is the one that writes, from now until {@link #written}. */
  private void takePending() {
    writing = true;
    byte[] next = spare;
    pending = next == null ? new byte[SMALL] : next;
    spare = null;
    pendingEnd = 0;
    drained.signalAll();
  }

  private void written(byte[] buffer) {
    lock.lock();
    try {
      writing = false;
      if (buffer.length <= 2 * FULL) {
        spare = buffer;
      }
      if (pendingEnd > 0) {
        gathered.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** For the reader, which must not wait: small frames only. */
  void sendAtOnce(byte type, int stream, byte[] payload) {
    lock.lock();
    try {
      append(type, stream, payload.length, payload, payload.length, NOTHING, 0, 0);
      gathered.signal();
    } finally {
      lock.unlock();
    }
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

  private void write() {
    try {
      while (true) {
        byte[] octets;
        int length;
        lock.lock();
        try {
          while ((pendingEnd == 0 || writing) && !closed) {
            gathered.await();
          }
          if (closed) {
            return;
          }
          octets = pending;
          length = pendingEnd;
          takePending();
        } finally {
          lock.unlock();
        }
        outStream.write(octets, 0, length);
        written(octets);
      }
    } catch (IOException e) {
      lose("writing failed: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void beat() {
    lock.lock();
    try {
      while (!closed) {
        lock.unlock();
        try {
          sendAtOnce(Frame.PING, 0, NOTHING);
          receiver.beat(this);
        } finally {
          lock.lock();
        }
        if (!closed
            && beatEnds.await(settings.heartbeat().toNanos(), TimeUnit.NANOSECONDS)
            && closed) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private final Condition beatEnds = lock.newCondition();

  // ---- in

  private void read() {
    byte[] buffer = new byte[2 * SMALL];
    int from = 0;
    int to = 0;
    try {
      while (true) {
        while (to - from >= Frame.HEADER) {
          int length = getInt(buffer, from) & 0xff_ffff;
          if (length > Frame.MAX_PAYLOAD) {
            throw new LinkException("a frame of " + length + " octets");
          }
          if (to - from < Frame.HEADER + length) {
            break;
          }
          byte type = buffer[from];
          if (type != Frame.PING) {
            receiver.frame(type, getInt(buffer, from + 4), buffer, from + Frame.HEADER, length);
          }
          from += Frame.HEADER + length;
        }
        buffer = roomBehind(buffer, from, to);
        to -= from;
        from = 0;
        to += receive(buffer, to);
      }
    } catch (SocketTimeoutException e) {
      lose("silent for " + silence.toMillis() + " ms");
    } catch (EOFException e) {
      lose("closed by the peer");
    } catch (IOException e) {
      lose(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.atError().addKeyValue("peer", peer).setCause(e).log("bug in a link");
      lose("bug");
    }
  }

  /** Moves what is left to the front of a buffer that has room for the frame that began. */
  private static byte[] roomBehind(byte[] buffer, int from, int to) {
    int left = to - from;
    int frame = left < Frame.HEADER ? 0 : Frame.HEADER + (getInt(buffer, from) & 0xff_ffff);
    int size = Math.max(2 * SMALL, frame);
    byte[] target = size == buffer.length ? buffer : new byte[size];
    System.arraycopy(buffer, from, target, 0, left);
    return target;
  }

  /** Octets that lie in the socket count as a sign of life, even if we come late to read them. */
  private int receive(byte[] buffer, int at) throws IOException {
    socket.setSoTimeout((int) silence.toMillis());
    int count;
    try {
      count = in.read(buffer, at, buffer.length - at);
    } catch (SocketTimeoutException e) {
      if (in.available() == 0) {
        throw e;
      }
      count = in.read(buffer, at, buffer.length - at);
    }
    if (count < 0) {
      throw new EOFException();
    }
    return count;
  }

  private void lose(String why) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      gathered.signalAll();
      drained.signalAll();
      beatEnds.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      ground.close();
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
