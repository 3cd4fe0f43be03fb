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

  /** What is taken more at a time. */
  private static final long STEP = 1 << 20;

  /** How long one waits in silence, in milliseconds. */
  private static final long SILENCE = 1_000;

  private final long most;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition freed = lock.newCondition();
  private long taken;

  /** What those have who wait for more. */
  private long stuck;

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

  /** What was taken, until it is closed. Used by one thread. */
  final class Space implements AutoCloseable {
    private final Mailbox.Steps steps;
    private long octets;

    private Space(long octets, Mailbox.Steps steps) {
      this.octets = octets;
      this.steps = steps;
    }

    /**
     * Takes more, if the work turns out to need so many octets: of messages it is known only when
     * they are looked at how much they have to say.
     *
     * @throws MailboxException.LimitReached if there never will be as many, or all that is taken
     *     belongs to work that waits for more
     */
    void atLeast(long needed) throws IOException {
      long more = needed - octets;
      if (needed <= SMALL || more <= 0) {
        return;
      }
      more = Math.max(more, Math.min(STEP, most - octets));
      if (octets + more > most) {
        throw tooMuch();
      }
      while (!tryTake(more, octets)) {
        steps.next();
      }
      octets += more;
    }

    @Override
    public void close() {
      if (octets > 0) {
        free(octets);
        octets = 0;
      }
    }
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
      return new Space(0, steps);
    }
    if (octets > most) {
      throw new MailboxException.LimitReached(
          "messages can be worked on at a time in the memory of this server", most / each);
    }
    while (!tryTake(octets, 0)) {
      steps.next();
    }
    return new Space(octets, steps);
  }

  private MailboxException tooMuch() {
    return new MailboxException.LimitReached(
        "octets of messages can be worked on at a time in the memory of this server", most);
  }

  /**
   * @param had by who asks; nobody waits for those who all wait
   */
  private boolean tryTake(long octets, long had) throws InterruptedIOException {
    long left = TimeUnit.MILLISECONDS.toNanos(SILENCE);
    lock.lock();
    stuck += had;
    try {
      while (taken + octets > most && left > 0) {
        if (had > 0 && stuck == taken) {
          throw tooMuch();
        }
        left = freed.awaitNanos(left);
      }
      boolean fits = taken + octets <= most;
      taken += fits ? octets : 0;
      return fits;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while it waited for memory");
    } finally {
      stuck -= had;
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
