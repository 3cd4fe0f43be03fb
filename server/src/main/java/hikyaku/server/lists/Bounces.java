package hikyaku.server.lists;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.server.directory.Address;
import hikyaku.server.lists.MailingList.Member;
import hikyaku.server.lists.Tokens.Purpose;
import hikyaku.server.queue.ListDoor.Arrival;
import hikyaku.server.queue.ListDoor.Taken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Takes what comes back of mail to members, and sends no more to those whose mail does. */
final class Bounces {
  /** Octets of a report that are looked at. */
  private static final int LONGEST_REPORT = 64 * 1024;

  private static final Pattern FAILED = Pattern.compile("(?im)^action:[ \t]*failed[ \t]*\r?$");
  private static final Pattern STATUS =
      Pattern.compile("(?im)^status:[ \t]*([45]\\.[0-9]{1,3}\\.[0-9]{1,3})");

  /**
   * What is about the message and not about the member: its size and content (RFC 3463 §3.4, §3.7),
   * and whom it is from (RFC 3463 §3.8: another list that its author may not write to; RFC 7372
   * §3). And what it was given up for without having been refused that may be about us: what is
   * broken here, a rate or a way that our operator has set, a login or TLS that a relay or a policy
   * wants (RFC 3463 §3.4, §3.5, §3.8).
   */
  private static final Pattern NOT_OF_THE_MEMBER =
      Pattern.compile("[45]\\.(3\\.4|6\\.[0-9]+|7\\.2[0-9]?)|4\\.(3\\.[0-9]+|4\\.[45]|7\\.[0-9]+)");

  private final ListSettings settings;
  private final ListBook book;
  private final MailStore mail;
  private final Tokens tokens;
  private final Letters letters;
  private final InstantSource clock;

  Bounces(
      ListSettings settings,
      ListBook book,
      MailStore mail,
      Tokens tokens,
      Letters letters,
      InstantSource clock) {
    this.settings = settings;
    this.book = book;
    this.mail = mail;
    this.tokens = tokens;
    this.letters = letters;
    this.clock = clock;
  }

  /** Takes a report, of which nothing is told to whoever sent it. */
  Taken take(MailingList list, Arrival arrival) {
    Address address = arrival.to().list();
    Optional<Member> member =
        tokens.id(Purpose.BOUNCE, address, arrival.to().token()).flatMap(list::member);
    Optional<String> status = failure(arrival.message());
    if (member.isEmpty() || status.isEmpty()) {
      return new Taken.Accepted(List.of(), "says nothing of a member");
    }
    List<Append> round = new ArrayList<>();
    round.add(book.event(address, book.bounced(member.get(), status.get()), arrival.key() + "/b"));
    if (!member.get().disabled() && days(list, member.get()) >= settings.bounceDays()) {
      Member off =
          new Member(member.get().id(), member.get().address(), member.get().since(), true);
      round.add(book.event(address, ListBook.member(off), arrival.key() + "/d"));
      round.add(toldOfBounces(address, list, off, status.get(), arrival));
    }
    return new Taken.Accepted(round, "mail to a member came back");
  }

  /** On how many days mail to a member came back, with today. */
  private int days(MailingList list, Member member) {
    long today = clock.instant().getEpochSecond() / Duration.ofDays(1).toSeconds();
    return list.bounces(member)
        .filter(before -> today - before.lastDay() <= MailingList.FORGIVEN_AFTER_DAYS)
        .map(before -> today > before.lastDay() ? before.days() + 1 : before.days())
        .orElse(1);
  }

  private Append toldOfBounces(
      Address address, MailingList list, Member member, String status, Arrival arrival) {
    String text =
        """
        Mail of the list %1$s to %2$s came back on %3$d days, the last time with %4$s.
        Nothing more is sent to that address.

            hikyaku list member add %1$s %2$s        sends to it again
            hikyaku list member remove %1$s %2$s     takes it off the list
        """
            .formatted(address, member.address(), settings.bounceDays(), status);
    return letters.letter(
        address,
        "Mail to a member of " + address + " comes back",
        text,
        Optional.empty(),
        arrival.transaction() + ".d",
        arrival.session(),
        arrival.key() + "/t",
        list.owners().stream().map(ListFields::mailbox).toList());
  }

  /**
   * The status code of a report that mail failed, as the member is (RFC 3464 §2.3): of class 4 if
   * it was given up after many attempts, as where nobody answers for the member's domain.
   */
  private Optional<String> failure(Intake.Received message) {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    try (BlobReader reader = mail.store().blobs().open(message.blob().id())) {
      reader.copy(0, Math.min(LONGEST_REPORT, message.blob().size()), octets::write);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
    String text = octets.toString(ISO_8859_1);
    Matcher status = STATUS.matcher(text);
    return FAILED.matcher(text).find() && status.find()
        ? Optional.of(status.group(1)).filter(code -> !NOT_OF_THE_MEMBER.matcher(code).matches())
        : Optional.empty();
  }
}
