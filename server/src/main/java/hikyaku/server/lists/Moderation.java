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
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holds messages until a moderator has decided. */
public final class Moderation {
  private static final Logger LOG = LoggerFactory.getLogger(Moderation.class);

  private static final int ID_LENGTH = 10;
  private static final int LONGEST_TOLD = 200;

  /** Octets of seals of others that are kept while a message waits; with more it gets none. */
  private static final int LONGEST_CHAIN = 16 * 1024;

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
            clock.instant(),
            arrival.found().filter(found -> found.before().size() <= LONGEST_CHAIN));
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

  /**
   * Takes what a moderator decides by mail. It is decided here, and not in the round of that mail:
   * what came of it is to be known before the mail is answered. A repeat comes to the same.
   */
  Taken decide(MailingList list, Arrival arrival, boolean accept) {
    Address address = arrival.to().list();
    String id = tokens.id(Purpose.DECIDE, address, arrival.to().token()).orElseThrow();
    try {
      Decision made = decide(address, id, accept, moderator(list, arrival)).decision();
      return made.accepted() == accept
          ? new Taken.Accepted(List.of(), accept ? "let a message through" : "threw a message away")
          : new Taken.Refused(Refusals.decided(made), "it was decided otherwise before");
    } catch (ListException notThere) {
      return new Taken.Refused(Refusals.NOT_A_REQUEST, "the message waits no longer");
    }
  }

  /** Whoever has the token may decide; the owner that it certainly is, or else who it says. */
  private static String moderator(MailingList list, Arrival arrival) {
    return arrival.proven().stream()
        .filter(list.owners()::contains)
        .map(Address::toString)
        .sorted()
        .findFirst()
        .orElse(arrival.from().toString());
  }

  /**
   * What was decided of a message.
   *
   * @param subject of the message; empty if it has gone out before
   * @param from its author, likewise
   * @param now whether it was this call that decided it
   */
  public record Decided(Decision decision, String from, String subject, boolean now) {}

  /**
   * Decides of a message, unless somebody has before: then that counts, and nothing is done but
   * what a decision to let it through still lacks. Durable when it returns.
   *
   * @param by who decides, for people
   * @throws ListException if no such message waits or has waited of late
   */
  Decided decide(Address address, String id, boolean accept, String by) throws ListException {
    while (true) {
      MailingList list = book.existing(address);
      Optional<Waiting> waiting = list.waiting(id);
      Optional<Decision> before = list.decision(id);
      if (before.isPresent()) {
        if (before.get().accepted()) {
          waiting.ifPresent(each -> send(address, list, each));
        }
        return decided(before.get(), waiting, false);
      }
      if (waiting.isEmpty()) {
        throw new ListException("no message " + id + " waits at " + address);
      }
      // Fenced: of two at one moment one is told what the other has decided.
      if (book.appended(address, list, ListBook.decided(id, accept, by), null)) {
        tell(address, waiting.get(), accept, by);
        if (accept) {
          send(address, list, waiting.get());
        }
        return decided(new Decision(accept, by, clock.instant()), waiting, true);
      }
    }
  }

  /** For who traces the message. */
  private static void tell(Address address, Waiting waiting, boolean accept, String by) {
    LOG.atInfo()
        .addKeyValue("mail", true)
        .addKeyValue("session", waiting.session())
        .addKeyValue("from", waiting.sender())
        .addKeyValue("list", address)
        .addKeyValue("by", by)
        .addKeyValue("message_id", waiting.messageId())
        .log(accept ? "a moderator let a message through" : "a moderator threw a message away");
  }

  private static Decided decided(Decision decision, Optional<Waiting> waiting, boolean now) {
    return new Decided(
        decision,
        waiting.map(Waiting::from).orElse(""),
        waiting.map(Waiting::subject).orElse(""),
        now);
  }

  /**
   * Sends a message that was let through. The keys are those of the message: however many let it
   * through or repeat that, it goes out once, and then it waits no longer.
   */
  private void send(Address address, MailingList list, Waiting waiting) {
    Intake.Received message = again(waiting);
    String key =
        "list." + Tokens.name(address + "\0" + waiting.id(), ID_LENGTH) + "." + waiting.seq();
    Distribution.Post post =
        new Distribution.Post(
            publication.outgoing(address, list, message, waiting.prefix(), Head.of(mail, message)),
            waiting.prefix(),
            key,
            waiting.session(),
            waiting.smtpUtf8(),
            waiting.binary(),
            waiting.tls(),
            "",
            key,
            waiting.found());
    List<Append> round = publication.round(address, list, post, waiting.id()).round();
    mail.store()
        .logs()
        .append(round)
        .forEach(each -> {
          var unused = each.orThrow();
        });
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
}
