package hikyaku.server.net;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The socket itself: waits that can be ended from outside, reads with a deadline, writes that a
 * watch may give up, octets counted.
 *
 * <p>A wait reads the first octets into a small array, large enough for most commands and for the
 * TLS record around them, so that an idle connection holds nothing more and a short command costs
 * one system call.
 */
final class SocketLayer implements Ground {
  /** Octets read by a wait; more would only be held idle. */
  private static final int AHEAD = 64;

  /** Octets per write: larger ones are copied through as much memory outside of the heap. */
  private static final int CHUNK = 65_536;

  /** Reads thrown away at most while waiting for the peer to close. */
  private static final int LINGER_READS = 64;

  /** Phases: whoever ends a wait, its owner or a stop, moves it on by compare-and-set. */
  private static final int BUSY = 0;

  private static final int READING = 1;
  private static final int PARKED = 2;
  private static final int TOLD_TO_STOP = 3;

  private final SocketChannel channel;
  private final Socket socket;
  private final InputStream input;
  private final ParkingLot lot;
  private final byte[] ahead = new byte[AHEAD];
  private int aheadAt;
  private int aheadEnd;

  private final AtomicInteger phase = new AtomicInteger(BUSY);
  private volatile boolean stopping;
  private volatile boolean signalled;
  private volatile ParkingLot.@Nullable Spot spot;
  private final AtomicReference<@Nullable CloseReason> closed = new AtomicReference<>();
  private volatile long writingSince;
  private volatile boolean failed;
  private final AtomicLong octetsIn = new AtomicLong();
  private final AtomicLong octetsOut = new AtomicLong();
  private final Traffic traffic;

  /** Told of octets as they pass, for metrics. */
  interface Traffic {
    void in(int octets);

    void out(int octets);
  }

  SocketLayer(SocketChannel channel, ParkingLot lot, Traffic traffic) throws IOException {
    this.channel = channel;
    this.socket = channel.socket();
    this.input = socket.getInputStream();
    this.lot = lot;
    this.traffic = traffic;
  }

  @Override
  public boolean hasInput() {
    return aheadAt < aheadEnd;
  }

  @Override
  public Wake await(Waiting waiting, long deadline) throws IOException {
    if (hasInput()) {
      return Wake.INPUT;
    }
    return switch (waiting) {
      case IN_COMMAND -> arrived() ? Wake.INPUT : readAhead(deadline);
      case IDLE -> awaitIdle(deadline);
      case IDLE_OR_SIGNAL -> awaitParked(deadline);
    };
  }

  /** Whether octets have arrived that a read into a real buffer would get at once. */
  private boolean arrived() throws IOException {
    try {
      return input.available() > 0;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Reads ahead, unless that was done, so that taking octets singly costs little.
   *
   * @return false at the end
   * @throws NetException.ReadTimeout at the deadline
   */
  boolean fill(long deadline) throws IOException {
    return hasInput()
        || switch (readAhead(deadline)) {
          case INPUT -> true;
          case TIMEOUT -> throw new NetException.ReadTimeout();
          default -> false;
        };
  }

  private Wake readAhead(long deadline) throws IOException {
    long nanos = deadline - System.nanoTime();
    if (nanos <= 0) {
      return Wake.TIMEOUT;
    }
    try {
      int count = readSocket(ahead, 0, AHEAD, nanos);
      aheadAt = 0;
      aheadEnd = Math.max(count, 0);
      return count < 0 ? Wake.END : Wake.INPUT;
    } catch (SocketTimeoutException e) {
      return Wake.TIMEOUT;
    }
  }

  private int readSocket(byte[] buffer, int offset, int length, long nanos) throws IOException {
    try {
      socket.setSoTimeout((int) Math.clamp((nanos + 999_999) / 1_000_000, 1, Integer.MAX_VALUE));
      int count = input.read(buffer, offset, length);
      if (count > 0) {
        octetsIn.setOpaque(octetsIn.getPlain() + count);
        traffic.in(count);
      }
      return count;
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private IOException failed(IOException cause) {
    failed = true;
    CloseReason reason = closed.get();
    if (reason == null) {
      return cause;
    }
    return reason == CloseReason.WRITE_TIMEOUT
        ? new NetException.WriteTimeout(cause)
        : new NetException.Closed(reason, cause);
  }

  private Wake awaitIdle(long deadline) throws IOException {
    phase.set(READING);
    if (stopping) {
      phase.set(BUSY);
      return Wake.STOPPING;
    }
    boolean done = false;
    try {
      Wake wake = readAhead(deadline);
      done = true;
      return phase.compareAndSet(READING, BUSY) ? wake : Wake.STOPPING;
    } finally {
      if (!done) {
        phase.set(BUSY);
      }
    }
  }

  private Wake awaitParked(long deadline) throws IOException {
    try {
      channel.configureBlocking(false);
      try {
        while (true) {
          // Input goes first, or a stream of signals could keep a client from being heard.
          if (!stopping && signalled && readWithoutBlocking()) {
            return hasInput() ? Wake.INPUT : Wake.END;
          }
          boolean readable = parkUnlessCalled(deadline);
          if (stopping) {
            return Wake.STOPPING;
          }
          if (readable && readWithoutBlocking()) {
            return hasInput() ? Wake.INPUT : Wake.END;
          }
          if (signalled) {
            signalled = false;
            return Wake.SIGNAL;
          }
          if (deadline - System.nanoTime() <= 0) {
            return Wake.TIMEOUT;
          }
        }
      } finally {
        channel.configureBlocking(true);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** The spot is set before the flags are looked at, and they before the spot: none is missed. */
  private boolean parkUnlessCalled(long deadline) {
    ParkingLot.Spot mine = lot.spot(channel);
    spot = mine;
    phase.set(PARKED);
    boolean readable = closed.get() != null;
    if (!readable && !stopping && !signalled) {
      readable = lot.park(mine, deadline);
    }
    phase.set(BUSY);
    spot = null;
    return readable || closed.get() != null;
  }

  /** Reads ahead in non-blocking mode; false if there is neither input nor the end. */
  private boolean readWithoutBlocking() throws IOException {
    int count = channel.read(ByteBuffer.wrap(ahead));
    if (count == 0) {
      return false;
    }
    aheadAt = 0;
    aheadEnd = Math.max(count, 0);
    if (count > 0) {
      octetsIn.setOpaque(octetsIn.getPlain() + count);
      traffic.in(count);
    }
    return true;
  }

  @Override
  public int read(byte[] buffer, int offset, int length, long deadline) throws IOException {
    int count = Math.min(length, aheadEnd - aheadAt);
    if (count > 0) {
      System.arraycopy(ahead, aheadAt, buffer, offset, count);
      boolean wasFull = aheadEnd == AHEAD;
      aheadAt += count;
      if (!wasFull || count == length || !arrived()) {
        return count;
      }
    }
    long nanos = deadline - System.nanoTime();
    try {
      if (nanos <= 0 && count == 0) {
        throw new NetException.ReadTimeout();
      }
      int more = readSocket(buffer, offset + count, length - count, Math.max(nanos, 1));
      return more < 0 && count > 0 ? count : count + more;
    } catch (SocketTimeoutException e) {
      if (count > 0) {
        return count;
      }
      throw new NetException.ReadTimeout();
    }
  }

  /** Forgets what was received and not read, and says how much. */
  @Override
  public int discardInput() {
    int count = aheadEnd - aheadAt;
    aheadAt = aheadEnd;
    return count;
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    int end = offset + length;
    try {
      int at = offset;
      while (at < end) {
        writingSince = System.nanoTime() | 1;
        int count = channel.write(ByteBuffer.wrap(octets, at, Math.min(end - at, CHUNK)));
        octetsOut.setOpaque(octetsOut.getPlain() + count);
        traffic.out(count);
        at += count;
      }
    } catch (IOException e) {
      throw failed(e);
    } finally {
      writingSince = 0;
    }
  }

  @Override
  public void flush() {}

  @Override
  public void endOutput() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public void release() {}

  /**
   * Waits for the peer to close its side, reading what still comes: closing with input unread would
   * reset the connection, and the last reply might be lost with it.
   */
  @Override
  public void linger(long deadline) throws IOException {
    byte[] nothing = new byte[1024];
    for (int budget = LINGER_READS; budget > 0; budget--) {
      aheadAt = aheadEnd;
      if (arrived()) {
        readSocket(nothing, 0, nothing.length, 1);
      } else if (awaitIdle(deadline) != Wake.INPUT) {
        return;
      }
    }
  }

  /** See {@link Connection#signal()}. */
  @Override
  public void signal() {
    signalled = true;
    callIfParked();
  }

  /** Makes the wait at hand, or the next one, return {@link Wake#STOPPING}. From any thread. */
  @Override
  public void stop() {
    stopping = true;
    if (phase.compareAndSet(READING, TOLD_TO_STOP)) {
      try {
        channel.shutdownInput();
      } catch (IOException e) {
        // The channel is closed or reset already: its reader is awake.
        failed = true;
      }
    } else {
      callIfParked();
    }
  }

  private void callIfParked() {
    ParkingLot.Spot parked = spot;
    if (parked != null) {
      lot.call(parked);
    }
  }

  @Override
  public boolean isStopping() {
    return stopping;
  }

  @Override
  public boolean isWanted() {
    return stopping;
  }

  @Override
  public boolean isClosed() {
    return closed.get() != null;
  }

  @Override
  public boolean isWaiting() {
    int now = phase.get();
    return now == READING || now == PARKED;
  }

  /** Whether reading or writing the socket has failed. */
  @Override
  public boolean hasFailed() {
    return failed;
  }

  /** Gives up on a client that takes no output. */
  @Override
  public void checkWrite(long now, long limitNanos) {
    long since = writingSince;
    if (since != 0 && now - since > limitNanos) {
      close(CloseReason.WRITE_TIMEOUT);
    }
  }

  /** Closes the socket; from any thread. The first reason given counts. */
  @Override
  public void close(CloseReason reason) {
    closed.compareAndSet(null, reason);
    try {
      channel.close();
    } catch (IOException e) {
      // Close releases the descriptor whatever it reports.
      failed = true;
    }
    callIfParked();
  }

  @Override
  public long octetsIn() {
    return octetsIn.getOpaque();
  }

  @Override
  public long octetsOut() {
    return octetsOut.getOpaque();
  }
}
