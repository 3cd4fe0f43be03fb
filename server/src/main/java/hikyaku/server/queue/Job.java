package hikyaku.server.queue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done for one message at one destination. Guarded by its {@link Schedule}'s lock,
 * but for what is final.
 */
final class Job {
  /** How a job stands. */
  enum State {
    /** Its time has not come. */
    WAITING,
    /** It stands in its destination's line. */
    READY,
    /** A delivery is at it. */
    FLYING,
    /** An operator keeps it back. */
    HELD,
    /** Done, deleted, or another node's. */
    GONE
  }

  final Message message;
  final Destination destination;

  /** Places in the message's list of those who are waited for, in rising order. */
  int[] recipients;

  int attempts;

  /** When it is to be tried next, in milliseconds since 1970; 0 for at once. */
  long due;

  boolean delayTold;

  /** Whether its sender was told that it comes later than it was to. */
  boolean lateTold;

  /** The entry that says why it waits; 0 if it was never tried. */
  long deferral;

  State state = State.WAITING;

  /** Whether a delivery is at it, though it may be held or gone by now. */
  boolean flying;

  Job(Message message, Destination destination, int[] recipients) {
    this.message = message;
    this.destination = destination;
    this.recipients = recipients;
  }

  /** A message that waits: what memory holds of it. Guarded as its jobs. */
  static final class Message {
    private static final long[] NONE = {};

    final Part part;
    final long id;

    /** The entry that brought it. */
    final long seq;

    /** In milliseconds since 1970. */
    final long arrived;

    /** When its sender wants it to go, in milliseconds since 1970; 0 for at once. */
    long release;

    /** From when it is tried, and what time makes of a message counts, in milliseconds likewise. */
    long begins;

    /** By when it is to be delivered, in milliseconds since 1970; 0 for whenever. */
    long deadline;

    /** Whether it is given up then. */
    boolean returned;

    /** -9 to 9. */
    byte priority;

    /** The hash of its id. */
    int transaction;

    /** Of its sender, as {@link Likely#folded} has it. */
    int sender;

    /** Of the domain of all its recipients, as {@link Likely#domain} has it; 0 for several. */
    short domain;

    /** Who sends it, as far as those who send take turns. */
    int whose;

    /** One for each destination that is not done with. */
    Job[] jobs = {};

    /** What an operator wants of its recipients; null for nothing, as of nearly all. */
    @Nullable Wishes wishes;

    /** Entries that are needed for as long as the message waits, such as say what was settled. */
    long[] kept = NONE;

    Message(Part part, long id, long seq, long arrived, long release) {
      this.part = part;
      this.id = id;
      this.seq = seq;
      this.arrived = arrived;
      this.release = release;
      this.begins = Math.max(arrived, release);
    }

    /** An operator wants it to go before its time. */
    void releaseEarly(long now) {
      release = 0;
      begins = now;
    }

    /** Whether something of it is to be done at a destination. */
    boolean isAt(Destination destination) {
      return Arrays.stream(jobs)
          .anyMatch(job -> job.destination == destination && job.state != State.GONE);
    }

    /** Whether an operator keeps some of it back. */
    boolean isHeld() {
      return wishes != null && !wishes.held.isEmpty();
    }

    /** Whether an operator keeps one of these back. */
    boolean isHeld(BitSet places) {
      return wishes != null && wishes.held.intersects(places);
    }

    /** Those who wait, by their places. */
    BitSet waiting() {
      BitSet waiting = new BitSet();
      for (Job job : jobs) {
        Arrays.stream(job.recipients).forEach(waiting::set);
      }
      return waiting;
    }

    /** The entries that tell of it, but for orders that changed no more than times. */
    void entries(LongStream.Builder told) {
      told.add(seq);
      for (long each : kept) {
        told.add(each);
      }
      for (Job job : jobs) {
        if (job.deferral > 0) {
          told.add(job.deferral);
        }
      }
    }

    /** Whether an entry says what still matters of it. */
    boolean needs(long entry) {
      return Arrays.stream(kept).anyMatch(each -> each == entry)
          || Arrays.stream(jobs).anyMatch(job -> job.deferral == entry);
    }

    void keep(long entry) {
      kept = Arrays.copyOf(kept, kept.length + 1);
      kept[kept.length - 1] = entry;
    }
  }
}
