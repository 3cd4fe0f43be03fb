package hikyaku.server.smtpclient;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a connection that has come to the end of its time, whether it is being read or written: a
 * socket's own timeouts begin anew with each octet, and writing has none.
 */
final class Patience implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Patience.class);
  private static final Duration LONGEST_NAP = Duration.ofSeconds(1);

  private final Socket socket;
  private final Thread watch;
  private volatile long deadline;
  private volatile boolean over;

  Patience(Socket socket, Duration first) {
    this.socket = socket;
    this.deadline = System.nanoTime() + first.toNanos();
    this.watch = Thread.ofVirtual().name("smtp-patience").start(this::watch);
  }

  private void watch() {
    try {
      long left = deadline - System.nanoTime();
      while (left > 0) {
        Thread.sleep(Duration.ofNanos(Math.min(left, LONGEST_NAP.toNanos())));
        left = deadline - System.nanoTime();
      }
      over = true;
      socket.close();
    } catch (InterruptedException e) {
      // The connection is over.
    } catch (IOException e) {
      LOG.atDebug().setCause(e).log("closing a connection that took too long");
    }
  }

  /** From now on there is this much time. */
  void until(Duration time) {
    deadline = System.nanoTime() + time.toNanos();
  }

  /** Whether the time ran out. */
  boolean isOver() {
    return over;
  }

  @Override
  public void close() {
    watch.interrupt();
  }
}
