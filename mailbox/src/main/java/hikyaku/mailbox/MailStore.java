package hikyaku.mailbox;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Sharing;
import hikyaku.mailbox.log.MailboxCodec;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.Conflict;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Outcome;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.view.BriefCache;
import hikyaku.mailbox.view.FoldKeeper;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.protocol.mime.SevenBit;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * All mail on this node. Mailboxes and folder trees that are in use, or were lately, stay folded in
 * memory; one that is forgotten is folded again from the store. Two folds of one log may exist at a
 * time and are both right, since each asks the store's head.
 */
public final class MailStore implements AutoCloseable {
  /** What a mailbox weighs in the cache besides its messages, in messages. */
  private static final int MAILBOX_WEIGHT = 20;

  /** What a message of a folded mailbox takes in memory, in octets, about. */
  private static final int FOLDED_OCTETS = 25;

  /** Mailboxes of a smaller part of what there is room for are opened without a look at it. */
  private static final int LARGE_PART = 20;

  /** How often garbage is collected, at most, to see which large mailboxes are in use. */
  private static final Duration COLLECT_EVERY = Duration.ofSeconds(10);

  private static final long CACHED_ACCOUNTS = 50_000;
  private static final int PAGE = 1_000;

  private final Store store;
  private final Clock clock;
  private final MailboxLimits limits;
  private final Cache<LogName, Mailbox> mailboxes;
  private final Cache<String, AccountMail> accounts;
  private final Map<LogName, Map<Object, Runnable>> listeners = new ConcurrentHashMap<>();
  private final LogStore.Registration hints;
  private final Sharing everybody;
  private final BriefCache briefs;
  private final Keeper keeper;

  public MailStore(Store store, Clock clock, MailboxLimits limits) {
    this(store, clock, limits, Runtime.getRuntime().maxMemory());
  }

  /**
   * @param heap octets of memory that all of this program may take, mail being a part of it
   */
  MailStore(Store store, Clock clock, MailboxLimits limits, long heap) {
    this.store = store;
    this.clock = clock;
    this.limits = limits;
    long share = heap / 8;
    this.keeper = new Keeper(heap / 4 / FOLDED_OCTETS);
    this.briefs = new BriefCache(limits.briefOctets().orElse(share));
    // Weak values keep what sessions hold in the cache for as long as they hold it, so that all
    // sessions of a mailbox share one fold and one set of listeners.
    this.mailboxes = Caffeine.newBuilder().weakValues().build();
    // Upkeep is done by who causes it: to wake another thread costs more than what that would do.
    this.accounts =
        Caffeine.newBuilder().maximumSize(CACHED_ACCOUNTS).executor(Runnable::run).build();
    this.recent =
        Caffeine.newBuilder()
            .executor(Runnable::run)
            .maximumWeight(Math.min(limits.cachedMessages(), share / FOLDED_OCTETS))
            .weigher((LogName name, Mailbox mailbox) -> MAILBOX_WEIGHT + mailbox.state().size())
            .build();
    this.everybody = new Sharing(Sharing.EVERYBODY, store.logs(), limits);
    this.hints = store.logs().hints(this::moved);
  }

  /** Strong holds on mailboxes used lately. */
  private final Cache<LogName, Mailbox> recent;

  /**
   * Calls the listener, on some other thread, when the log may have moved. It must return at once.
   */
  public LogStore.Registration listen(LogName log, Runnable listener) {
    Object hold = new Object();
    listeners.compute(
        log,
        (_, before) -> {
          Map<Object, Runnable> after = before == null ? new HashMap<>() : new HashMap<>(before);
          after.put(hold, listener);
          return Map.copyOf(after);
        });
    return () ->
        listeners.computeIfPresent(
            log,
            (_, before) -> {
              Map<Object, Runnable> after = new HashMap<>(before);
              after.remove(hold);
              return after.isEmpty() ? null : Map.copyOf(after);
            });
  }

  private void moved(LogName log) {
    listeners.getOrDefault(log, Map.of()).values().forEach(Runnable::run);
    Mailbox mailbox = mailboxes.getIfPresent(log);
    if (mailbox != null) {
      mailbox.moved();
    }
  }

  public Store store() {
    return store;
  }

  public Clock clock() {
    return clock;
  }

  public MailboxLimits limits() {
    return limits;
  }

  /** The mail of an account that the directory knows. */
  public AccountMail account(String id) {
    return Objects.requireNonNull(accounts.get(id, key -> new AccountMail(key, this)));
  }

  /** Which accounts share folders with everybody, or by an alias. */
  public Sharing everybody() {
    return everybody;
  }

  /** A mailbox by the name of its log. Protocol servers ask the {@link AccountMail}. */
  public Mailbox mailbox(LogName log) {
    Mailbox mailbox =
        Objects.requireNonNull(
            mailboxes.get(log, name -> new Mailbox(name, store, limits, briefs, keeper)));
    recent.put(log, mailbox);
    return mailbox;
  }

  private final class Keeper implements FoldKeeper {
    private final long most;
    private long collected = System.nanoTime() - COLLECT_EVERY.toNanos();

    /**
     * @param most messages of all mailboxes in memory
     */
    Keeper(long most) {
      this.most = most;
    }

    @Override
    public void admit(long messages) {
      if (messages >= most / LARGE_PART && !fits(messages)) {
        makeRoom();
        if (!fits(messages)) {
          throw new StoreException.Unavailable(
              "there is no memory to open a mailbox of " + messages + " messages beside others",
              null);
        }
      }
    }

    private boolean fits(long messages) {
      return messages + open().stream().mapToLong(mailbox -> mailbox.state().size()).sum() <= most;
    }

    /** What nobody uses goes; only the collector knows what that is. */
    private synchronized void makeRoom() {
      recent.invalidateAll();
      if (System.nanoTime() - collected >= COLLECT_EVERY.toNanos()) {
        System.gc();
        mailboxes.cleanUp();
        collected = System.nanoTime();
      }
    }

    /** Its weight follows its size; of one that was dropped meanwhile nothing is kept. */
    @Override
    public void grew(Mailbox mailbox) {
      if (mailboxes.getIfPresent(mailbox.log()) == mailbox) {
        recent.put(mailbox.log(), mailbox);
      }
    }
  }

  /** Deletes a mailbox's log; sessions that have it open are woken. */
  public void drop(LogName log) {
    store.logs().drop(log);
    recent.invalidate(log);
    Mailbox mailbox = mailboxes.getIfPresent(log);
    mailboxes.invalidate(log);
    if (mailbox != null) {
      mailbox.moved();
    }
  }

  /** What of messages is kept for those who sort and search. */
  public BriefCache briefs() {
    return briefs;
  }

  /** Mailboxes folded in memory now. */
  public List<Mailbox> open() {
    return List.copyOf(mailboxes.asMap().values());
  }

  /** Starts a message that comes in. */
  public Intake intake() {
    return new Intake(store.blobs().create());
  }

  /**
   * The same message with its parts that hold NUL encoded, so that what IMAP tells of it is what is
   * stored (RFC 3516 §4.4, §6).
   *
   * @return itself if it holds none; empty if it cannot be encoded ({@link SevenBit.Hindrance})
   */
  public Optional<Intake.Received> withoutNul(Intake.Received received) throws IOException {
    if (!received.structure().hasNul()) {
      return Optional.of(received);
    }
    try (BlobReader blob = store.blobs().open(received.blob().id());
        Intake intake = intake()) {
      SevenBit encoded = SevenBit.of(sink -> blob.copy(0, blob.size(), sink), SevenBit.Form.TEXT);
      if (encoded.hindrance().isPresent()) {
        return Optional.empty();
      }
      encoded.copyTo(intake);
      return Optional.of(intake.finish());
    }
  }

  /**
   * Delivers a message to any number of accounts in one durability round. When it returns, every
   * delivery that is {@link Delivered.Done} is durable.
   *
   * @param attempt names the whole delivery
   * @return for each delivery, in order, what became of it
   */
  public List<Delivered> deliver(List<Delivery> deliveries, Attempt attempt) {
    return deliver(deliveries, List.of(), attempt);
  }

  /**
   * The same with appends to other logs in the round. They are durable when it returns.
   *
   * @param alongside with keys of their own, and none that can conflict
   */
  public List<Delivered> deliver(
      List<Delivery> deliveries, List<Append> alongside, Attempt attempt) {
    return deliver(deliveries, _ -> alongside, attempt);
  }

  /** Appends to other logs that depend on what is delivered. */
  @FunctionalInterface
  public interface Alongside {
    /**
     * With keys of their own, and none that can conflict.
     *
     * @param refused deliveries, by their places, that are not in the round
     */
    List<Append> given(BitSet refused);
  }

  /** Whether an account has room for what is delivered to it. */
  @FunctionalInterface
  public interface Room {
    /** All have. */
    Room ANY = _ -> true;

    boolean isFor(Delivery delivery);
  }

  /** The same with appends that depend on what is delivered. */
  public List<Delivered> deliver(List<Delivery> deliveries, Alongside alongside, Attempt attempt) {
    return deliver(deliveries, Room.ANY, alongside, attempt);
  }

  /**
   * The same where accounts may be full: what has no room is refused with {@link
   * MailboxException.OverQuota}, unless it was delivered before.
   */
  public List<Delivered> deliver(
      List<Delivery> deliveries, Room room, Alongside alongside, Attempt attempt) {
    List<Append> round = new ArrayList<>();
    @Nullable Delivered[] results = new Delivered[deliveries.size()];
    List<Integer> places = new ArrayList<>();
    List<Mailbox> targets = new ArrayList<>();
    List<Attempt> attempts = new ArrayList<>();
    Map<List<String>, Integer> ways = new HashMap<>();
    for (int i = 0; i < deliveries.size(); i++) {
      Delivery delivery = deliveries.get(i);
      try {
        Mailbox target = target(delivery);
        Attempt each = each(attempt, delivery, target, ways);
        try {
          target.checkRoom(List.of(delivery.message()));
          if (!room.isFor(delivery)) {
            throw new MailboxException.OverQuota();
          }
        } catch (MailboxException e) {
          // What was delivered before has found room, and may be what there is none left behind.
          if (target.doneAt(each).isEmpty()) {
            throw e;
          }
        }
        round.add(append(target, delivery, each));
        places.add(i);
        targets.add(target);
        attempts.add(each);
      } catch (MailboxException e) {
        results[i] = new Delivered.Refused(e);
      }
    }
    BitSet refused = new BitSet();
    refused.set(0, deliveries.size());
    places.forEach(refused::clear);
    round.addAll(alongside.given(refused));
    List<Outcome> outcomes = round.isEmpty() ? List.of() : store.logs().append(round);
    outcomes.subList(places.size(), outcomes.size()).forEach(Outcome::orThrow);
    for (int j = 0; j < places.size(); j++) {
      int i = places.get(j);
      results[i] =
          switch (outcomes.get(j)) {
            case Appended appended -> {
              targets.get(j).gathers();
              yield done(appended);
            }
            case Conflict _ -> again(deliveries.get(i), attempts.get(j));
          };
    }
    List<Delivered> all = new ArrayList<>();
    for (Delivered result : results) {
      all.add(Objects.requireNonNull(result));
    }
    return all;
  }

  /**
   * Whether a repeat finds that an account has been delivered to by an attempt before, whatever
   * mailbox the message is in.
   *
   * @param root the account that the message came for
   */
  public boolean hasDelivered(String account, String root, Attempt attempt) {
    if (!attempt.isRepeat()) {
      return false;
    }
    AccountMail mail = account(account);
    Attempt first = attempt.part("/" + root);
    return mail.tree().folders().stream()
        .anyMatch(folder -> mail.mailbox(folder).doneAt(first).isPresent());
  }

  /**
   * Each delivery to a mailbox has its own, as two of them may be for one. Other deliveries of the
   * round change nothing about it: the queue brings a message to its recipients one by one, and an
   * account is behind several of them.
   *
   * @param ways the deliveries of the round before this one, by mailbox and account that each came
   *     for
   */
  private static Attempt each(
      Attempt attempt, Delivery delivery, Mailbox target, Map<List<String>, Integer> ways) {
    int number = ways.merge(List.of(target.log().value(), delivery.root()), 1, Integer::sum) - 1;
    return attempt.part("/" + delivery.root() + (number == 0 ? "" : "." + number));
  }

  private static Append append(Mailbox target, Delivery delivery, Attempt attempt) {
    return Append.to(target.log(), List.of(MailboxCodec.event(delivery.message())))
        .withKey(attempt.key());
  }

  private Mailbox target(Delivery delivery) {
    AccountMail account = account(delivery.account());
    return account.mailbox(
        account.tree().folder(delivery.folder()).orElseGet(() -> account.tree().inbox()));
  }

  /** The folder was deleted between looking and writing: INBOX is always there. */
  private Delivered again(Delivery delivery, Attempt attempt) {
    AccountMail account = account(delivery.account());
    Mailbox inbox = account.inbox();
    return switch (store.logs().append(append(inbox, delivery, attempt))) {
      case Appended appended -> done(appended);
      case Conflict _ -> new Delivered.Refused(new MailboxException.Gone());
    };
  }

  private static Delivered done(Appended appended) {
    return new Delivered.Done(appended.firstId(), appended.lastSeq());
  }

  /**
   * Makes the snapshots that are due and lets go of entries that died long enough ago.
   *
   * @return how many snapshots were made
   */
  public int housekeeping() {
    int made = 0;
    long keepSince = clock.instant().minus(limits.history()).toEpochMilli();
    for (Mailbox mailbox : open()) {
      mailbox.keepUp();
      if (mailbox.wantsSnapshot()) {
        mailbox.snapshot(keepSince);
        made++;
      }
    }
    return made;
  }

  /**
   * Mailboxes that no folder leads to. A folder is entered into the tree before its mailbox is made
   * and leaves it before its mailbox is dropped, so these are deletions that a crash cut short.
   */
  public List<LogName> leftovers() {
    List<LogName> found = new ArrayList<>();
    LogName after = null;
    while (true) {
      SequencedMap<LogName, Head> page = store.logs().list("mailbox/", after, PAGE);
      for (LogName log : page.keySet()) {
        if (!isReachable(log)) {
          found.add(log);
        }
      }
      if (page.size() < PAGE) {
        return found;
      }
      after = page.lastEntry().getKey();
    }
  }

  private boolean isReachable(LogName log) {
    String[] parts = log.value().split("/", -1);
    return store.logs().head(AccountMail.foldersLog(parts[1])).exists()
        && account(parts[1]).tree().folder(Long.parseLong(parts[2])).isPresent();
  }

  /** Ends the deletions that a crash cut short. */
  public int dropLeftovers() {
    List<LogName> found = leftovers();
    found.forEach(this::drop);
    return found.size();
  }

  @Override
  public void close() {
    hints.close();
  }
}
