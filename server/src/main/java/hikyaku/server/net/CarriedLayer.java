package hikyaku.server.net;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The ground of a session whose client is at a front: octets come and go over a link.
 *
 * <p>What the link tells is kept under the lock until the session's thread looks; that thread never
 * holds the lock while it talks to the carrier.
 */
final class CarriedLayer implements Ground, CarriedSession.Reins {
  /** Octets under way in each direction that the other side has not yet taken. */
  static final int WINDOW = 256 * 1024;

  /** Octets that go in one piece; a frame more costs as much as some thousand octets do. */
  private static final int PIECE = 64 * 1024;

  private final Carrier carrier;
  private final AtomicLong octetsIn = new AtomicLong();
  private final AtomicLong octetsOut = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Under the lock.
  private @Nullable Deque<byte[]> input;
  private int headAt;
  private boolean inputEnded;
  private boolean signalled;
  private boolean wantedBack;
  private int credit = WINDOW;

  /** Input that was taken, and the front not told so yet. */
  private int taken;

  private @Nullable CloseReason closed;
  private @Nullable Switched switched;
  private boolean waiting;
  private long writingSince;

  /** When a wait without a timer is over; 0 if there is none. */
  private volatile long waitingUntil;

  // The session's thread's own.
  private boolean unsettledOutput;
  private boolean silent = true;
  private boolean ending;
  private boolean left;
  private long pin = -1;

  /** The front has changed what lies between it and the client. */
  private record Switched(@Nullable TlsInfo tls, long inputOffset) {}

  CarriedLayer(Carrier carrier) {
    this.carrier = carrier;
  }

  // ---- the link's side

  @Override
  public void input(byte[] octets) {
    lock.lock();
    try {
      Deque<byte[]> queue = input;
      if (queue == null) {
        queue = new ArrayDeque<>(2);
        input = queue;
      }
      queue.add(octets);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void inputEnded() {
    lock.lock();
    try {
      inputEnded = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void tlsStarted(TlsInfo tls, long inputOffset) {
    switched(new Switched(tls, inputOffset));
  }

  @Override
  public void compressionStarted(long inputOffset) {
    switched(new Switched(null, inputOffset));
  }

  /** Whatever came before belongs to the time before. */
  private void switched(Switched to) {
    lock.lock();
    try {
      taken += discardLocked();
      switched = to;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void granted(int octets) {
    lock.lock();
    try {
      credit = (int) Math.min(WINDOW, credit + (long) octets);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void letGo() {
    lock.lock();
    try {
      wantedBack = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void drop(CloseReason reason) {
    lock.lock();
    try {
      if (closed == null) {
        closed = reason;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // ---- the session's side

  @Override
  public boolean hasInput() {
    lock.lock();
    try {
      return input != null;
    } finally {
      lock.unlock();
    }
  }

  /** Whether everything that was written is settled. The session's thread's own question. */
  boolean isSettled() {
    return !unsettledOutput;
  }

  /** Whether the session is wanted back, and has nothing open here. */
  boolean mayLeave() {
    lock.lock();
    try {
      return wantedBack && !unsettledOutput;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Wake await(Waiting kind, long deadline) throws IOException {
    return await(kind, deadline, false);
  }

  /**
   * @param leave whether a session that is wanted back may leave here
   */
  Wake await(Waiting kind, long deadline, boolean leave) throws IOException {
    arrived();
    lock.lock();
    try {
      waiting = kind != Waiting.IN_COMMAND;
      while (true) {
        checkOpen();
        if (leave && wantedBack) {
          return Wake.MOVED;
        }
        if (input != null) {
          return Wake.INPUT;
        }
        if (inputEnded) {
          return Wake.END;
        }
        if (kind == Waiting.IDLE_OR_SIGNAL && signalled) {
          signalled = false;
          return Wake.SIGNAL;
        }
        if (!pause(deadline)) {
          return Wake.TIMEOUT;
        }
      }
    } finally {
      waiting = false;
      lock.unlock();
    }
  }

  /**
   * A session that was carried on has nothing to say if nothing has happened. The front gives this
   * node the next one when it hears of this one: a grant of nothing says that it is here.
   */
  private void arrived() {
    if (silent) {
      silent = false;
      carrier.granted(0);
    }
  }

  private void checkOpen() throws NetException.Closed {
    CloseReason reason = closed;
    if (reason != null) {
      throw new NetException.Closed(reason, null);
    }
  }

  /** False at the deadline. */
  private boolean pause(long deadline) throws NetException.Closed {
    long left = deadline - System.nanoTime();
    if (left <= 0) {
      return false;
    }
    try {
      if (left < Deadline.WATCHED) {
        return changed.awaitNanos(left) > Long.MIN_VALUE;
      }
      waitingUntil = deadline | 1;
      changed.await();
      return waitingUntil != 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NetException.Closed(CloseReason.STOPPING, e);
    } finally {
      waitingUntil = 0;
    }
  }

  @Override
  public int read(byte[] buffer, int offset, int length, long deadline) throws IOException {
    int count;
    lock.lock();
    try {
      while (input == null) {
        checkOpen();
        if (inputEnded) {
          return -1;
        }
        if (!pause(deadline)) {
          throw new NetException.ReadTimeout();
        }
      }
      count = take(buffer, offset, length);
    } finally {
      lock.unlock();
    }
    octetsIn.setOpaque(octetsIn.getPlain() + count);
    grant(count);
    return count;
  }

  /** In large sums: a frame for each command would cost as much as the command's own. */
  private void grant(int count) {
    int due = 0;
    lock.lock();
    try {
      taken += count;
      if (taken >= WINDOW / 2) {
        due = taken;
        taken = 0;
      }
    } finally {
      lock.unlock();
    }
    if (due > 0) {
      carrier.granted(due);
    }
  }

  private int take(byte[] buffer, int offset, int length) {
    int count = 0;
    Deque<byte[]> queue = input;
    while (queue != null && count < length) {
      byte[] head = queue.getFirst();
      int part = Math.min(length - count, head.length - headAt);
      System.arraycopy(head, headAt, buffer, offset + count, part);
      count += part;
      headAt += part;
      if (headAt == head.length) {
        queue.removeFirst();
        headAt = 0;
        if (queue.isEmpty()) {
          input = null;
          queue = null;
        }
      }
    }
    return count;
  }

  @Override
  public int discardInput() {
    lock.lock();
    try {
      return discardLocked();
    } finally {
      lock.unlock();
    }
  }

  private int discardLocked() {
    Deque<byte[]> queue = input;
    int count = queue == null ? 0 : queue.stream().mapToInt(part -> part.length).sum() - headAt;
    input = null;
    headAt = 0;
    return count;
  }

  /** From now on output belongs to a command that looks at this sequence. */
  void pin(long seq) {
    pin = seq;
  }

  /** What is written from now on is followed by the end, and goes with it. */
  void ending() {
    ending = true;
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    int at = offset;
    int end = offset + length;
    while (at < end) {
      int part = spend(Math.min(end - at, PIECE));
      unsettledOutput = true;
      at += part;
      // The last piece alone: for another one there may have to be room first.
      carrier.output(octets, at - part, part, pin, ending && at == end);
      octetsOut.setOpaque(octetsOut.getPlain() + part);
    }
  }

  /** Waits for the front to have room; a client that takes nothing is the front's to judge. */
  private int spend(int wanted) throws IOException {
    lock.lock();
    try {
      awaitCredit();
      int part = Math.min(wanted, credit);
      credit -= part;
      return part;
    } finally {
      lock.unlock();
    }
  }

  private void awaitCredit() throws NetException.Closed {
    while (credit <= 0) {
      checkOpen();
      writingSince = writingSince == 0 ? System.nanoTime() | 1 : writingSince;
      pause(System.nanoTime() + TimeUnit.MINUTES.toNanos(1));
    }
    writingSince = 0;
    checkOpen();
  }

  /** Something that is no part of the answer; what was written before must have been flushed. */
  void aside(byte[] line) throws IOException {
    owe(line.length);
    carrier.aside(line);
    octetsOut.setOpaque(octetsOut.getPlain() + line.length);
  }

  /** Ends an answer: it goes with the place where it leaves the session. */
  void settle(long inputOffset, byte[] position, byte[] octets, int length) throws IOException {
    owe(position.length + length);
    unsettledOutput = false;
    silent = false;
    pin = -1;
    carrier.settled(inputOffset, position, octets, length);
    octetsOut.setOpaque(octetsOut.getPlain() + length);
  }

  /**
   * The end of an answer goes in one piece, with the position. That is a buffer and a short record,
   * so it may exceed the credit by as much; but it waits until there is some, or a client that asks
   * and never reads would have the front gather all the answers.
   */
  private void owe(int length) throws IOException {
    lock.lock();
    try {
      awaitCredit();
      credit -= length;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Has the front start TLS.
   *
   * @return the offset at which input comes through it
   */
  Started startTls(long inputOffset, byte[] octets, int length, long deadline) throws IOException {
    owe(length);
    carrier.startTls(inputOffset, octets, length);
    Switched done = awaitSwitch(deadline);
    if (done.tls() == null) {
      throw new NetException.TlsFailure("the front compressed in place of TLS", null);
    }
    return new Started(done.tls(), done.inputOffset());
  }

  /** What the front negotiated, and where in the input it begins. */
  record Started(TlsInfo tls, long inputOffset) {}

  /**
   * Has the front compress.
   *
   * @return the offset at which input comes through it
   */
  long startCompression(long inputOffset, byte[] octets, int length, long deadline)
      throws IOException {
    owe(length);
    carrier.startCompression(inputOffset, octets, length);
    return awaitSwitch(deadline).inputOffset();
  }

  private Switched awaitSwitch(long deadline) throws IOException {
    lock.lock();
    try {
      while (switched == null) {
        checkOpen();
        if (!pause(deadline)) {
          throw new NetException.ReadTimeout();
        }
      }
      Switched done = switched;
      switched = null;
      unsettledOutput = false;
      return done;
    } finally {
      lock.unlock();
    }
  }

  void account(String account, Home home) {
    carrier.account(account, home);
  }

  /** The session was left at its settled place. */
  void leave() {
    left = true;
    carrier.letGo();
  }

  @Override
  public void flush() {}

  @Override
  public void endOutput() {}

  @Override
  public void linger(long deadline) {}

  @Override
  public void release() {
    discardInput();
  }

  @Override
  public void signal() {
    lock.lock();
    try {
      signalled = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The client need not know: another node carries it on. */
  @Override
  public void stop() {
    letGo();
  }

  @Override
  public boolean isStopping() {
    return false;
  }

  @Override
  public boolean isWanted() {
    lock.lock();
    try {
      return wantedBack;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isWaiting() {
    lock.lock();
    try {
      return waiting;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean hasFailed() {
    return isClosed();
  }

  @Override
  public boolean isClosed() {
    lock.lock();
    try {
      return closed != null;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void checkWait(long now) {
    long until = waitingUntil;
    if (until != 0 && now - until >= 0) {
      lock.lock();
      try {
        if (waitingUntil == until) {
          waitingUntil = 0;
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  @Override
  public void checkWrite(long now, long limitNanos) {
    boolean late;
    lock.lock();
    try {
      late = writingSince != 0 && now - writingSince > limitNanos;
    } finally {
      lock.unlock();
    }
    if (late) {
      close(CloseReason.WRITE_TIMEOUT);
    }
  }

  @Override
  public void close(CloseReason reason) {
    CloseReason first;
    boolean tell;
    lock.lock();
    try {
      tell = closed == null && !left;
      if (closed == null) {
        closed = reason;
      }
      first = closed;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (tell) {
      carrier.closed(first);
    }
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
