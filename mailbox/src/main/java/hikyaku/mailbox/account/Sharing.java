package hikyaku.mailbox.account;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.log.proto.SharingEventRecord;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Conflict;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/**
 * Which accounts have ever shared a folder with one account, or with everybody: where to look for
 * what is shared. What may be done is told by the folders' rights alone, which may have been taken
 * back since. Entered before the rights are given, so that nothing shared is ever missed.
 *
 * <p>Safe for use by many threads.
 */
public final class Sharing {
  /** No account has this id. */
  public static final String EVERYBODY = "everybody";

  private final LogName log;
  private final LogStore logs;
  private final MailboxLimits limits;
  private volatile Fold fold = new Fold(0, new LinkedHashSet<>());

  private record Fold(long seq, SequencedSet<String> owners) {}

  /**
   * @param whom an account's id, or {@link #EVERYBODY}
   */
  public Sharing(String whom, LogStore logs, MailboxLimits limits) {
    this.log = log(whom);
    this.logs = logs;
    this.limits = limits;
  }

  public static LogName log(String whom) {
    return new LogName("sharing/" + whom);
  }

  /** Ids of accounts, the earliest first. */
  public SequencedSet<String> owners() {
    return Collections.unmodifiableSequencedSet(now().owners());
  }

  private Fold now() {
    Head head = logs.head(log);
    Fold known = fold;
    if (!head.exists()) {
      return new Fold(0, new LinkedHashSet<>());
    }
    // An account's log goes with the account, whose id is never used again.
    if (known.seq() >= head.seq()) {
      return known;
    }
    SequencedSet<String> owners = new LinkedHashSet<>(known.owners());
    for (Entry entry : logs.read(log, known.seq(), head.seq(), limits.sharers())) {
      owners.add(owner(entry));
    }
    Fold next = new Fold(head.seq(), owners);
    fold = next;
    return next;
  }

  private String owner(Entry entry) {
    try {
      return SharingEventRecord.parseFrom(entry.payload()).getOwner();
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "entry " + entry.seq() + " of " + log + " cannot be decoded", e);
    }
  }

  /**
   * Enters an account that is about to share.
   *
   * @throws MailboxException.LimitReached if too many do
   */
  public void add(String owner) {
    for (int tries = 0; tries < limits.conflicts(); tries++) {
      Fold now = now();
      if (now.owners().contains(owner)) {
        return;
      }
      if (now.owners().size() >= limits.sharers()) {
        throw new MailboxException.LimitReached("accounts that share with one", limits.sharers());
      }
      Event event =
          Event.of(SharingEventRecord.newBuilder().setOwner(owner).build().toByteString());
      Append append =
          Append.to(log, List.of(event))
              .expecting(now.seq() == 0 ? Append.Expect.NEW : Append.Expect.at(now.seq()));
      switch (logs.append(append)) {
        case Appended _ -> {
          return;
        }
        case Conflict _ -> {
          // Somebody else shares as well: look again.
        }
      }
    }
    throw new StoreException.Unavailable("log " + log + " moved at each attempt", null);
  }
}
