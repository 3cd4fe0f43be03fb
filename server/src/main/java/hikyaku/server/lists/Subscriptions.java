package hikyaku.server.lists;

import hikyaku.mailbox.store.Append;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.ListRole;
import hikyaku.server.lists.MailingList.Member;
import hikyaku.server.lists.Tokens.Purpose;
import hikyaku.server.queue.ListDoor.Arrival;
import hikyaku.server.queue.ListDoor.Taken;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who comes to a list and who goes, by mail and by the web. */
final class Subscriptions {
  private static final Logger LOG = LoggerFactory.getLogger(Subscriptions.class);

  /** For how many days, with that on which it was asked, a subscription can be confirmed. */
  private static final int CONFIRMABLE_DAYS = 3;

  private static final int ID_LENGTH = 10;

  private final ListSettings settings;
  private final ListBook book;
  private final Tokens tokens;
  private final Letters letters;
  private final InstantSource clock;

  Subscriptions(
      ListSettings settings, ListBook book, Tokens tokens, Letters letters, InstantSource clock) {
    this.settings = settings;
    this.book = book;
    this.tokens = tokens;
    this.letters = letters;
    this.clock = clock;
  }

  /** Takes the wish to be on it: whoever has the address is asked. */
  Taken ask(MailingList list, Arrival arrival) {
    Address address = arrival.to().list();
    Optional<Address> who = provenSender(arrival);
    if (who.isEmpty()) {
      return new Taken.Refused(Refusals.NOT_PROVEN, "not proven whose address it is");
    }
    if (list.member(who.get()).filter(member -> !member.disabled()).isPresent()) {
      return new Taken.Accepted(List.of(), "is a member already");
    }
    String token = tokens.token(Purpose.JOIN, address, asked(address, who.get(), 0));
    String text =
        """
        Somebody, most likely you, wants %1$s to be on the mailing list %2$s.
        If that is so, answer this mail. If not, do nothing: you will not hear of it again.
        """
            .formatted(who.get(), address);
    // Once a day: the key says that it was done.
    String key =
        "join."
            + asked(address, who.get(), 0)
            + "."
            + Tokens.name(who.get() + "\0" + address, ID_LENGTH);
    Append letter =
        letters.letter(
            address,
            "Do you want to be on the list " + address + "?",
            text,
            Optional.of(ListRole.CONFIRM.of(address, token)),
            key,
            arrival.session(),
            key,
            List.of(ListFields.mailbox(who.get())));
    return new Taken.Accepted(List.of(letter), "asked whether somebody wants to be on the list");
  }

  /** What a subscription that was asked for so many days ago is called. */
  private String asked(Address list, Address who, int daysAgo) {
    long day = clock.instant().getEpochSecond() / Duration.ofDays(1).toSeconds() - daysAgo;
    return Tokens.name(list + "\0" + who + "\0" + day, ID_LENGTH);
  }

  /** Whoever can answer from an address that this token was sent to has it. */
  Taken join(MailingList list, Arrival arrival) {
    Address address = arrival.to().list();
    Optional<String> id = tokens.id(Purpose.JOIN, address, arrival.to().token());
    Optional<Address> who = sender(arrival);
    boolean good = false;
    for (int day = 0; day < CONFIRMABLE_DAYS && id.isPresent() && who.isPresent(); day++) {
      good |= asked(address, who.get(), day).equals(id.get());
    }
    if (!good) {
      return new Taken.Refused(Refusals.NOT_A_REQUEST, "not the answer to a question");
    }
    Optional<Member> known = list.member(who.orElseThrow());
    if (known.isPresent() && !known.get().disabled()) {
      return new Taken.Accepted(List.of(), "is a member already");
    }
    if (known.isEmpty() && list.members().size() >= settings.members()) {
      return new Taken.Refused(Refusals.FULL, "the list is full");
    }
    Member member =
        known
            .map(before -> new Member(before.id(), before.address(), before.since(), false))
            .orElseGet(() ->
                new Member(
                    Tokens.name(arrival.key() + "\0" + who.get(), 8),
                    who.get(),
                    clock.instant(),
                    false));
    return new Taken.Accepted(
        List.of(book.event(address, ListBook.member(member), arrival.key() + "/j")),
        "is a member now");
  }

  /** Takes the wish to be on it no more. */
  Taken leave(MailingList list, Arrival arrival) {
    Address address = arrival.to().list();
    Optional<Member> member =
        arrival.to().token().isEmpty()
            ? provenSender(arrival).flatMap(list::member)
            : tokens.id(Purpose.LEAVE, address, arrival.to().token()).flatMap(list::member);
    if (member.isEmpty()) {
      return arrival.to().token().isEmpty()
          ? new Taken.Refused(Refusals.NOT_A_REQUEST, "not a member, or not proven to be")
          : new Taken.Accepted(List.of(), "is no member any more");
    }
    return new Taken.Accepted(
        List.of(book.event(address, ListBook.removal(member.get()), arrival.key() + "/u")),
        "is no member any more");
  }

  private static Optional<Address> sender(Arrival arrival) {
    return arrival.from() instanceof Mailbox from
        ? Address.of(from.localPart(), from.domain())
        : Optional.empty();
  }

  private static Optional<Address> provenSender(Arrival arrival) {
    return sender(arrival).filter(arrival.proven()::contains);
  }

  /** The member whom a link lets leave, if it is good and there is one. */
  Optional<Member> leaving(Address address, String token) {
    return tokens
        .id(Purpose.LEAVE, address, token)
        .flatMap(id -> book.list(address).flatMap(list -> list.member(id)));
  }

  /** Whether a link is one that this installation has made. */
  boolean isLink(Address address, String token) {
    return tokens.id(Purpose.LEAVE, address, token).isPresent() && book.list(address).isPresent();
  }

  /** Lets a member leave by a link. Durable when it returns; a repeat changes nothing. */
  void leave(Address address, String token) {
    leaving(address, token)
        .ifPresent(member -> {
          book.append(address, ListBook.removal(member));
          LOG.atInfo()
              .addKeyValue("mail", true)
              .addKeyValue("list", address)
              .addKeyValue("recipient", member.address())
              .log("a member left a mailing list by the web");
        });
  }
}
