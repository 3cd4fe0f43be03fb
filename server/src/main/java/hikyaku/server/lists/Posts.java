package hikyaku.server.lists;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.ListRole;
import hikyaku.server.queue.ListDoor.Arrival;
import hikyaku.server.queue.ListDoor.Taken;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Takes what is written to the members of a list, or to its owners. */
final class Posts {

  private final ListSettings settings;
  private final ListBook book;
  private final Publication publication;
  private final Moderation moderation;
  private final Distribution distribution;

  Posts(
      ListSettings settings,
      ListBook book,
      Publication publication,
      Moderation moderation,
      Distribution distribution) {
    this.settings = settings;
    this.book = book;
    this.publication = publication;
    this.moderation = moderation;
    this.distribution = distribution;
  }

  /** Takes a message for the members; a moderator may have to look at it first. */
  Taken take(MailingList list, Arrival arrival, Head head) {
    if (arrival.message().blob().size() > settings.messageOctets()) {
      return new Taken.Refused(
          Refusals.TOO_BIG, "more than " + settings.messageOctets() + " octets");
    }
    Address address = arrival.to().list();
    String id = "<" + ListFields.id(address) + ">";
    boolean loop =
        arrival.message().structure().wasDeliveredTo(address.toString())
            || head.values("list-id").stream()
                .anyMatch(value -> value.toLowerCase(Locale.ROOT).endsWith(id));
    if (loop) {
      // Lists may be members of each other: then their members have it, and no member has failed.
      return arrival.proven().stream().anyMatch(each -> book.list(each).isPresent())
          ? new Taken.Accepted(List.of(), "has been through the list before")
          : new Taken.Refused(Refusals.LOOP, "it has been through the list");
    }
    if (isAnswerOfAProgram(head)) {
      return new Taken.Refused(Refusals.AUTOMATIC, "it is automatic");
    }
    Set<Address> claimed = Claimed.addresses(arrival);
    boolean owner = arrival.proven().stream().anyMatch(list.owners()::contains);
    boolean member =
        arrival.proven().stream().anyMatch(each -> list.member(each).isPresent())
            || (!arrival.doubtful()
                && claimed.stream()
                    .anyMatch(
                        each -> list.member(each).isPresent() || list.owners().contains(each)));
    return switch (list.settings().kind()) {
      case ANNOUNCEMENT ->
          owner
              ? publish(list, arrival, head)
              : new Taken.Refused(Refusals.NOT_FOR_YOU, "not of an owner, or not proven to be");
      case DISCUSSION ->
          owner || member
              ? publish(list, arrival, head)
              : new Taken.Refused(Refusals.NOT_FOR_YOU, "not of a member");
      case MODERATED -> owner ? publish(list, arrival, head) : moderation.hold(list, arrival);
    };
  }

  private static boolean isAnswerOfAProgram(Head head) {
    return head.values("auto-submitted").stream()
        .anyMatch(value -> value.toLowerCase(Locale.ROOT).startsWith("auto-replied"));
  }

  private Taken publish(MailingList list, Arrival arrival, Head head) {
    Distribution.Post post =
        new Distribution.Post(
            publication.outgoing(
                arrival.to().list(), list, arrival.message(), arrival.prefix(), head),
            arrival.prefix(),
            arrival.transaction() + ".l",
            arrival.session(),
            arrival.smtpUtf8(),
            arrival.binary(),
            arrival.tls(),
            arrival.account(),
            arrival.key() + "/l",
            arrival.found());
    Distribution.Mailing mailing = publication.round(arrival.to().list(), list, post, "");
    String signed = String.join(", ", mailing.signed());
    String sealed = String.join(", ", mailing.sealed());
    return new Taken.Accepted(
        mailing.round(),
        "sent to the list"
            + (signed.isEmpty() ? "" : ", signed by " + signed)
            + (sealed.isEmpty() ? "" : ", sealed by " + sealed));
  }

  /** Takes a message for the owners. */
  Taken toOwners(MailingList list, Arrival arrival) {
    Address own = ListRole.OWNER.of(arrival.to().list());
    if (arrival.message().structure().wasDeliveredTo(own.toString())) {
      return new Taken.Refused(Refusals.LOOP, "it has been to the owners");
    }
    ReversePath sender =
        arrival.from() instanceof Mailbox
            ? ListFields.mailbox(ListRole.BOUNCES.of(arrival.to().list()))
            : ReversePath.NULL;
    ByteString trace = ByteString.copyFromUtf8("Delivered-To: " + own + "\r\n");
    Append letter = distribution.toOwners(own, list, post(arrival, "/o"), trace, sender);
    return new Taken.Accepted(List.of(letter), "sent to the owners");
  }

  private static Distribution.Post post(Arrival arrival, String part) {
    return new Distribution.Post(
        arrival.message(),
        arrival.prefix(),
        arrival.transaction() + "." + part.substring(1),
        arrival.session(),
        arrival.smtpUtf8(),
        arrival.binary(),
        arrival.tls(),
        arrival.account(),
        arrival.key() + part,
        arrival.found());
  }
}
