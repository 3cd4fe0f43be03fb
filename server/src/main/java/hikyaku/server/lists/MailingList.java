package hikyaku.server.lists;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.directory.Address;
import hikyaku.server.dkim.Sealer;
import hikyaku.server.lists.proto.BounceCount;
import hikyaku.server.lists.proto.BouncedRecord;
import hikyaku.server.lists.proto.DecidedRecord;
import hikyaku.server.lists.proto.DecisionRecord;
import hikyaku.server.lists.proto.FoundRecord;
import hikyaku.server.lists.proto.HeldRecord;
import hikyaku.server.lists.proto.ListEvent;
import hikyaku.server.lists.proto.ListFrom;
import hikyaku.server.lists.proto.ListSettingsRecord;
import hikyaku.server.lists.proto.ListSnapshot;
import hikyaku.server.lists.proto.MemberRecord;
import hikyaku.server.lists.proto.WaitingRecord;
import hikyaku.server.queue.Outgoing;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/** A mailing list, as of one sequence of its log. Immutable. */
public final class MailingList {
  /** After so many days without anything that came back, what came back before does not count. */
  static final int FORGIVEN_AFTER_DAYS = 14;

  /** Decisions that are remembered, for who comes later with another one. */
  static final int REMEMBERED = 200;

  static final MailingList NONE = new MailingList(new Draft());

  /**
   * What can be set.
   *
   * @param title for people, in List-Id
   * @param open whether somebody may become a member by mail
   * @param from whom its mail says to be from
   */
  public record Settings(ListKind kind, String title, boolean open, AuthorField from) {}

  /**
   * A member.
   *
   * @param id never used again in the list
   * @param disabled whether nothing is sent to it, as its mail came back
   */
  public record Member(String id, Address address, Instant since, boolean disabled) {}

  /**
   * What came back of mail to a member.
   *
   * @param days on how many days
   * @param lastDay the last of them, in days since 1970
   * @param status the last enhanced status code
   */
  public record Bounces(int days, long lastDay, String status) {}

  /**
   * A message that waits for a moderator.
   *
   * @param seq of the entry that has it
   * @param sender of its envelope; empty for nobody
   * @param prefix the trace of its way here
   * @param found what was found when it came, to be sealed when it goes out
   */
  public record Waiting(
      long seq,
      String id,
      String sender,
      String from,
      String subject,
      String messageId,
      com.google.protobuf.ByteString prefix,
      Blob blob,
      String session,
      boolean smtpUtf8,
      boolean binary,
      Outgoing.Tls tls,
      Instant since,
      Optional<Sealer.Arrival> found) {}

  private final long seq;
  private final boolean exists;
  private final Settings settings;
  private final SequencedSet<Address> owners;
  private final SequencedMap<String, Member> members;
  private final Map<Address, Member> byAddress = new HashMap<>();
  private final Map<String, Bounces> bounces;
  private final long posts;
  private final Instant lastPost;
  private final SequencedMap<String, Waiting> waiting;
  private final SequencedMap<String, Decision> decisions;

  private MailingList(Draft draft) {
    seq = draft.seq;
    exists = draft.exists;
    settings = draft.settings;
    owners = Collections.unmodifiableSequencedSet(draft.owners);
    members = Collections.unmodifiableSequencedMap(draft.members);
    members.values().forEach(member -> byAddress.put(member.address, member));
    bounces = Collections.unmodifiableMap(draft.bounces);
    posts = draft.posts;
    lastPost = draft.lastPost;
    waiting = Collections.unmodifiableSequencedMap(draft.waiting);
    decisions = Collections.unmodifiableSequencedMap(draft.decisions);
  }

  long seq() {
    return seq;
  }

  public boolean exists() {
    return exists;
  }

  public Settings settings() {
    return settings;
  }

  public SequencedSet<Address> owners() {
    return owners;
  }

  public Collection<Member> members() {
    return members.values();
  }

  public Optional<Member> member(Address address) {
    return Optional.ofNullable(byAddress.get(address));
  }

  Optional<Member> member(String id) {
    return Optional.ofNullable(members.get(id));
  }

  public Optional<Bounces> bounces(Member member) {
    return Optional.ofNullable(bounces.get(member.id));
  }

  /** How many messages went out. */
  public long posts() {
    return posts;
  }

  /** When the last one did; 1970 for never. */
  public Instant lastPost() {
    return lastPost;
  }

  /**
   * What waits for a moderator, the eldest first; and what one has let through that has not gone
   * out yet.
   */
  public Collection<Waiting> waiting() {
    return waiting.values();
  }

  public Optional<Waiting> waiting(String id) {
    return Optional.ofNullable(waiting.get(id));
  }

  /** What was decided of a message, as long as that is remembered. */
  public Optional<Decision> decision(String id) {
    return Optional.ofNullable(decisions.get(id));
  }

  /** About how much it takes in memory, in things. */
  int size() {
    return owners.size() + members.size() + waiting.size() + decisions.size();
  }

  // ---- fold

  private static final class Draft {
    private long seq;
    private boolean exists;
    private Settings settings =
        new Settings(ListKind.DISCUSSION, "", false, AuthorField.REWRITE_IF_NEEDED);
    private SequencedSet<Address> owners = new LinkedHashSet<>();
    private SequencedMap<String, Member> members = new LinkedHashMap<>();
    private Map<String, Bounces> bounces = new HashMap<>();
    private long posts;
    private Instant lastPost = Instant.EPOCH;
    private SequencedMap<String, Waiting> waiting = new LinkedHashMap<>();
    private SequencedMap<String, Decision> decisions = new LinkedHashMap<>();

    Draft() {}

    Draft(MailingList from) {
      seq = from.seq;
      exists = from.exists;
      settings = from.settings;
      owners = new LinkedHashSet<>(from.owners);
      members = new LinkedHashMap<>(from.members);
      bounces = new HashMap<>(from.bounces);
      posts = from.posts;
      lastPost = from.lastPost;
      waiting = new LinkedHashMap<>(from.waiting);
      decisions = new LinkedHashMap<>(from.decisions);
    }

    void clear() {
      exists = false;
      owners.clear();
      members.clear();
      bounces.clear();
      posts = 0;
      lastPost = Instant.EPOCH;
      waiting.clear();
      decisions.clear();
    }

    void apply(Entry entry) throws InvalidProtocolBufferException {
      seq = entry.seq();
      ListEvent event = ListEvent.parseFrom(entry.payload());
      switch (event.getEventCase()) {
        case CREATED -> {
          clear();
          exists = true;
          settings = MailingList.settings(event.getCreated());
        }
        case SETTINGS_CHANGED -> settings = MailingList.settings(event.getSettingsChanged());
        case OWNER -> {
          Address owner = address(event.getOwner().getAddress());
          if (event.getOwner().getIs()) {
            owners.add(owner);
          } else {
            owners.remove(owner);
          }
        }
        case MEMBER -> put(event.getMember());
        case MEMBER_REMOVED -> {
          members.remove(event.getMemberRemoved());
          bounces.remove(event.getMemberRemoved());
        }
        case POSTED -> {
          posts++;
          lastPost = entry.time();
          waiting.remove(event.getPosted().getHeld());
        }
        case BOUNCED -> bounced(event.getBounced());
        case HELD -> hold(entry.seq(), event.getHeld());
        case DECIDED -> decide(event.getDecided(), entry.time());
        case REMOVED -> clear();
        case EVENT_NOT_SET -> {}
      }
    }

    /**
     * What was let through waits on until it has gone out; an earlier release noted both at once.
     */
    void decide(DecidedRecord record, Instant at) {
      if (decisions.containsKey(record.getId())) {
        return;
      }
      if (!record.getAccepted() || record.getBy().isEmpty()) {
        waiting.remove(record.getId());
      }
      decisions.put(record.getId(), new Decision(record.getAccepted(), by(record), at));
      if (decisions.size() > REMEMBERED) {
        decisions.keySet().stream()
            .filter(id -> !waiting.containsKey(id))
            .findFirst()
            .ifPresent(decisions::remove);
      }
    }

    private static String by(DecidedRecord record) {
      return record.getBy().isEmpty() ? "somebody" : record.getBy();
    }

    /** An address is one member, whoever of two nodes was faster. */
    void put(MemberRecord record) {
      Member member = MailingList.member(record);
      boolean another =
          members.values().stream()
              .anyMatch(
                  known -> known.address.equals(member.address) && !known.id.equals(member.id));
      if (another) {
        return;
      }
      if (!member.disabled) {
        bounces.remove(member.id);
      }
      members.put(member.id, member);
    }

    /** Each day counts once; a long time without any forgives what was before. */
    void bounced(BouncedRecord record) {
      if (!members.containsKey(record.getId())) {
        return;
      }
      long day = Math.floorDiv(record.getTime(), Duration.ofDays(1).toMillis());
      Bounces before = bounces.get(record.getId());
      int days =
          before == null || day - before.lastDay > FORGIVEN_AFTER_DAYS
              ? 1
              : day > before.lastDay ? before.days + 1 : before.days;
      bounces.put(record.getId(), new Bounces(days, day, record.getStatus()));
    }

    void hold(long at, HeldRecord held) {
      waiting.put(
          held.getId(),
          new Waiting(
              at,
              held.getId(),
              held.getSender(),
              held.getFrom(),
              held.getSubject(),
              held.getMessageId(),
              held.getPrefix(),
              new Blob(new BlobId(held.getBlob()), held.getBlobOctets()),
              held.getSession(),
              held.getSmtpUtf8(),
              held.getBinary(),
              Outgoing.Tls.values()[held.getTls()],
              Instant.ofEpochMilli(held.getTime()),
              held.hasFound() ? Optional.of(found(held.getFound())) : Optional.empty()));
    }

    private static Sealer.Arrival found(FoundRecord record) {
      return new Sealer.Arrival(
          record.getInstance(),
          Sealer.Validation.values()[record.getValidation()],
          record.getBefore(),
          record.getResults());
    }
  }

  static MailingList fold(MailingList before, List<Entry> entries) {
    Draft draft = new Draft(before);
    for (Entry entry : entries) {
      try {
        draft.apply(entry);
      } catch (InvalidProtocolBufferException | IllegalArgumentException unreadable) {
        throw new StoreException.Corrupt(
            "entry " + entry.seq() + " of a mailing list makes no sense", unreadable);
      }
    }
    return new MailingList(draft);
  }

  static MailingList of(Snapshot snapshot) {
    try {
      ListSnapshot record = ListSnapshot.parseFrom(snapshot.state());
      Draft draft = new Draft();
      draft.seq = snapshot.seq();
      draft.exists = record.getExists();
      draft.settings = settings(record.getSettings());
      record.getOwnersList().forEach(owner -> draft.owners.add(address(owner)));
      for (MemberRecord each : record.getMembersList()) {
        draft.members.put(each.getId(), member(each));
      }
      for (BounceCount each : record.getBouncesList()) {
        draft.bounces.put(
            each.getId(), new Bounces(each.getDays(), each.getLastDay(), each.getStatus()));
      }
      draft.posts = record.getPosts();
      draft.lastPost = Instant.ofEpochMilli(record.getLastPost());
      for (WaitingRecord each : record.getWaitingList()) {
        draft.hold(each.getSeq(), each.getHeld());
      }
      for (DecisionRecord each : record.getDecisionsList()) {
        draft.decisions.put(
            each.getId(),
            new Decision(each.getAccepted(), each.getBy(), Instant.ofEpochMilli(each.getTime())));
      }
      return new MailingList(draft);
    } catch (InvalidProtocolBufferException | IllegalArgumentException unreadable) {
      throw new StoreException.Corrupt("the snapshot of a mailing list makes no sense", unreadable);
    }
  }

  Snapshot snapshot() {
    ListSnapshot.Builder record =
        ListSnapshot.newBuilder()
            .setExists(exists)
            .setSettings(record(settings))
            .setPosts(posts)
            .setLastPost(lastPost.toEpochMilli());
    owners.forEach(owner -> record.addOwners(owner.toString()));
    members.values().forEach(member -> record.addMembers(record(member)));
    bounces.forEach((id, each) ->
        record.addBounces(
            BounceCount.newBuilder()
                .setId(id)
                .setDays(each.days)
                .setLastDay(each.lastDay)
                .setStatus(each.status)));
    waiting
        .values()
        .forEach(each ->
            record.addWaiting(WaitingRecord.newBuilder().setSeq(each.seq).setHeld(record(each))));
    decisions.forEach((id, each) ->
        record.addDecisions(
            DecisionRecord.newBuilder()
                .setId(id)
                .setAccepted(each.accepted())
                .setBy(each.by())
                .setTime(each.at().toEpochMilli())));
    return new Snapshot(seq, record.build().toByteString());
  }

  // ---- records

  private static Address address(String text) {
    return Address.parse(text)
        .orElseThrow(() -> new IllegalArgumentException("a stored address is none"));
  }

  private static Settings settings(ListSettingsRecord record) {
    ListKind kind =
        switch (record.getKind()) {
          case LIST_KIND_DISCUSSION -> ListKind.DISCUSSION;
          case LIST_KIND_MODERATED -> ListKind.MODERATED;
          case LIST_KIND_ANNOUNCEMENT -> ListKind.ANNOUNCEMENT;
          case UNRECOGNIZED -> throw new IllegalArgumentException("a kind not known here");
        };
    AuthorField from =
        switch (record.getFrom()) {
          case LIST_FROM_REWRITE_IF_NEEDED -> AuthorField.REWRITE_IF_NEEDED;
          case LIST_FROM_KEEP -> AuthorField.KEEP;
          case UNRECOGNIZED -> throw new IllegalArgumentException("an author field not known here");
        };
    return new Settings(kind, record.getTitle(), record.getOpen(), from);
  }

  static ListSettingsRecord record(Settings settings) {
    return ListSettingsRecord.newBuilder()
        .setKind(
            switch (settings.kind) {
              case DISCUSSION -> hikyaku.server.lists.proto.ListKind.LIST_KIND_DISCUSSION;
              case MODERATED -> hikyaku.server.lists.proto.ListKind.LIST_KIND_MODERATED;
              case ANNOUNCEMENT -> hikyaku.server.lists.proto.ListKind.LIST_KIND_ANNOUNCEMENT;
            })
        .setTitle(settings.title)
        .setOpen(settings.open)
        .setFrom(
            switch (settings.from) {
              case REWRITE_IF_NEEDED -> ListFrom.LIST_FROM_REWRITE_IF_NEEDED;
              case KEEP -> ListFrom.LIST_FROM_KEEP;
            })
        .build();
  }

  private static Member member(MemberRecord record) {
    return new Member(
        record.getId(),
        address(record.getAddress()),
        Instant.ofEpochMilli(record.getSince()),
        record.getDisabled());
  }

  static MemberRecord record(Member member) {
    return MemberRecord.newBuilder()
        .setId(member.id)
        .setAddress(member.address.toString())
        .setSince(member.since.toEpochMilli())
        .setDisabled(member.disabled)
        .build();
  }

  static HeldRecord record(Waiting waiting) {
    HeldRecord.Builder record = HeldRecord.newBuilder();
    waiting.found.ifPresent(found ->
        record.setFound(
            FoundRecord.newBuilder()
                .setInstance(found.instance())
                .setValidation(found.validation().ordinal())
                .setBefore(found.before())
                .setResults(found.results())));
    return record
        .setId(waiting.id)
        .setSender(waiting.sender)
        .setFrom(waiting.from)
        .setSubject(waiting.subject)
        .setMessageId(waiting.messageId)
        .setPrefix(waiting.prefix)
        .setBlob(waiting.blob.id().sha256())
        .setBlobOctets(waiting.blob.size())
        .setSession(waiting.session)
        .setSmtpUtf8(waiting.smtpUtf8)
        .setBinary(waiting.binary)
        .setTls(waiting.tls.ordinal())
        .setTime(waiting.since.toEpochMilli())
        .build();
  }
}
