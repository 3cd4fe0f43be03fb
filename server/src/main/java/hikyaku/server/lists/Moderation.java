package hikyaku.server.lists;

import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Append;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.ListRole;
import hikyaku.server.lists.MailingList.Waiting;
import hikyaku.server.lists.Tokens.Purpose;
import hikyaku.server.queue.ListDoor.Arrival;
import hikyaku.server.queue.ListDoor.Taken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Holds messages until a moderator has decided. */
final class Moderation {
  private static final int ID_LENGTH = 10;
  private static final int LONGEST_TOLD = 200;

  private final ListSettings settings;
  private final ListBook book;
  private final MailStore mail;
  private final Tokens tokens;
  private final Publication publication;
  private final Letters letters;
  private final InstantSource clock;

  Moderation(
      ListSettings settings,
      ListBook book,
      MailStore mail,
      Tokens tokens,
      Publication publication,
      Letters letters,
      InstantSource clock) {
    this.settings = settings;
    this.book = book;
    this.mail = mail;
    this.tokens = tokens;
    this.publication = publication;
    this.letters = letters;
    this.clock = clock;
  }

  /** Takes a message that waits from now on. */
  Taken hold(MailingList list, Arrival arrival) {
    Address address = arrival.to().list();
    String id = Tokens.name(arrival.key() + "\0" + address, ID_LENGTH);
    if (list.waiting().size() >= settings.held() && list.waiting(id).isEmpty()) {
      return new Taken.Refused(Refusals.TOO_MANY_WAIT, "too many wait for a moderator");
    }
    Waiting waiting =
        new Waiting(
            0,
            id,
            arrival.from().toString(),
            Claimed.author(arrival),
            told(arrival.message().structure().envelope().subject()),
            Distribution.messageId(arrival.message()),
            arrival.prefix(),
            arrival.message().blob(),
            arrival.session(),
            arrival.smtpUtf8(),
            arrival.binary(),
            arrival.tls(),
            clock.instant());
    List<Append> round =
        List.of(
            book.event(address, ListBook.held(waiting), arrival.key() + "/h"),
            toModerators(address, list, waiting, arrival));
    return new Taken.Accepted(round, "waits for a moderator");
  }

  /** Text of a message for people. */
  private static String told(@Nullable String octets) {
    String text = octets == null ? "" : EncodedWords.decode(octets).replaceAll("\\p{Cntrl}", " ");
    return text.length() > LONGEST_TOLD ? text.substring(0, LONGEST_TOLD) : text;
  }

  private Append toModerators(Address address, MailingList list, Waiting waiting, Arrival arrival) {
    String token = tokens.token(Purpose.DECIDE, address, waiting.id());
    String text =
        """
        A message to %1$s waits for you:

            From: %2$s (envelope: %3$s)
            Subject: %4$s

        %5$s

        To let it through, send any mail to
            %6$s
        To throw it away, send any mail to
            %7$s
        Or: hikyaku list accept %1$s %8$s
            hikyaku list reject %1$s %8$s
        """
            .formatted(
                address,
                waiting.from().isEmpty() ? "nobody" : waiting.from(),
                waiting.sender(),
                waiting.subject(),
                arrival.message().structure().preview(),
                ListFields.mailto(ListRole.ACCEPT.of(address, token)),
                ListFields.mailto(ListRole.REJECT.of(address, token)),
                waiting.id());
    return letters.letter(
        address,
        "A message to " + address + " waits",
        text,
        Optional.empty(),
        arrival.transaction() + ".m",
        arrival.session(),
        arrival.key() + "/m",
        list.owners().stream().map(ListFields::mailbox).toList());
  }

  /** Takes what a moderator decides by mail. */
  Taken decide(MailingList list, Arrival arrival, boolean accept) {
    Address address = arrival.to().list();
    String id = tokens.id(Purpose.DECIDE, address, arrival.to().token()).orElseThrow();
    return new Taken.Accepted(
        decision(address, list, id, accept),
        accept ? "let a message through" : "threw a message away");
  }

  /** What lets a message through or throws it away; nothing if it waits no longer. */
  private List<Append> decision(Address address, MailingList list, String id, boolean accept) {
    Optional<Waiting> found = list.waiting(id);
    if (found.isEmpty()) {
      return List.of();
    }
    Waiting waiting = found.get();
    List<Append> round = new ArrayList<>();
    // The same for all who decide: what two moderators let through goes out once.
    String key = "list." + Tokens.name(address + "\0" + id, ID_LENGTH) + "." + waiting.seq();
    if (accept) {
      Intake.Received message = again(waiting);
      Distribution.Post post =
          new Distribution.Post(
              publication.outgoing(
                  address, list, message, waiting.prefix(), Head.of(mail, message)),
              waiting.prefix(),
              key,
              waiting.session(),
              waiting.smtpUtf8(),
              waiting.binary(),
              waiting.tls(),
              key);
      round.addAll(publication.round(address, list, post));
    }
    round.add(
        book.event(
            address, ListBook.decided(id, accept), key + (accept ? ".accepted" : ".rejected")));
    return round;
  }

  /** Reads a message that waited once more, for its structure. */
  private Intake.Received again(Waiting waiting) {
    try (Intake intake = mail.intake()) {
      mail.store().blobs().copy(waiting.blob(), intake);
      return intake.finish();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // neither side of the copy throws it
    }
  }

  /**
   * Lets a message through, or throws it away, as an operator wants it. Durable when it returns.
   *
   * @throws ListException if it does not wait
   */
  Waiting decide(Address address, String id, boolean accept) throws ListException {
    MailingList list = book.existing(address);
    Waiting waiting =
        list.waiting(id)
            .orElseThrow(() -> new ListException("no message " + id + " waits at " + address));
    mail.store()
        .logs()
        .append(decision(address, list, id, accept))
        .forEach(o -> {
          var unused = o.orThrow();
        });
    return waiting;
  }
}
