package hikyaku.server.imap;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.view.Mailbox;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Memory in which a node sorts, threads and copies messages, a share of its heap. What would not
 * fit beside the work of others waits for them: many at large mailboxes are served more slowly, and
 * none costs the node its memory. Safe for use by many threads.
 */
final class Workspace {
  /** So much is always to be had: it is what any other command may take. */
  private static final long SMALL = 1 << 20;

  /** How long one waits in silence, in milliseconds. */
  private static final long SILENCE = 1_000;

  private final long most;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition freed = lock.newCondition();
  private long taken;

  /**
   * @param most octets that all work may take together
   */
  Workspace(long most) {
    this.most = most;
  }

  /** A share of the heap, which is also there for mailboxes, briefs and all else. */
  static Workspace ofHeap() {
    return new Workspace(Runtime.getRuntime().maxMemory() / 5 * 2);
  }

  /** What was taken, until it is closed. */
  interface Space extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Takes memory for so many messages, waiting until there is enough.
   *
   * @param each octets that one takes, about
   * @param steps run now and then while it waits
   * @throws MailboxException.LimitReached if there never will be: NO [LIMIT]
   */
  Space take(long messages, long each, Mailbox.Steps steps) throws IOException {
    long octets = messages * each;
    if (octets <= SMALL) {
      return () -> {};
    }
    if (octets > most) {
      throw new MailboxException.LimitReached(
          "messages can be worked on at a time in the memory of this server", most / each);
    }
    while (!tryTake(octets)) {
      steps.next();
    }
    return () -> free(octets);
  }

  private boolean tryTake(long octets) throws InterruptedIOException {
    long left = TimeUnit.MILLISECONDS.toNanos(SILENCE);
    lock.lock();
    try {
      while (taken + octets > most && left > 0) {
        left = freed.awaitNanos(left);
      }
      boolean fits = taken + octets <= most;
      taken += fits ? octets : 0;
      return fits;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while it waited for memory");
    } finally {
      lock.unlock();
    }
  }

  private void free(long octets) {
    lock.lock();
    try {
      taken -= octets;
      freed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
