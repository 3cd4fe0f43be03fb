package hikyaku.server.filter;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Delivered;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.Append;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.Reply;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.ListRole;
import hikyaku.server.directory.Resolution;
import hikyaku.server.directory.Writers;
import hikyaku.server.queue.HomeDelivery;
import hikyaku.server.queue.ListDoor;
import hikyaku.server.queue.Outgoing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Delivers what waited in the queue and is for accounts here, as their scripts want it then: mail
 * that its sender wanted held, and mail for a domain that has become one of ours.
 */
public final class LateDelivery implements HomeDelivery {
  private final Filter filter;
  private final ListDoor lists;
  private final String host;
  private final boolean fullForGood;

  /**
   * @param lists takes what is for mailing lists
   * @param host our name, as scripts see it
   * @param fullForGood whether mail that only full mailboxes could take fails, instead of waiting
   *     for room
   */
  public LateDelivery(Filter filter, ListDoor lists, String host, boolean fullForGood) {
    this.filter = filter;
    this.lists = lists;
    this.host = host;
    this.fullForGood = fullForGood;
  }

  @Override
  public Outcome deliver(Outgoing message, Outgoing.To to, Instant time, String key) {
    Mailbox address = to.address();
    return switch (filter.directory().resolve(address.localPart(), address.domain())) {
      // Whoever was asked for a login at RCPT was let in there.
      case Resolution.Local local when !to.here() && local.writers() != Writers.ANYONE ->
          new Outcome.Never("5.7.2", "only some may write to this address");
      case Resolution.Local local -> deliver(message, to, local, time, Attempt.repeat(key));
      case Resolution.UnknownRecipient _ ->
          new Outcome.Never("5.1.1", "there is no such user here");
      case Resolution.Suspended _ -> new Outcome.Never("5.2.1", "the mailbox is disabled");
      case Resolution.NotLocal _ ->
          new Outcome.Later("4.3.5", "the domain has just ceased to be ours");
      case Resolution.TooManyExpansions _ ->
          new Outcome.Later("4.3.5", "the address is not set up correctly here");
    };
  }

  private Outcome deliver(
      Outgoing message, Outgoing.To to, Resolution.Local local, Instant time, Attempt attempt) {
    Intake.Received received = received(message);
    List<Filed> all = new ArrayList<>();
    for (Resolution.Target target : local.targets()) {
      if (!target.account().routing().backend().isEmpty()) {
        return new Outcome.Later("4.4.4", "another server has the mail for this address");
      }
      if (Filing.hadBefore(received.structure(), target)) {
        return new Outcome.Never("5.4.6", target.reachedBy() + " has had this message before");
      }
      NewMessage entry = entry(message, received, target, time);
      Envelope envelope = envelope(message, to, attempt);
      Filed filed = filter.file(entry, target, envelope);
      // No client is there who could hear it.
      all.add(filter.refusedByMail(entry, target, envelope, filed));
    }
    Optional<List<Append>> sentOn = sentOn(message, to, local, received, time, attempt);
    if (sentOn.isEmpty()) {
      return new Outcome.Never("5.4.6", to.address() + " has had this message before");
    }
    List<Append> always = new ArrayList<>(sentOn.get());
    List<String> ofLists = new ArrayList<>();
    for (Resolution.Listed listed : local.lists()) {
      switch (lists.take(arrival(message, listed, received, attempt))) {
        case ListDoor.Taken.Accepted(List<Append> round, String as) -> {
          always.addAll(round);
          ofLists.add(listed.role().of(listed.list()) + " " + as);
        }
        case ListDoor.Taken.Refused(Reply reply, String _) -> {
          String status = String.valueOf(reply.enhanced());
          String why = String.join(" ", reply.lines());
          return reply.code() < 500
              ? new Outcome.Later(status, why)
              : new Outcome.Never(status, why);
        }
      }
    }
    boolean others = !local.elsewhere().isEmpty() || !local.lists().isEmpty();
    List<Delivered> delivered = round(all, always, this::hasRoom, attempt);
    if (delivered.stream().anyMatch(LateDelivery::isFull)
        && (others || anyAccepted(all, delivered))) {
      // If it waited for room, each attempt after keys are forgotten would bring it to all again.
      delivered = round(all, always, MailStore.Room.ANY, attempt);
    }
    List<Delivered> missing = new ArrayList<>();
    int at = 0;
    for (Filed filed : all) {
      int end = at + filed.deliveries().size();
      List<Delivered> own = delivered.subList(at, end);
      at = end;
      filter.tell(filed, own);
      if (!filed.isAccepted(own)) {
        missing.addAll(own);
      }
    }
    if (!missing.isEmpty()) {
      return notDelivered(missing, others || anyAccepted(all, delivered));
    }
    boolean refused =
        !others && all.stream().allMatch(filed -> filed.refusal().isPresent()) && !all.isEmpty();
    List<String> into = new ArrayList<>(into(local.targets(), all, delivered));
    into.addAll(ofLists);
    return new Outcome.Done(
        into, all.stream().flatMap(filed -> filed.scripts().stream()).toList(), refused);
  }

  private List<Delivered> round(
      List<Filed> all, List<Append> always, MailStore.Room room, Attempt attempt) {
    List<Delivery> deliveries = all.stream().flatMap(filed -> filed.deliveries().stream()).toList();
    return filter
        .mail()
        .deliver(deliveries, room, refused -> alongside(always, all, refused), attempt);
  }

  private boolean hasRoom(Delivery delivery) {
    Places places = new Places(filter.mail());
    return filter
        .directory()
        .account(delivery.account())
        .filter(account -> places.isFull(account, delivery.message()))
        .isEmpty();
  }

  private static boolean isFull(Delivered delivered) {
    return delivered instanceof Delivered.Refused(MailboxException why)
        && why instanceof MailboxException.OverQuota;
  }

  private static boolean anyAccepted(List<Filed> all, List<Delivered> delivered) {
    int at = 0;
    for (Filed filed : all) {
      int end = at + filed.deliveries().size();
      if (filed.isAccepted(delivered.subList(at, end))) {
        return true;
      }
      at = end;
    }
    return false;
  }

  /**
   * Why not everybody has it. It waits only if nobody has anything of it, so that no attempt brings
   * anybody what an earlier one has brought.
   *
   * @param missing what became of it for those who do not have it
   * @param any whether others have it
   */
  private Outcome notDelivered(List<Delivered> missing, boolean any) {
    boolean full = missing.stream().anyMatch(LateDelivery::isFull);
    String why = full ? "the mailbox is full" : "a mailbox here refuses it";
    return any || (full && fullForGood)
        ? new Outcome.Never("5.2.2", why)
        : new Outcome.Later("4.2.2", why);
  }

  private List<String> into(
      List<Resolution.Target> targets, List<Filed> all, List<Delivered> delivered) {
    List<String> into = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < all.size(); i++) {
      Filed filed = all.get(i);
      for (Delivery each : filed.deliveries()) {
        if (delivered.get(at++) instanceof Delivered.Done(long uid, long _)) {
          into.add(filter.directory().forLogs(each.account()) + " " + each.folder() + " " + uid);
        }
      }
      if (filed.deliveries().isEmpty()) {
        String became =
            filed.forwarded()
                ? " sent on"
                : filed.refusal().isPresent() ? " refused" : " discarded";
        into.add(targets.get(i).account().primary() + became);
      }
    }
    return into;
  }

  private Intake.Received received(Outgoing message) {
    try (Intake intake = filter.mail().intake()) {
      message.copy(filter.mail().store().blobs(), message.octets(), intake);
      return intake.finish();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  private static NewMessage entry(
      Outgoing message, Intake.Received received, Resolution.Target target, Instant time) {
    String prefix =
        "Return-Path: <"
            + message.sender()
            + ">\r\nDelivered-To: "
            + new Mailbox(target.reachedBy().localPart(), target.reachedBy().domain())
            + "\r\n";
    return new NewMessage(
        ByteString.copyFromUtf8(prefix),
        received.blob(),
        InternalDate.of(time, ZoneOffset.UTC),
        Flags.NONE,
        received.structure(),
        message.session());
  }

  private Envelope envelope(Outgoing message, Outgoing.To to, Attempt attempt) {
    Outgoing.Deadline by = message.terms().by();
    return new Envelope(
        message.sender(),
        message.parameters(by == null ? null : by.left(filter.mail().clock().instant()), null),
        to.address(),
        to.parameters(),
        message.transaction(),
        attempt,
        false,
        false,
        Envelope.facts(host),
        Optional.empty());
  }

  /** A list that several recipients lead to gets it once: the key is of the list alone. */
  private ListDoor.Arrival arrival(
      Outgoing message, Resolution.Listed listed, Intake.Received received, Attempt attempt) {
    String to = listed.role().of(listed.list(), listed.token()).toString();
    String key = Objects.requireNonNull(attempt.part(".l." + to).key());
    return new ListDoor.Arrival(
        listed,
        message.sender(),
        proven(message),
        false,
        received,
        ByteString.EMPTY,
        key,
        message.session(),
        message.smtpUtf8(),
        message.binary(),
        message.tls(),
        message.account().isEmpty() ? message.script() : message.account(),
        key,
        Optional.empty());
  }

  /**
   * The account that sent it, under its own name and the one that it sent under, as where it came
   * in; or the list: what is in the queue under its return path is its own.
   */
  private Set<Address> proven(Outgoing message) {
    Set<Address> proven = new HashSet<>();
    filter
        .directory()
        .account(message.account())
        .ifPresent(account -> {
          proven.add(account.primary());
          sender(message)
              .filter(address -> filter.directory().belongsTo(address, account))
              .ifPresent(proven::add);
        });
    if (message.sender() instanceof Mailbox sender
        && filter.directory().resolve(sender.localPart(), sender.domain())
            instanceof Resolution.Local local) {
      local.lists().stream()
          .filter(each -> each.role() == ListRole.BOUNCES)
          .forEach(each -> proven.add(each.list()));
    }
    return proven;
  }

  private static Optional<Address> sender(Outgoing message) {
    return message.sender() instanceof Mailbox sender
        ? Address.of(sender.localPart(), sender.domain())
        : Optional.empty();
  }

  /** What is for those elsewhere whom an alias leads to; nothing if it came back from there. */
  private Optional<List<Append>> sentOn(
      Outgoing message,
      Outgoing.To to,
      Resolution.Local local,
      Intake.Received received,
      Instant time,
      Attempt attempt) {
    if (local.elsewhere().isEmpty()) {
      return Optional.of(List.of());
    }
    String alias = to.address().toString();
    if (received.structure().wasDeliveredTo(alias)) {
      return Optional.empty();
    }
    NewMessage entry =
        new NewMessage(
            ByteString.copyFromUtf8("Delivered-To: " + alias + "\r\n"),
            received.blob(),
            InternalDate.of(time, ZoneOffset.UTC),
            Flags.NONE,
            received.structure(),
            message.session());
    // Who is a recipient besides has it by that: one copy, as where nothing is held.
    Set<Mailbox> named =
        message.recipients().stream()
            .filter(each -> !each.here())
            .map(Outgoing.To::address)
            .collect(Collectors.toSet());
    List<Mailbox> elsewhere =
        local.elsewhere().stream()
            .map(each -> new Mailbox(each.localPart(), each.domain()))
            .filter(each -> !named.contains(each))
            .toList();
    if (elsewhere.isEmpty()) {
      return Optional.of(List.of());
    }
    String name = UUID.nameUUIDFromBytes(alias.getBytes(UTF_8)).toString();
    return Optional.of(
        List.of(filter.sendOn(name, entry, envelope(message, to, attempt), elsewhere).append()));
  }

  private static List<Append> alongside(List<Append> always, List<Filed> all, BitSet refused) {
    List<Append> alongside = new ArrayList<>(always);
    int at = 0;
    for (Filed filed : all) {
      alongside.addAll(filed.alongside(refused, at));
      at += filed.deliveries().size();
    }
    return alongside;
  }
}
