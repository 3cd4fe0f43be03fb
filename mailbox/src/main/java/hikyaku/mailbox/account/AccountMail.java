package hikyaku.mailbox.account;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Attempts;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.log.MailboxCodec;
import hikyaku.mailbox.log.MailboxEvent;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Conflict;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogFold;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.Tally;
import hikyaku.mailbox.view.Mailbox;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The mail of one account on this node: its folder tree and the way to its mailboxes. Shared by all
 * sessions; safe for use by many threads.
 */
public final class AccountMail {
  private static final int READ_BATCH = 1_000;
  private static final int SNAPSHOT_AFTER = 500;

  private final String account;
  private final LogName log;
  private final MailStore mail;
  private final LogStore logs;
  private final MailboxLimits limits;
  private final Attempts attempts;
  private final Sharing sharing;
  private final LogFold<FolderTree> fold =
      new LogFold<>(FolderTree::seq, this::fromSnapshot, FoldersCodec::fold, READ_BATCH);
  private final ReentrantLock folding = new ReentrantLock();
  private volatile FolderTree tree = FolderTree.EMPTY;
  private long snapshotSeq;

  /** Called by {@link MailStore}. */
  public AccountMail(String account, MailStore mail) {
    this.account = account;
    this.log = foldersLog(account);
    this.mail = mail;
    this.logs = mail.store().logs();
    this.limits = mail.limits();
    this.attempts = new Attempts(log, logs);
    this.sharing = new Sharing(account, logs, limits);
  }

  public static LogName foldersLog(String account) {
    return new LogName("folders/" + account);
  }

  public static LogName mailboxLog(String account, long folder) {
    return new LogName("mailbox/" + account + "/" + folder);
  }

  /** Where it is noted who has an account's INBOX to itself, and since when. */
  public static LogName maildropLog(String account) {
    return new LogName("maildrop/" + account);
  }

  /** The log of an account's Sieve scripts. */
  public static LogName scriptsLog(String account) {
    return new LogName("sieve/" + account);
  }

  /** The log of what an account's Sieve scripts know of runs before. */
  public static LogName sieveMemoryLog(String account) {
    return new LogName("sieve-memory/" + account);
  }

  /** The log of how much an account sends to other servers. */
  public static LogName sendingLog(String account) {
    return new LogName("sending/" + account);
  }

  public String account() {
    return account;
  }

  /** The log of the folder tree, for those who listen to hints. */
  public LogName log() {
    return log;
  }

  // ---- reading

  /** The folders as they are now. An account's first look makes INBOX and the usual folders. */
  public FolderTree tree() {
    Head head = logs.head(log);
    if (!head.exists()) {
      createDefaults();
      head = logs.head(log);
    }
    FolderTree known = tree;
    return known.seq() >= head.seq() ? known : catchUp(head.seq());
  }

  /** The folders as they were seen last, without a look at the store: for what is only told. */
  public FolderTree lastTree() {
    return tree;
  }

  private FolderTree catchUp(long seq) {
    folding.lock();
    try {
      FolderTree next = fold.catchUp(logs, log, tree, seq);
      tree = next;
      return next;
    } finally {
      folding.unlock();
    }
  }

  /**
   * The folders as they were at a sequence of the log, for a command that is repeated and must see
   * what it saw.
   *
   * @return empty if the log no longer tells
   */
  public Optional<FolderTree> treeAt(long seq) {
    FolderTree known = tree();
    if (known.seq() <= seq) {
      return Optional.of(known).filter(exact -> exact.seq() == seq);
    }
    FolderTree then =
        logs.snapshot(log)
            .filter(snapshot -> snapshot.seq() <= seq)
            .map(FoldersCodec::decode)
            .orElse(FolderTree.EMPTY);
    while (then.seq() < seq) {
      List<Entry> entries = logs.read(log, then.seq(), seq, READ_BATCH);
      if (entries.isEmpty() || entries.getLast().seq() != then.seq() + entries.size()) {
        return Optional.empty();
      }
      then = FoldersCodec.fold(then, entries);
    }
    return Optional.of(then);
  }

  private FolderTree fromSnapshot(Snapshot snapshot) {
    snapshotSeq = snapshot.seq();
    return FoldersCodec.decode(snapshot);
  }

  /** Lets a long tail of renames and subscriptions shrink to a fold. */
  private void snapshotIfLong() {
    folding.lock();
    try {
      FolderTree now = tree;
      if (now.seq() - snapshotSeq >= SNAPSHOT_AFTER) {
        logs.saveSnapshot(log, new Snapshot(now.seq(), FoldersCodec.encode(now)));
        long first = snapshotSeq;
        long[] dead = new long[Math.toIntExact(now.seq() - first)];
        java.util.Arrays.setAll(dead, i -> first + 1 + i);
        logs.compact(log, dead);
        snapshotSeq = now.seq();
      }
    } finally {
      folding.unlock();
    }
  }

  /**
   * @throws MailboxException.Nonexistent if there is no such folder
   */
  public Mailbox mailbox(String name) {
    return mailbox(tree().folder(name).orElseThrow(MailboxException.Nonexistent::new));
  }

  public Mailbox inbox() {
    return mailbox(tree().inbox());
  }

  /** The mailbox of a folder of {@link #tree}. */
  public Mailbox mailbox(Folder folder) {
    LogName name = mailboxLog(account, folder.id());
    if (!logs.head(name).exists()) {
      // A crash came between the folder and its mailbox, or the folder is being deleted just now.
      createLog(folder);
      if (tree().folder(folder.id()).isEmpty()) {
        logs.drop(name);
        throw new MailboxException.Gone();
      }
    }
    return mail.mailbox(name);
  }

  /** The mailbox of a folder that was there; asked for what it holds, it may be gone. */
  public Mailbox mailbox(long folder) {
    return mail.mailbox(mailboxLog(account, folder));
  }

  private void createLog(Folder folder) {
    Event created = MailboxCodec.event(new MailboxEvent.Created(folder.uidValidity()));
    // A conflict means that somebody else was first, which is as good.
    logs.append(
        Append.to(mailboxLog(account, folder.id()), List.of(created)).expecting(Append.Expect.NEW));
  }

  /** What all mailboxes of the account hold together. */
  public Tally usage() {
    Tally sum = Tally.ZERO;
    LogName after = null;
    String prefix = "mailbox/" + account + "/";
    while (true) {
      SortedMap<LogName, Head> page = new java.util.TreeMap<>(logs.list(prefix, after, READ_BATCH));
      for (Head head : page.values()) {
        sum = sum.plus(head.tally());
      }
      if (page.size() < READ_BATCH) {
        return sum;
      }
      after = page.lastKey();
    }
  }

  // ---- writing

  private void createDefaults() {
    long validity = nextUidValidity(0);
    record Default(String name, @Nullable SpecialUse use) {}
    List<Default> defaults =
        List.of(
            new Default(Folder.INBOX, null),
            new Default("Archive", SpecialUse.ARCHIVE),
            new Default("Drafts", SpecialUse.DRAFTS),
            new Default("Junk", SpecialUse.JUNK),
            new Default("Sent", SpecialUse.SENT),
            new Default("Trash", SpecialUse.TRASH));
    List<Event> events = new ArrayList<>();
    for (Default d : defaults) {
      Set<SpecialUse> uses = d.use == null ? Set.of() : Set.of(d.use);
      events.add(FoldersCodec.created(d.name, validity++, uses));
      events.add(FoldersCodec.subscription(d.name, true));
    }
    logs.append(Append.to(log, events).expecting(Append.Expect.NEW));
  }

  /**
   * One that no folder of the account ever had: any of them may come to be called as another was
   * (RFC 9051 §2.3.1.1). Seconds since 1970 until 2106; that of each further folder is one higher.
   */
  private long nextUidValidity(long last) {
    return Math.max(mail.clock().instant().getEpochSecond(), last + 1);
  }

  /**
   * Makes a folder. Levels above it that are no folders are made too (RFC 9051 §6.3.4).
   *
   * @param specialUse RFC 6154 §3
   */
  public Folder create(String name, Set<SpecialUse> specialUse, Attempt attempt) {
    String canonical = FolderName.canonical(name);
    FolderName.check(canonical, limits);
    FolderTree after =
        change(
            attempt,
            now -> {
              if (now.named(canonical) != null) {
                throw new MailboxException.AlreadyExists();
              }
              Annotating.checkUses(now, 0, specialUse);
              List<Event> events = new ArrayList<>();
              long validity = nextUidValidity(now.lastUidValidity());
              long above = above(now, canonical);
              for (String missing : missingParents(now, canonical)) {
                events.add(FoldersCodec.created(missing, validity++, Set.of(), 0, above));
              }
              events.add(FoldersCodec.created(canonical, validity, copy(specialUse), 0, above));
              checkCount(now.size() + events.size());
              return events;
            });
    Folder made = after.named(canonical);
    if (made == null) {
      throw new MailboxException.Gone();
    }
    createMissingLogs(after, canonical);
    return made;
  }

  private static Set<SpecialUse> copy(Set<SpecialUse> uses) {
    return uses.isEmpty() ? Set.of() : EnumSet.copyOf(uses);
  }

  private static List<String> missingParents(FolderTree now, String name) {
    List<String> missing = new ArrayList<>();
    for (String parent = FolderName.parent(name);
        !parent.isEmpty();
        parent = FolderName.parent(parent)) {
      if (now.named(parent) == null) {
        missing.addFirst(parent);
      }
    }
    return missing;
  }

  /** The folder that a new one takes its rights from (RFC 4314 §3): the nearest above it, or 0. */
  private static long above(FolderTree now, String name) {
    return now.nearestAbove(name).map(Folder::id).orElse(0L);
  }

  private void checkCount(int count) {
    if (count > limits.folders()) {
      throw new MailboxException.LimitReached("folders", limits.folders());
    }
  }

  /**
   * Deletes a folder and its messages; its children stay (RFC 9051 §6.3.5).
   *
   * @return the folder's id
   * @throws MailboxException.NotAllowed for INBOX
   * @throws MailboxException.Nonexistent if there is no such folder, be it that it has children
   */
  public long delete(String name, Attempt attempt) {
    String canonical = FolderName.canonical(name);
    if (canonical.equals(Folder.INBOX)) {
      throw new MailboxException.NotAllowed("INBOX cannot be deleted");
    }
    FolderTree now = tree();
    FolderTree before =
        attempts.done(attempt).flatMap(done -> treeAt(done.firstSeq() - 1)).orElse(now);
    FolderTree[] decided = {before};
    change(
        attempt,
        tree -> {
          decided[0] = tree;
          return List.of(FoldersCodec.deleted(existing(tree, canonical).id()));
        });
    long id = existing(decided[0], canonical).id();
    mail.drop(mailboxLog(account, id));
    return id;
  }

  private static Folder existing(FolderTree tree, String canonical) {
    Folder folder = tree.named(canonical);
    if (folder == null) {
      throw new MailboxException.Nonexistent();
    }
    return folder;
  }

  /**
   * Renames a folder and those below it. INBOX keeps its name and becomes empty: its messages go
   * under the new name (RFC 9051 §6.3.6), and its children stay.
   */
  public void rename(String from, String to, Attempt attempt) {
    String source = FolderName.canonical(from);
    String target = FolderName.canonical(to);
    FolderName.check(target, limits);
    if (target.startsWith(source + FolderName.SEPARATOR)) {
      throw new MailboxException.NotAllowed("A mailbox cannot be put below itself");
    }
    FolderTree after =
        change(
            attempt,
            now -> {
              if (now.named(target) != null) {
                throw new MailboxException.AlreadyExists();
              }
              List<Event> events = new ArrayList<>();
              long validity = nextUidValidity(now.lastUidValidity());
              long above = above(now, target);
              for (String missing : missingParents(now, target)) {
                events.add(FoldersCodec.created(missing, validity++, Set.of(), 0, above));
              }
              renameEvents(now, source, target, validity, events);
              checkCount(now.size() + events.size());
              return events;
            });
    // Only these may be new: an account has too many folders to look at each.
    createMissingLog(after.named(Folder.INBOX));
    createMissingLogs(after, FolderName.parent(target));
  }

  /** Of a name and of those above it. */
  private void createMissingLogs(FolderTree tree, String canonical) {
    for (String name = canonical; !name.isEmpty(); name = FolderName.parent(name)) {
      createMissingLog(tree.named(name));
    }
  }

  private void createMissingLog(@Nullable Folder folder) {
    if (folder == null || logs.head(mailboxLog(account, folder.id())).exists()) {
      return;
    }
    createLog(folder);
    // Another may have deleted the folder since, and its log.
    if (tree().folder(folder.id()).isEmpty()) {
      logs.drop(mailboxLog(account, folder.id()));
    }
  }

  private void renameEvents(
      FolderTree now, String source, String target, long validity, List<Event> events) {
    Folder folder = now.named(source);
    Map<String, Folder> children = now.below(source);
    if (folder == null && children.isEmpty()) {
      throw new MailboxException.Nonexistent();
    }
    if (folder != null) {
      events.add(FoldersCodec.renamed(folder.id(), target));
    }
    if (source.equals(Folder.INBOX)) {
      long before = folder == null ? 0 : folder.id();
      events.add(FoldersCodec.created(Folder.INBOX, validity, Set.of(), before, before));
      return;
    }
    for (Folder child : children.values()) {
      String name = target + child.name().substring(source.length());
      FolderName.check(name, limits);
      if (now.named(name) != null && !children.containsKey(name)) {
        throw new MailboxException.AlreadyExists();
      }
      events.add(FoldersCodec.renamed(child.id(), name));
    }
  }

  /** Adds a name to the subscriptions, whether or not there is such a folder. */
  public void subscribe(String name, Attempt attempt) {
    String canonical = FolderName.canonical(name);
    FolderName.check(canonical, limits);
    change(
        attempt,
        now -> {
          if (now.subscriptions().contains(canonical)) {
            return List.of();
          }
          if (now.subscriptions().size() >= limits.subscriptions()) {
            throw new MailboxException.LimitReached("subscriptions", limits.subscriptions());
          }
          return List.of(FoldersCodec.subscription(canonical, true));
        });
  }

  public void unsubscribe(String name, Attempt attempt) {
    String canonical = FolderName.canonical(name);
    change(
        attempt,
        now ->
            now.subscriptions().contains(canonical)
                ? List.of(FoldersCodec.subscription(canonical, false))
                : List.of());
  }

  /**
   * Notes something of a folder, or takes back what was noted.
   *
   * @param name the folder's; empty for what is noted of the account as a whole
   * @throws MailboxException.Nonexistent if there is no such folder
   */
  public void annotate(String name, Annotating annotating, Attempt attempt) {
    String canonical = FolderName.canonical(name);
    change(
        attempt,
        now -> annotating.events(now, name.isEmpty() ? null : existing(now, canonical), limits));
  }

  /**
   * Changes what somebody may do with a folder (RFC 4314 §3.1).
   *
   * @param who as {@code folders.proto} says
   * @param change what there is to what is to be
   * @throws MailboxException.Nonexistent if there is no such folder
   */
  public void grant(String name, String who, UnaryOperator<Rights> change, Attempt attempt) {
    String canonical = FolderName.canonical(name);
    change(
        attempt,
        now -> {
          Folder folder = existing(now, canonical);
          Map<String, Rights> granted = now.rights(folder);
          Rights before = granted.getOrDefault(who, Rights.NONE);
          Rights after = change.apply(before);
          if (after.equals(before)) {
            return List.of();
          }
          if (before.isEmpty() && granted.size() >= limits.rights()) {
            throw new MailboxException.LimitReached("entries of rights", limits.rights());
          }
          return List.of(FoldersCodec.granted(folder.id(), who, after));
        });
  }

  /** Which accounts share folders with this one. */
  public Sharing sharing() {
    return sharing;
  }

  /** Takes away everything. The directory must have forgotten the account before. */
  public void removeAll() {
    while (true) {
      var page = logs.list("mailbox/" + account + "/", null, READ_BATCH);
      if (page.isEmpty()) {
        break;
      }
      page.keySet().forEach(mail::drop);
    }
    logs.drop(log);
    logs.drop(maildropLog(account));
    logs.drop(scriptsLog(account));
    logs.drop(sieveMemoryLog(account));
    logs.drop(sendingLog(account));
    logs.drop(Sharing.log(account));
  }

  /**
   * Decides on the tree as it is, writes if it is still so, and else decides again. What was done
   * before is not decided again: an attempt before this one may take effect at any moment, so it is
   * looked up behind each look at the tree.
   *
   * @return the tree right after the change, or later if the log does not tell any more
   */
  private FolderTree change(Attempt attempt, Function<FolderTree, List<Event>> decision) {
    for (int tries = 0; tries < limits.conflicts(); tries++) {
      FolderTree now = tree();
      Optional<Appended> done = attempts.done(attempt);
      if (done.isPresent()) {
        return treeAt(done.get().lastSeq()).orElseGet(this::tree);
      }
      List<Event> events = decision.apply(now);
      if (events.isEmpty()) {
        return now;
      }
      Append append = Append.to(log, events).expecting(Append.Expect.at(now.seq()));
      switch (attempts.write(append, attempt)) {
        case Appended appended -> {
          FolderTree after = catchUp(appended.lastSeq());
          snapshotIfLong();
          return after;
        }
        case Conflict _ -> {
          // Somebody else changed the tree: decide again on what it is now.
        }
      }
    }
    throw new StoreException.Unavailable(
        "log " + log + " moved at each of " + limits.conflicts() + " attempts to write to it",
        null);
  }
}
