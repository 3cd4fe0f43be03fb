package hikyaku.server.lists;

import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.FoldedLogs;
import hikyaku.mailbox.store.LogFold;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Tally;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.DirectoryAdmin;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.lists.MailingList.Member;
import hikyaku.server.lists.MailingList.Settings;
import hikyaku.server.lists.MailingList.Waiting;
import hikyaku.server.lists.proto.BouncedRecord;
import hikyaku.server.lists.proto.DecidedRecord;
import hikyaku.server.lists.proto.ListEvent;
import hikyaku.server.lists.proto.ListRemoved;
import hikyaku.server.lists.proto.OwnerRecord;
import hikyaku.server.lists.proto.Posted;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The mailing lists, the same for all nodes. Reading is current; what a method did is durable when
 * it returns. Every method may throw {@link hikyaku.mailbox.store.StoreException}. Safe for use by
 * many threads.
 */
public final class ListBook {
  /**
   * Characters of a list's local part: with what follows it in return paths it must fit into 64.
   */
  static final int LONGEST_NAME = 30;

  private static final int LONGEST_TITLE = 100;
  private static final int ID_LENGTH = 8;
  private static final int PAGE = 500;

  /** A snapshot is made after so many entries, or after as many as the list has members. */
  private static final int SNAPSHOT_AFTER = 200;

  /** What is held in memory, in members and the like; what a list weighs besides. */
  private static final long CACHED = 200_000;

  private static final int WEIGHT = 10;
  private static final LogFold<MailingList> FOLD =
      new LogFold<>(MailingList::seq, MailingList::of, MailingList::fold, PAGE);

  private final LogStore logs;
  private final ListSettings limits;
  private final RandomGenerator random;
  private final InstantSource clock;
  private final FoldedLogs<MailingList> lists;

  /**
   * @param random for ids of members; a {@link java.security.SecureRandom} outside of tests
   */
  public ListBook(LogStore logs, ListSettings limits, RandomGenerator random, InstantSource clock) {
    this.logs = logs;
    this.limits = limits;
    this.random = random;
    this.clock = clock;
    this.lists =
        new FoldedLogs<>(
            logs, FOLD, MailingList.NONE, list -> WEIGHT + list.size(), CACHED, this::tidy);
  }

  static LogName log(Address list) {
    return new LogName("list/" + list.domain() + "/" + list.localPart());
  }

  /** The list of an address, if there is one. */
  public Optional<MailingList> list(Address address) {
    return Optional.of(lists.current(log(address))).filter(MailingList::exists);
  }

  /**
   * Lets go of what a snapshot has. Messages that wait keep their entries, and so their octets. Not
   * {@link FoldedLogs#snapshotIfLong}, which spares nothing.
   */
  private void tidy(LogName log, MailingList now) {
    MailingList before = logs.snapshot(log).map(MailingList::of).orElse(MailingList.NONE);
    if (now.seq() - before.seq() >= Math.max(SNAPSHOT_AFTER, now.size())) {
      Set<Long> alive = new HashSet<>();
      now.waiting().forEach(waiting -> alive.add(waiting.seq()));
      // Of what is below the snapshot before, only what waited then is still there.
      LongStream there =
          LongStream.concat(
              before.waiting().stream().mapToLong(Waiting::seq).sorted(),
              LongStream.rangeClosed(before.seq() + 1, now.seq()));
      logs.saveSnapshot(log, now.snapshot());
      logs.compact(log, there.filter(seq -> !alive.contains(seq)).toArray());
    }
  }

  // ---- lists

  /**
   * Makes a list.
   *
   * @throws DirectoryException if its address cannot be had
   */
  public MailingList create(
      DirectoryAdmin admin, Address address, Settings settings, List<Address> owners)
      throws ListException, DirectoryException {
    check(settings);
    if (!address.localPart().matches("[a-z0-9][a-z0-9._-]*")
        || address.localPart().length() > LONGEST_NAME) {
      throw new ListException(
          "a list is called by at most "
              + LONGEST_NAME
              + " letters, digits, dots, hyphens and underscores");
    }
    if (owners.isEmpty()) {
      throw new ListException("a list needs an owner");
    }
    if (owners.size() > limits.owners()) {
      throw new ListException("a list has at most " + limits.owners() + " owners");
    }
    // The address first: who has it is alone. An address without a list is what a crash leaves.
    admin.createList(address);
    MailingList now = lists.current(log(address));
    List<Event> events = new ArrayList<>();
    events.add(event(ListEvent.newBuilder().setCreated(MailingList.record(settings)).build()));
    owners.forEach(owner -> events.add(event(owner(owner, true).build())));
    Append append = new Append(log(address), events, Append.Expect.at(now.seq()), null);
    if (now.exists() || !(logs.append(append) instanceof Appended)) {
      throw new DirectoryException.AlreadyExists("list " + address);
    }
    return existing(address);
  }

  private static ListEvent.Builder owner(Address owner, boolean is) {
    return ListEvent.newBuilder()
        .setOwner(OwnerRecord.newBuilder().setAddress(owner.toString()).setIs(is));
  }

  /** Removes a list and lets its address go. */
  public void remove(DirectoryAdmin admin, Address address) throws ListException {
    MailingList unused = existing(address);
    append(address, ListEvent.newBuilder().setRemoved(ListRemoved.getDefaultInstance()));
    admin.removeList(address);
  }

  public MailingList change(Address address, Settings settings) throws ListException {
    MailingList unused = existing(address);
    check(settings);
    append(address, ListEvent.newBuilder().setSettingsChanged(MailingList.record(settings)));
    return existing(address);
  }

  private static void check(Settings settings) throws ListException {
    if (settings.title().length() > LONGEST_TITLE
        || settings
            .title()
            .chars()
            .anyMatch(c -> Character.isISOControl(c) || "<>\"\\".indexOf(c) >= 0)) {
      throw new ListException(
          "a title has at most "
              + LONGEST_TITLE
              + " characters, and no quotes or angle brackets among them");
    }
  }

  /** Names or unnames an address as an owner. The last one stays. */
  public MailingList setOwner(Address address, Address owner, boolean is) throws ListException {
    MailingList list = existing(address);
    if (is && !list.owners().contains(owner) && list.owners().size() >= limits.owners()) {
      throw new ListException("a list has at most " + limits.owners() + " owners");
    }
    if (!is && list.owners().size() == 1 && list.owners().contains(owner)) {
      throw new ListException("a list needs an owner");
    }
    append(address, owner(owner, is));
    return existing(address);
  }

  /** The list, which is there. */
  public MailingList existing(Address address) throws ListException {
    return list(address).orElseThrow(() -> new ListException("there is no list " + address));
  }

  // ---- members

  /**
   * Makes an address a member, or lets one get mail again to which nothing was sent any more.
   *
   * @return whether it was none
   */
  public boolean add(Address address, Address member) throws ListException {
    if (member.equals(address)) {
      throw new ListException(address + " cannot be its own member");
    }
    while (true) {
      MailingList list = existing(address);
      Optional<Member> known = list.member(member);
      if (known.isPresent() && !known.get().disabled()) {
        return false;
      }
      if (known.isEmpty() && list.members().size() >= limits.members()) {
        throw new ListException("a list has at most " + limits.members() + " members");
      }
      Member made =
          known
              .map(before -> new Member(before.id(), member, before.since(), false))
              .orElseGet(() -> new Member(newId(list), member, clock.instant(), false));
      if (appended(address, list, member(made), null)) {
        return known.isEmpty();
      }
    }
  }

  private String newId(MailingList list) {
    while (true) {
      StringBuilder id = new StringBuilder(ID_LENGTH);
      for (int i = 0; i < ID_LENGTH; i++) {
        id.append(Tokens.BASE32.charAt(random.nextInt(Tokens.BASE32.length())));
      }
      if (list.member(id.toString()).isEmpty()) {
        return id.toString();
      }
    }
  }

  /**
   * Takes a member away.
   *
   * @return whether it was one
   */
  public boolean removeMember(Address address, Address member) throws ListException {
    Optional<Member> known = existing(address).member(member);
    known.ifPresent(each -> append(address, removal(each)));
    return known.isPresent();
  }

  static ListEvent.Builder removal(Member member) {
    return ListEvent.newBuilder().setMemberRemoved(member.id());
  }

  static ListEvent.Builder member(Member member) {
    return ListEvent.newBuilder().setMember(MailingList.record(member));
  }

  // ---- for rounds of others

  /**
   * What puts an event into a list's log.
   *
   * @param key for repeats
   */
  Append event(Address list, ListEvent.Builder event, String key) {
    return Append.to(log(list), List.of(event(event.build()))).withKey(key);
  }

  /**
   * @param held the id of the message if it waited, else empty
   */
  static ListEvent.Builder posted(String transaction, int members, String held) {
    return ListEvent.newBuilder()
        .setPosted(
            Posted.newBuilder().setTransaction(transaction).setMembers(members).setHeld(held));
  }

  ListEvent.Builder bounced(Member member, String status) {
    return ListEvent.newBuilder()
        .setBounced(
            BouncedRecord.newBuilder()
                .setId(member.id())
                .setStatus(status)
                .setTime(clock.millis()));
  }

  static ListEvent.Builder held(Waiting waiting) {
    return ListEvent.newBuilder().setHeld(MailingList.record(waiting));
  }

  static ListEvent.Builder decided(String id, boolean accepted, String by) {
    return ListEvent.newBuilder()
        .setDecided(DecidedRecord.newBuilder().setId(id).setAccepted(accepted).setBy(by));
  }

  /** Appends an event; a list that was removed is as it was. */
  void append(Address list, ListEvent.Builder event) {
    var unused = logs.append(Append.to(log(list), List.of(event(event.build())))).orThrow();
  }

  /** Appends an event if the list is still as it was seen. */
  boolean appended(
      Address address, MailingList list, ListEvent.Builder event, @Nullable String key) {
    return logs.append(
            new Append(
                log(address), List.of(event(event.build())), Append.Expect.at(list.seq()), key))
        instanceof Appended;
  }

  private static Event event(ListEvent event) {
    return event.hasHeld()
        ? new Event(
            event.toByteString(), 0, Tally.ZERO, List.of(new BlobId(event.getHeld().getBlob())))
        : Event.of(event.toByteString());
  }
}
