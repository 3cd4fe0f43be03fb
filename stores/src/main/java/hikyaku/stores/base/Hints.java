package hikyaku.stores.base;

import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells listeners which logs moved, on a thread of its own; what it cannot keep up with it drops.
 */
public final class Hints implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Hints.class);
  private static final int WAITING = 10_000;

  private final BlockingQueue<LogName> moved = new ArrayBlockingQueue<>(WAITING);
  private final List<Consumer<LogName>> listeners = new CopyOnWriteArrayList<>();
  private final Thread thread = Thread.ofVirtual().name("store-hints").unstarted(this::run);

  public void start() {
    thread.start();
  }

  public LogStore.Registration listen(Consumer<LogName> listener) {
    Consumer<LogName> own = listener::accept;
    listeners.add(own);
    return () -> listeners.remove(own);
  }

  public void tell(LogName log) {
    if (!listeners.isEmpty()) {
      boolean kept = moved.offer(log);
      LOG.atTrace().addKeyValue("log", log).addKeyValue("kept", kept).log("moved");
    }
  }

  private void run() {
    try {
      while (true) {
        LogName log = moved.take();
        listeners.forEach(listener -> tell(listener, log));
      }
    } catch (InterruptedException e) {
      LOG.atTrace().log("no more hints");
    }
  }

  private static void tell(Consumer<LogName> listener, LogName log) {
    try {
      listener.accept(log);
    } catch (RuntimeException e) {
      LOG.atWarn().setCause(e).log("a listener for hints has failed");
    }
  }

  @Override
  public void close() {
    listeners.clear();
    thread.interrupt();
  }
}
