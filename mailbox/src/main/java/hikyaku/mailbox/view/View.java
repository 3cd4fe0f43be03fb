package hikyaku.mailbox.view;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.log.UidSet;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * What one session has been told of a mailbox. Its message numbers stay as they are, whatever other
 * sessions do, until {@link #tell} hands out the news. Used by one thread.
 *
 * <p>A view is the newest fold that the session has looked at, less the messages not told yet, plus
 * the ghosts: messages that are gone and whose going has not been told. Ghosts have a number and a
 * UID, and nothing else.
 */
public final class View {
  private final Mailbox mailbox;
  private MailboxState state;

  /** Messages with lower UIDs have been told. */
  private long appends;

  private long expunges;
  private long flags;

  /** UIDs of ghosts, rising. */
  private long[] ghosts;

  /**
   * UIDs, rising, of messages that came and went before either was told. They become ghosts if
   * their coming must be told before their going: the positions alone cannot tell them from others.
   */
  private long[] unborn = new long[0];

  /** Entries of this session's own whose flag changes it answers itself. */
  private UidSet ownUids = UidSet.EMPTY;

  private long ownSeq;

  private View(Mailbox mailbox, MailboxState state, Positions told, long[] ghosts) {
    this.mailbox = mailbox;
    this.state = state;
    appends = told.appends();
    expunges = told.expunges();
    flags = told.flags();
    this.ghosts = ghosts;
  }

  /** A view of the mailbox as it is now, everything told. */
  public static View open(Mailbox mailbox) {
    return open(mailbox, mailbox.refresh());
  }

  /** A view of the mailbox as it was at one sequence, everything told. */
  public static View open(Mailbox mailbox, MailboxState at) {
    return new View(mailbox, at, new Positions(at.uidNext(), at.seq(), at.seq()), new long[0]);
  }

  /**
   * A session's view carried on from where it was, perhaps on another node. The store is not asked
   * yet: until the first {@link #refresh} or {@link #advance} the view has only its positions.
   */
  public static View at(Mailbox mailbox, Positions positions) {
    return new View(mailbox, MailboxState.EMPTY, positions, new long[0]);
  }

  /** Sorts what went into ghosts and unborn. */
  private void bury(UidSet gone) {
    LongStream.Builder told = LongStream.builder();
    LongStream.Builder untold = LongStream.builder();
    gone.forEach(uid -> (uid < appends ? told : untold).add(uid));
    ghosts = merged(ghosts, told.build().toArray());
    unborn = merged(unborn, untold.build().toArray());
  }

  private static long[] merged(long[] some, long[] others) {
    if (others.length == 0) {
      return some;
    }
    return LongStream.concat(Arrays.stream(some), Arrays.stream(others)).sorted().toArray();
  }

  public Mailbox mailbox() {
    return mailbox;
  }

  /** Where this session stands. Between two commands it says all there is to say. */
  public Positions positions() {
    return new Positions(appends, expunges, flags);
  }

  /** The fold that indexes given by this view refer to. */
  public MailboxState state() {
    return state;
  }

  /** How many messages the session knows of. */
  public int size() {
    return state.countBelow(appends) + ghosts.length;
  }

  /** How many messages of {@link #state} have been told: those with the lowest indexes. */
  public int toldHere() {
    return state.countBelow(appends);
  }

  /** HIGHESTMODSEQ as far as this session has been told everything up to it. */
  public long highestModseqTold() {
    return Math.min(expunges, flags);
  }

  // ---- numbers

  /**
   * The UID of a message number.
   *
   * @throws IndexOutOfBoundsException unless 1 <= number <= size
   */
  public long uid(int number) {
    int before = ghostsBefore(number);
    if (before < ghosts.length && rank(before) == number - 1) {
      return ghosts[before];
    }
    checkNumber(number);
    return state.uid(number - 1 - before);
  }

  /** The number of a UID, or 0 if this session has no such message. */
  public int number(long uid) {
    if (uid >= appends) {
      return 0;
    }
    int ghost = Arrays.binarySearch(ghosts, uid);
    if (ghost >= 0) {
      return rank(ghost) + 1;
    }
    int index = state.indexOf(uid);
    return index < 0 ? 0 : index + (-ghost - 1) + 1;
  }

  /** The index in {@link #state} of a message number, or -1 if the message is a ghost. */
  public int index(int number) {
    int before = ghostsBefore(number);
    if (before < ghosts.length && rank(before) == number - 1) {
      return -1;
    }
    checkNumber(number);
    return number - 1 - before;
  }

  /** The number of the message at an index of {@link #state}, or 0 if it was not told yet. */
  public int numberAt(int index) {
    long uid = state.uid(index);
    if (uid >= appends) {
      return 0;
    }
    return ghosts.length == 0 ? index + 1 : index - Arrays.binarySearch(ghosts, uid);
  }

  /** Whether messages of this view are gone already. */
  public boolean hasGhosts() {
    return ghosts.length > 0;
  }

  private void checkNumber(int number) {
    if (number < 1 || number > size()) {
      throw new IndexOutOfBoundsException("message number " + number + " of " + size());
    }
  }

  /** The rank of a ghost among all messages of the view, from 0. */
  private int rank(int ghost) {
    return ghost + state.countBelow(ghosts[ghost]);
  }

  /** How many ghosts have a lower number. */
  private int ghostsBefore(int number) {
    int low = 0;
    int high = ghosts.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (rank(middle) < number - 1) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Those of the UIDs that the session has a message of, be it a ghost. */
  public UidSet known(UidSet uids) {
    UidSet.Builder known = new UidSet.Builder();
    state.forEachIndex(
        uids,
        index -> {
          if (numberAt(index) > 0) {
            known.add(state.uid(index));
          }
        });
    return known.build().union(UidSet.of(ghosts).intersect(uids));
  }

  // ---- news

  /**
   * Looks at the mailbox as it is now. Numbers do not change; messages may become ghosts.
   *
   * @throws MailboxException.TooFarBehind as {@link #advance}
   */
  public void refresh() {
    advance(mailbox.refresh());
  }

  /** The first look of a view that was carried on: its positions say what is to be told. */
  private void carryOn(MailboxState now) {
    if (!now.knowsExpungesSince(expunges)) {
      throw new MailboxException.TooFarBehind();
    }
    bury(now.expungedSince(expunges));
    state = now;
  }

  /**
   * Looks at a newer fold, which the session got as the outcome of a write of its own.
   *
   * @throws MailboxException.TooFarBehind if the view was carried on and its message numbers cannot
   *     be known, for the log has forgotten expunges since
   */
  public void advance(MailboxState now) {
    if (now.seq() <= state.seq()) {
      return;
    }
    if (state.seq() == 0) {
      carryOn(now);
      return;
    }
    UidSet gone =
        now.knowsExpungesSince(state.seq())
            ? now.expungedSince(state.seq())
            : state.uids().minus(now.uids());
    bury(gone);
    state = now;
  }

  /**
   * Notes a flag change of this session's own, whose replies the session writes itself: {@link
   * #tell} leaves those messages out unless they change again.
   *
   * @param seq the entry of the change
   * @param uids the messages whose new flags the client knows
   */
  public void own(long seq, UidSet uids) {
    ownSeq = seq;
    ownUids = uids;
  }

  /** How many things {@link #tell} would tell at most. */
  public int countNews() {
    int[] count = {ghosts.length + unborn.length + 1};
    state.changedSince(flags, index -> count[0]++);
    return count[0];
  }

  /** Whether {@link #tell} would tell something. */
  public boolean hasNews(boolean expungesAllowed) {
    return (expungesAllowed && ghosts.length > 0)
        || state.uidNext() > appends
        || state.seq() > flags;
  }

  /**
   * Hands out what {@link #refresh} found, after which it counts as told. While expunges may not be
   * told, a message that came and went meanwhile is told as come, and is a ghost.
   *
   * @param expungesAllowed false while the client may be using message numbers (RFC 9051 §7.5.1):
   *     ghosts stay ghosts
   */
  public News tell(boolean expungesAllowed) {
    int[] expunged = new int[0];
    UidSet vanished = UidSet.EMPTY;
    if (expungesAllowed) {
      expunged = new int[ghosts.length];
      for (int i = 0; i < ghosts.length; i++) {
        expunged[ghosts.length - 1 - i] = rank(i) + 1;
      }
      vanished = UidSet.of(ghosts);
      ghosts = new long[0];
      expunges = state.seq();
    }
    long toldBefore = appends;
    int sizeBefore = size();
    appends = state.uidNext();
    if (!expungesAllowed) {
      ghosts = merged(ghosts, unborn);
    }
    unborn = new long[0];
    int exists = size() > sizeBefore ? size() : -1;
    IntStream.Builder changed = IntStream.builder();
    state.changedSince(
        flags,
        index -> {
          long uid = state.uid(index);
          boolean own = state.modseq(index) == ownSeq && ownUids.contains(uid);
          if (uid < toldBefore && !own) {
            changed.add(numberAt(index));
          }
        });
    flags = state.seq();
    ownUids = UidSet.EMPTY;
    ownSeq = 0;
    return new News(expunged, vanished, exists, changed.build().toArray());
  }
}
