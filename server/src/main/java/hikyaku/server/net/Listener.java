package hikyaku.server.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One bound address and the platform thread that accepts there. */
final class Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(10);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final ListenerSpec spec;
  private final Accepting accepting;
  private final Closing closing;
  private final InetSocketAddress address;
  private final Guest guest;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean closed;

  /** Takes the next connection, as {@link ServerSocketChannel#accept()}. */
  interface Accepting {
    SocketChannel accept() throws IOException;
  }

  /** Stops the taking. */
  interface Closing {
    void close() throws IOException;
  }

  /** What is done with a connection; must not block. */
  interface Guest {
    void arrived(ListenerSpec listener, SocketChannel channel);
  }

  Listener(
      ListenerSpec spec,
      InetSocketAddress address,
      Accepting accepting,
      Closing closing,
      Guest guest) {
    this.spec = spec;
    this.address = address;
    this.accepting = accepting;
    this.closing = closing;
    this.guest = guest;
    this.thread = Thread.ofPlatform().daemon().name("accept-" + spec.name()).unstarted(this::run);
  }

  /**
   * Binds.
   *
   * @throws IOException naming the listener, the address and the reason
   */
  static Listener bind(ListenerSpec spec, int backlog, Guest guest) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(spec.address(), backlog);
      return new Listener(
          spec,
          (InetSocketAddress) channel.getLocalAddress(),
          channel::accept,
          channel::close,
          guest);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw new IOException("listener " + spec + " cannot be bound: " + e.getMessage(), e);
    }
  }

  InetSocketAddress address() {
    return address;
  }

  ListenerSpec spec() {
    return spec;
  }

  void start() {
    thread.start();
  }

  private void run() {
    Duration pause = FIRST_PAUSE;
    while (!isClosed()) {
      try {
        SocketChannel channel = accepting.accept();
        pause = FIRST_PAUSE;
        guest.arrived(spec, channel);
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        // Mostly the limit of file descriptors. The client waits in the backlog meanwhile; asking
        // again at once would only burn the processor.
        LOG.atWarn()
            .addKeyValue("listener", spec.name())
            .addKeyValue("pause", pause)
            .addKeyValue("cause", e.getMessage())
            .log("cannot accept");
        rest(pause);
        pause = min(pause.multipliedBy(2), LONGEST_PAUSE);
      }
    }
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private void rest(Duration pause) {
    lock.lock();
    try {
      if (!closed && changed.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.atDebug().addKeyValue("listener", spec.name()).log("pause cut short");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** A descriptor became free: try again. */
  void nudge() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Refuses what comes from now on; returns when the last accepted connection was handed over. */
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      closing.close();
    } catch (IOException e) {
      LOG.atWarn().addKeyValue("listener", spec.name()).setCause(e).log("closing a listener");
    }
    Threads.join(thread);
  }
}
