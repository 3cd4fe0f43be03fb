package hikyaku.server.net;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The socket itself: waits that can be ended from outside, reads with a deadline, writes that a
 * watch may give up, octets counted.
 *
 * <p>A wait reads the first octets into a small array, large enough for most commands and for the
 * TLS record around them, so that an idle connection holds nothing more and a short command costs
 * one system call.
 *
 * <p>A wait that ends at a signal too needs a lookout: a blocking read cannot be woken by another
 * thread without closing the socket. From the first such wait on, all waits of the connection go by
 * it.
 */
final class SocketLayer implements Ground, Prompt {
  /** Octets read by a wait; more would only be held idle. */
  private static final int AHEAD = 64;

  /** Octets per write: larger ones are copied through as much memory outside of the heap. */
  private static final int CHUNK = 65_536;

  /** How long a write waits before it looks by itself. */
  private static final long WRITE_LOOK = 60_000_000_000L;

  /** Reads thrown away at most while waiting for the peer to close. */
  private static final int LINGER_READS = 64;

  private static final byte[] NOTHING = {};

  /** Phases: whoever ends a wait, its owner or a stop, moves it on by compare-and-set. */
  private static final int BUSY = 0;

  private static final int READING = 1;
  private static final int PARKED = 2;
  private static final int TOLD_TO_STOP = 3;

  private final SocketChannel channel;
  private final Socket socket;
  private final InputStream input;
  private byte[] ahead = NOTHING;
  private int aheadAt;
  private int aheadEnd;

  private final AtomicInteger phase = new AtomicInteger(BUSY);
  private volatile boolean stopping;
  private volatile boolean signalled;

  /** Set once: the channel never blocks from then on. */
  private volatile Lookout.@Nullable Watch watch;

  /** The owner, while it waits for the lookout. */
  private volatile @Nullable Thread parked;

  /** Whether anything has happened since the owner last looked. */
  private volatile boolean woken;

  /** Who is told while there is no owner. */
  private volatile @Nullable Attendant attendant;

  /** The owner's: whether what the socket does not take is kept and not waited for. */
  private boolean hasty;

  private byte[] unsent = NOTHING;

  /** Whether the output ends behind what was not sent. */
  private boolean endUnsent;

  /** Looks that were taken after the last word. */
  private int lastLooks;

  /** When a wait without a timer is over; 0 if there is none. */
  private final AtomicLong waitingUntil = new AtomicLong();

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

  /** Is told of what happens while nobody has the session; must not wait. */
  interface Attendant {
    /**
     * Input has come, or the end.
     *
     * @return false if somebody has the session, and has been left word
     */
    boolean readable();

    /** There is a signal, or a stop, or the connection was closed. */
    void called();
  }

  SocketLayer(SocketChannel channel, Traffic traffic) throws IOException {
    this.channel = channel;
    this.socket = channel.socket();
    this.input = socket.getInputStream();
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
    if (watch != null) {
      return awaitWatched(waiting, deadline);
    }
    return switch (waiting) {
      case IN_COMMAND -> arrived() ? Wake.INPUT : readAhead(deadline);
      case IDLE -> awaitIdle(deadline);
      case IDLE_OR_SIGNAL -> {
        beWatched(0);
        yield awaitWatched(waiting, deadline);
      }
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
      int count = readSocket(roomAhead(), 0, AHEAD, nanos);
      aheadAt = 0;
      aheadEnd = Math.max(count, 0);
      return count < 0 ? Wake.END : Wake.INPUT;
    } catch (SocketTimeoutException e) {
      return Wake.TIMEOUT;
    }
  }

  private byte[] roomAhead() {
    if (ahead.length == 0) {
      ahead = new byte[AHEAD];
    }
    return ahead;
  }

  private int readSocket(byte[] buffer, int offset, int length, long nanos) throws IOException {
    try {
      int count;
      if (watch == null) {
        count =
            nanos < Deadline.WATCHED
                ? readTimed(buffer, offset, length, nanos)
                : readUntil(buffer, offset, length, System.nanoTime() + nanos | 1);
      } else {
        count = readWatched(buffer, offset, length, System.nanoTime() + nanos);
      }
      counted(count);
      return count;
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private int readTimed(byte[] buffer, int offset, int length, long nanos) throws IOException {
    socket.setSoTimeout((int) Math.max((nanos + 999_999) / 1_000_000, 1));
    return input.read(buffer, offset, length);
  }

  /** Reads without a timer: {@link #checkWait} ends it, and the input with it. */
  private int readUntil(byte[] buffer, int offset, int length, long deadline) throws IOException {
    socket.setSoTimeout(0);
    waitingUntil.set(deadline);
    boolean inTime;
    int count;
    try {
      count = input.read(buffer, offset, length);
    } finally {
      inTime = waitingUntil.getAndSet(0) == deadline;
    }
    if (!inTime) {
      throw new SocketTimeoutException();
    }
    return count;
  }

  @Override
  public void checkWait(long now) {
    long until = waitingUntil.get();
    if (until == 0 || now - until < 0 || !waitingUntil.compareAndSet(until, 0)) {
      return;
    }
    if (watch != null) {
      wake();
      return;
    }
    endInput();
  }

  private void endInput() {
    try {
      channel.shutdownInput();
    } catch (IOException e) {
      // The channel is closed or reset already: its reader is awake.
      failed = true;
    }
  }

  private void counted(int count) {
    if (count > 0) {
      octetsIn.setOpaque(octetsIn.getPlain() + count);
      traffic.in(count);
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

  // ---- watched

  /**
   * @param ops what is wanted at first
   */
  private void beWatched(int ops) throws IOException {
    if (watch == null) {
      try {
        Lookout.Watch made = Lookout.one().watch(channel, this::ready, ops);
        watch = made;
        if (isClosed()) {
          // By somebody who did not know of the watch.
          made.close();
        }
      } catch (IOException e) {
        throw failed(e);
      }
    }
  }

  /** On the lookout's thread. */
  private void ready(int ops) {
    Attendant there = (ops & SelectionKey.OP_READ) == 0 ? null : attendant;
    if (there != null && there.readable()) {
      return;
    }
    want(0);
    // Who had it may have let go in between, and does not look again.
    if (there != null && there.readable()) {
      want(SelectionKey.OP_READ);
    } else {
      wake();
    }
  }

  private void want(int ops) {
    Lookout.Watch mine = watch;
    if (mine != null) {
      mine.want(ops);
    }
  }

  private void wake() {
    woken = true;
    Thread owner = parked;
    if (owner != null) {
      LockSupport.unpark(owner);
    }
  }

  private Wake awaitWatched(Waiting waiting, long deadline) throws IOException {
    phase.set(waiting == Waiting.IN_COMMAND ? BUSY : PARKED);
    try {
      while (true) {
        if (stopping && waiting != Waiting.IN_COMMAND) {
          return Wake.STOPPING;
        }
        // Input goes first, or a stream of signals could keep a client from being heard.
        int count = channel.read(ByteBuffer.wrap(roomAhead()));
        if (count != 0) {
          aheadAt = 0;
          aheadEnd = Math.max(count, 0);
          counted(count);
          return count < 0 ? Wake.END : Wake.INPUT;
        }
        if (signalled && waiting == Waiting.IDLE_OR_SIGNAL) {
          signalled = false;
          return Wake.SIGNAL;
        }
        if (deadline - System.nanoTime() <= 0) {
          return Wake.TIMEOUT;
        }
        pause(waiting, SelectionKey.OP_READ, deadline);
      }
    } catch (IOException e) {
      throw failed(e);
    } finally {
      phase.set(BUSY);
      if (aheadAt == aheadEnd) {
        ahead = NOTHING;
        aheadAt = 0;
        aheadEnd = 0;
      }
    }
  }

  /**
   * Parks until one of these can be done, something else happens, or the deadline is reached; now
   * and then for no reason. The owner can be found before it looks at what has happened, so nothing
   * is missed.
   */
  private void pause(Waiting waiting, int ops, long deadline) {
    woken = false;
    parked = Thread.currentThread();
    try {
      if (closed.get() != null
          || waiting != Waiting.IN_COMMAND && (stopping || isSignalledFor(waiting))) {
        return;
      }
      want(ops);
      while (!woken && !Thread.currentThread().isInterrupted()) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return;
        }
        if (left < Deadline.WATCHED) {
          LockSupport.parkNanos(this, left);
        } else {
          waitingUntil.set(deadline | 1);
          LockSupport.park(this);
        }
      }
    } finally {
      waitingUntil.set(0);
      parked = null;
    }
  }

  private boolean isSignalledFor(Waiting waiting) {
    return signalled && waiting == Waiting.IDLE_OR_SIGNAL;
  }

  private int readWatched(byte[] buffer, int offset, int length, long deadline) throws IOException {
    while (true) {
      int count = channel.read(ByteBuffer.wrap(buffer, offset, length));
      if (count != 0) {
        return count;
      }
      if (deadline - System.nanoTime() <= 0) {
        throw new SocketTimeoutException();
      }
      pause(Waiting.IN_COMMAND, SelectionKey.OP_READ, deadline);
    }
  }

  /**
   * From now on the attendant is told of what happens while there is no owner; of input when that
   * was {@link #wantInput wanted}.
   */
  void attend(Attendant mine) throws IOException {
    try {
      channel.configureBlocking(false);
    } catch (IOException e) {
      throw failed(e);
    }
    attendant = mine;
  }

  /** Has the attendant told of input from now on. */
  void wantInput() throws IOException {
    if (watch == null) {
      beWatched(SelectionKey.OP_READ);
    } else {
      want(SelectionKey.OP_READ);
    }
  }

  /** Whether input was ever wanted. */
  boolean isWatched() {
    return watch != null;
  }

  /** From now on writes keep what the socket does not take at once. */
  void hurry() {
    hasty = true;
  }

  /** From now on reads and writes wait; what was kept is sent first. */
  void takeTime() throws IOException {
    hasty = false;
    beWatched(0);
    if (unsent.length > 0) {
      byte[] kept = unsent;
      unsent = NOTHING;
      write(kept, 0, kept.length);
    }
    if (endUnsent) {
      endUnsent = false;
      endOutput();
    }
  }

  /** Whether anything was kept that the socket did not take. */
  boolean hasUnsent() {
    return unsent.length > 0;
  }

  @Override
  public int readNow(byte[] buffer, int offset, int length) throws IOException {
    int held = Math.min(length, aheadEnd - aheadAt);
    if (held > 0) {
      System.arraycopy(ahead, aheadAt, buffer, offset, held);
      aheadAt += held;
      return held;
    }
    try {
      int count = channel.read(ByteBuffer.wrap(buffer, offset, length));
      counted(count);
      return count;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public boolean holds() {
    return hasInput();
  }

  @Override
  public int read(byte[] buffer, int offset, int length, long deadline) throws IOException {
    int count = Math.min(length, aheadEnd - aheadAt);
    if (count > 0) {
      System.arraycopy(ahead, aheadAt, buffer, offset, count);
      boolean wasFull = aheadEnd == AHEAD;
      aheadAt += count;
      if (aheadAt == aheadEnd && watch != null) {
        ahead = NOTHING;
        aheadAt = 0;
        aheadEnd = 0;
      }
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
    if (unsent.length > 0) {
      // What was kept goes first; who writes is as hasty as who kept it.
      keep(octets, offset, end);
      return;
    }
    try {
      int at = offset;
      long since = System.nanoTime() | 1;
      while (at < end) {
        writingSince = since;
        int count = channel.write(ByteBuffer.wrap(octets, at, Math.min(end - at, CHUNK)));
        if (count == 0) {
          if (hasty) {
            keep(octets, at, end);
            return;
          }
          pause(Waiting.IN_COMMAND, SelectionKey.OP_WRITE, System.nanoTime() + WRITE_LOOK);
          continue;
        }
        since = System.nanoTime() | 1;
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

  private void keep(byte[] octets, int from, int to) {
    byte[] more = Arrays.copyOf(unsent, unsent.length + to - from);
    System.arraycopy(octets, from, more, unsent.length, to - from);
    unsent = more;
  }

  @Override
  public void flush() {}

  @Override
  public void endOutput() throws IOException {
    if (hasUnsent()) {
      endUnsent = true;
    } else {
      channel.shutdownOutput();
    }
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

  /**
   * As {@link #linger}, a look at a time.
   *
   * @return true if there is no more to wait for
   */
  boolean isLingeredOut() throws IOException {
    byte[] nothing = Buffers.take();
    try {
      while (lastLooks < LINGER_READS) {
        lastLooks++;
        aheadAt = aheadEnd;
        int count = readNow(nothing, 0, nothing.length);
        if (count <= 0) {
          return count < 0;
        }
      }
      return true;
    } finally {
      Buffers.giveBack(nothing);
    }
  }

  /** See {@link Connection#signal()}. */
  @Override
  public void signal() {
    signalled = true;
    call();
  }

  /** Makes the wait at hand, or the next one, return {@link Wake#STOPPING}. From any thread. */
  @Override
  public void stop() {
    stopping = true;
    if (phase.compareAndSet(READING, TOLD_TO_STOP)) {
      endInput();
    } else {
      call();
    }
  }

  private void call() {
    wake();
    Attendant there = attendant;
    if (there != null) {
      there.called();
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
      Lookout.Watch mine = watch;
      if (mine == null) {
        channel.close();
      } else {
        mine.close();
      }
    } catch (IOException e) {
      // Close releases the descriptor whatever it reports.
      failed = true;
    }
    call();
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
