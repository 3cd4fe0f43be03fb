package hikyaku.server.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that looks at many sockets, and tells whoever watches one what can be done with it.
 * Registrations are kept, and what is wanted of a socket is a number: a wait costs a system call at
 * most.
 *
 * <p>There are few of these in a process and everybody shares them, so whoever is told must not
 * wait for anything.
 */
public final class Lookout {
  private static final Logger LOG = LoggerFactory.getLogger(Lookout.class);

  private static final Lookout[] ALL =
      new Lookout[Math.max(1, Runtime.getRuntime().availableProcessors() / 2)];
  private static final AtomicInteger TURN = new AtomicInteger();

  static {
    for (int i = 0; i < ALL.length; i++) {
      ALL[i] = new Lookout("lookout-" + i);
    }
  }

  private final Selector selector;
  private final Looker thread;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

  /** What is put off to the end of a turn. The thread's own. */
  private final List<Runnable> afterwards = new ArrayList<>();

  /** Is told what can be done; on the lookout's thread, so it must not wait. */
  @FunctionalInterface
  public interface Watcher {
    /**
     * @param ops of those wanted, as {@link SelectionKey#readyOps()}; told again and again while
     *     they are wanted and nothing is done
     */
    void ready(int ops);
  }

  private static final class Looker extends Thread {
    final Lookout lookout;

    Looker(Lookout lookout, String name) {
      super(lookout::run, name);
      this.lookout = lookout;
      setDaemon(true);
    }
  }

  private Lookout(String name) {
    try {
      selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException("no selector", e);
    }
    thread = new Looker(this, name);
    thread.start();
  }

  /** One of the process's lookouts, in turn. */
  public static Lookout one() {
    return ALL[Math.floorMod(TURN.getAndIncrement(), ALL.length)];
  }

  /** Whether a lookout calls: then there is no waiting. */
  public static boolean isHere() {
    return here() != null;
  }

  private static @Nullable Lookout here() {
    return Thread.currentThread() instanceof Looker looker ? looker.lookout : null;
  }

  /**
   * Has the task run at the end of the turn at hand, so that what gathers in it goes out in one
   * piece.
   *
   * @return false, and nothing more, if the calling thread is no lookout's
   */
  public static boolean afterwards(Runnable task) {
    Lookout here = here();
    if (here == null) {
      return false;
    }
    here.afterwards.add(task);
    return true;
  }

  /** Has the task run on the lookout's thread, soon. */
  public void execute(Runnable task) {
    tasks.add(task);
    selector.wakeup();
  }

  /**
   * Begins to watch a channel, which is in non-blocking mode from now on. Closing the channel ends
   * the watch.
   *
   * @param ops what is wanted of it at first, which the watcher may be told before this returns
   */
  public Watch watch(SocketChannel channel, Watcher watcher, int ops) throws IOException {
    channel.configureBlocking(false);
    Watch made = new Watch(channel.register(selector, ops, watcher));
    if (ops != 0) {
      wakeUp();
    }
    return made;
  }

  /** Has the thread take notice of what was changed; it does by itself at the end of its turn. */
  private void wakeUp() {
    if (Thread.currentThread() != thread) {
      selector.wakeup();
    }
  }

  /** One channel, watched. */
  public final class Watch {
    private final SelectionKey key;

    private Watch(SelectionKey key) {
      this.key = key;
    }

    /** Has the watcher told when these can be done, until other ones are wanted. */
    public void want(int ops) {
      try {
        if (key.interestOps() != ops) {
          key.interestOps(ops);
          wakeUp();
        }
      } catch (CancelledKeyException e) {
        // Its owner meets the closed channel.
      }
    }

    /** Closes the channel, and lets go of its descriptor at once. */
    public void close() throws IOException {
      if (key.channel().isOpen()) {
        try {
          key.channel().close();
        } finally {
          wakeUp();
        }
      }
    }
  }

  private void run() {
    while (true) {
      try {
        selector.select(this::tell);
        runTasks();
        runAfterwards();
      } catch (Throwable e) {
        // Whatever it is: without this thread nothing goes on.
        LOG.atError().setCause(e).log("a lookout stumbled");
      }
    }
  }

  private void tell(SelectionKey key) {
    try {
      if (key.attachment() instanceof Watcher watcher) {
        watcher.ready(key.readyOps());
      }
    } catch (CancelledKeyException e) {
      // Closed meanwhile; its owner knows.
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("bug at a lookout");
      key.cancel();
    }
  }

  private void runTasks() {
    Runnable task;
    while ((task = tasks.poll()) != null) {
      run(task);
    }
  }

  /** A task may put off others. */
  private void runAfterwards() {
    for (int i = 0; i < afterwards.size(); i++) {
      run(afterwards.get(i));
    }
    afterwards.clear();
  }

  private static void run(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("bug at a lookout");
    }
  }
}
