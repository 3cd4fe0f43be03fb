package hikyaku.server.lists;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.MailDate;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.Reply;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.auth.InstallationKey;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.ListRole;
import hikyaku.server.directory.Resolution.Listed;
import hikyaku.server.dkim.Signer;
import hikyaku.server.lists.MailingList.Member;
import hikyaku.server.lists.MailingList.Waiting;
import hikyaku.server.lists.Tokens.Purpose;
import hikyaku.server.queue.ListDoor;
import hikyaku.server.queue.Outgoing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes the mail for mailing lists, and does what it leads to. */
public final class ListDesk implements ListDoor {
  private static final Logger LOG = LoggerFactory.getLogger(ListDesk.class);

  /** Octets of a report that are looked at. */
  private static final int LONGEST_REPORT = 64 * 1024;

  /** For how many days, with that on which it was asked, a subscription can be confirmed. */
  private static final int CONFIRMABLE_DAYS = 3;

  private static final int ID_LENGTH = 10;

  /** Characters of a transaction or a key that more is put behind. */
  private static final int LONGEST_NAME = 60;

  private static final int LONGEST_TOLD = 200;

  private static final Pattern FAILED = Pattern.compile("(?im)^action:[ \t]*failed[ \t]*\r?$");
  private static final Pattern STATUS =
      Pattern.compile("(?im)^status:[ \t]*(5\\.[0-9]{1,3}\\.[0-9]{1,3})");

  /**
   * What is about the message and not about the member: its size and content (RFC 3463 §3.4, §3.7),
   * and whom it is from (RFC 7372 §3).
   */
  private static final Pattern OF_THE_MESSAGE =
      Pattern.compile("5\\.(3\\.4|6\\.[0-9]+|7\\.2[0-9])");

  private static final Reply NOT_FOR_YOU =
      Reply.of(550, "5.7.2", "You are not among those who may write to this list");
  private static final Reply AUTOMATIC =
      Reply.of(550, "5.7.1", "Automatic mail is not for this address");
  private static final Reply NO_SUCH = Reply.of(550, "5.1.1", "No such user here");
  private static final Reply LOOP = Reply.of(554, "5.4.6", "Mail loop");
  private static final Reply TOO_MANY_WAIT =
      Reply.of(452, "4.3.1", "Too many messages wait for the moderators of this list, try later");
  private static final Reply HEADER_TOO_LONG =
      Reply.of(552, "5.3.4", "Header too long for a mailing list");
  private static final Reply TOO_BIG = Reply.of(552, "5.3.4", "Too big for this mailing list");
  private static final Reply NOT_OPEN =
      Reply.of(550, "5.7.2", "The owners of this list say who is on it; write to them");
  private static final Reply NOT_PROVEN =
      Reply.of(550, "5.7.1", "It is not sure whose address this is; write to the list's owners");
  private static final Reply NOT_A_REQUEST =
      Reply.of(550, "5.7.1", "This address does not know what you mean, or not any more");

  private final String host;
  private final ListSettings settings;
  private final ListBook book;
  private final MailStore mail;
  private final Tokens tokens;
  private final Distribution distribution;
  private final InstantSource clock;

  /**
   * @param host our name in mail
   * @param signer signs what lists send
   * @param forgery what others make of it
   */
  public ListDesk(
      String host,
      ListSettings settings,
      ListBook book,
      MailStore mail,
      InstallationKey installation,
      Signer signer,
      Forgery forgery,
      InstantSource clock) {
    this.host = host;
    this.settings = settings;
    this.book = book;
    this.mail = mail;
    this.tokens = new Tokens(installation);
    this.distribution =
        new Distribution(mail, signer, forgery, new ListFields(tokens, settings.url()));
    this.clock = clock;
  }

  // ---- RCPT

  @Override
  public Optional<Reply> refusal(Listed to, ReversePath from, boolean provable) {
    Optional<MailingList> found = book.list(to.list());
    if (found.isEmpty()) {
      return Optional.of(NO_SUCH);
    }
    boolean nobody = from instanceof ReversePath.Null;
    return Optional.ofNullable(
        switch (to.role()) {
          case POST -> {
            boolean mustBeProven = found.get().settings().kind() == ListKind.ANNOUNCEMENT;
            yield nobody ? AUTOMATIC : mustBeProven && !provable ? NOT_FOR_YOU : null;
          }
          case BOUNCES -> nobody ? null : NOT_A_REQUEST;
          case OWNER -> null;
          case SUBSCRIBE ->
              !found.get().settings().open()
                  ? NOT_OPEN
                  : nobody ? AUTOMATIC : provable ? null : NOT_PROVEN;
          case CONFIRM -> nobody ? AUTOMATIC : null;
          case UNSUBSCRIBE ->
              nobody
                  ? AUTOMATIC
                  : to.token().isEmpty()
                      ? provable ? null : NOT_PROVEN
                      : isGood(Purpose.LEAVE, to) ? null : NOT_A_REQUEST;
          case ACCEPT, REJECT ->
              nobody ? AUTOMATIC : isGood(Purpose.DECIDE, to) ? null : NOT_A_REQUEST;
        });
  }

  private boolean isGood(Purpose purpose, Listed to) {
    return tokens.id(purpose, to.list(), to.token()).isPresent();
  }

  // ---- messages

  @Override
  public Taken take(Arrival arrived) {
    Arrival arrival = shortened(arrived);
    Optional<MailingList> found = book.list(arrival.to().list());
    if (found.isEmpty()) {
      return new Taken.Refused(NO_SUCH, "the list is gone");
    }
    Optional<Reply> refusal = refusal(arrival.to(), arrival.from(), !arrival.proven().isEmpty());
    if (refusal.isPresent()) {
      return new Taken.Refused(refusal.get(), "the envelope");
    }
    if (Head.isTooLong(arrival.message())) {
      return new Taken.Refused(HEADER_TOO_LONG, "a long header");
    }
    MailingList list = found.get();
    Head head = Head.of(mail, arrival.message());
    return switch (arrival.to().role()) {
      case BOUNCES -> bounced(list, arrival);
      case OWNER -> toOwners(list, arrival);
      case POST -> post(list, arrival, head);
      case SUBSCRIBE, CONFIRM, UNSUBSCRIBE, ACCEPT, REJECT ->
          isAutomatic(head)
              ? new Taken.Refused(AUTOMATIC, "it is automatic")
              : request(list, arrival);
    };
  }

  /** Lists that are members of lists make long names of short ones. */
  private static Arrival shortened(Arrival arrival) {
    if (arrival.transaction().length() <= LONGEST_NAME && arrival.key().length() <= LONGEST_NAME) {
      return arrival;
    }
    return new Arrival(
        arrival.to(),
        arrival.from(),
        arrival.proven(),
        arrival.doubtful(),
        arrival.message(),
        arrival.prefix(),
        shortened(arrival.transaction()),
        arrival.session(),
        arrival.smtpUtf8(),
        arrival.binary(),
        arrival.tls(),
        shortened(arrival.key()));
  }

  private static String shortened(String name) {
    return name.length() <= LONGEST_NAME ? name : "l." + Tokens.name(name, 24);
  }

  private Taken request(MailingList list, Arrival arrival) {
    return switch (arrival.to().role()) {
      case SUBSCRIBE -> ask(list, arrival);
      case CONFIRM -> join(list, arrival);
      case UNSUBSCRIBE -> leave(list, arrival);
      case ACCEPT -> decide(list, arrival, true);
      case REJECT -> decide(list, arrival, false);
      case POST, BOUNCES, OWNER -> throw new IllegalStateException("no request");
    };
  }

  /** RFC 3834 §5: what a program sends by itself, to whom it was not written. */
  private static boolean isAutomatic(Head head) {
    return head.values("auto-submitted").stream()
        .anyMatch(value -> !value.toLowerCase(Locale.ROOT).startsWith("no"));
  }

  private static boolean isAnswerOfAProgram(Head head) {
    return head.values("auto-submitted").stream()
        .anyMatch(value -> value.toLowerCase(Locale.ROOT).startsWith("auto-replied"));
  }

  // ---- posts

  private Taken post(MailingList list, Arrival arrival, Head head) {
    if (arrival.message().blob().size() > settings.messageOctets()) {
      return new Taken.Refused(TOO_BIG, "more than " + settings.messageOctets() + " octets");
    }
    Address address = arrival.to().list();
    String id = "<" + ListFields.id(address) + ">";
    boolean loop =
        arrival.message().structure().deliveredTo().stream()
                .anyMatch(value -> value.strip().equalsIgnoreCase(address.toString()))
            || head.values("list-id").stream()
                .anyMatch(value -> value.toLowerCase(Locale.ROOT).endsWith(id));
    if (loop) {
      return new Taken.Refused(LOOP, "it has been through the list");
    }
    if (isAnswerOfAProgram(head)) {
      return new Taken.Refused(AUTOMATIC, "it is automatic");
    }
    Set<Address> claimed = claimed(arrival);
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
              : new Taken.Refused(NOT_FOR_YOU, "not of an owner, or not proven to be");
      case DISCUSSION ->
          owner || member
              ? publish(list, arrival, head)
              : new Taken.Refused(NOT_FOR_YOU, "not of a member");
      case MODERATED -> owner ? publish(list, arrival, head) : hold(list, arrival);
    };
  }

  /** Whom it says to be from. */
  private static Set<Address> claimed(Arrival arrival) {
    Set<Address> claimed = new HashSet<>();
    if (arrival.from() instanceof Mailbox from) {
      Address.of(from.localPart(), from.domain()).ifPresent(claimed::add);
    }
    List<EnvelopeAddress> authors = arrival.message().structure().envelope().from();
    if (authors.size() == 1) {
      address(authors.getFirst()).ifPresent(claimed::add);
    }
    return claimed;
  }

  private static Optional<Address> address(EnvelopeAddress written) {
    String mailbox = written.mailbox();
    String host = written.host();
    return mailbox == null || host == null
        ? Optional.empty()
        : Address.of(utf8(mailbox), utf8(host));
  }

  private static String utf8(String octets) {
    return new String(octets.getBytes(ISO_8859_1), UTF_8);
  }

  private Taken publish(MailingList list, Arrival arrival, Head head) {
    Distribution.Post post =
        new Distribution.Post(
            outgoing(arrival.to().list(), list, arrival.message(), arrival.prefix(), head),
            arrival.prefix(),
            arrival.transaction() + ".l",
            arrival.session(),
            arrival.smtpUtf8(),
            arrival.binary(),
            arrival.tls(),
            arrival.key() + "/l");
    return new Taken.Accepted(round(arrival.to().list(), list, post), "sent to the list");
  }

  /** The message with the author that the list gives it. */
  private Intake.Received outgoing(
      Address address, MailingList list, Intake.Received message, ByteString prefix, Head head) {
    Intake.Received cleared = head.without(ListFields::isOurs);
    return list.settings().from() == AuthorField.REWRITE_IF_NEEDED
            && distribution.isSuspected(address, list, cleared, prefix)
        ? OtherAuthor.of(address, list, message, head)
        : cleared;
  }

  private List<Append> round(Address address, MailingList list, Distribution.Post post) {
    List<Append> round = new ArrayList<>(distribution.toMembers(address, list, post));
    int members = round.size();
    round.add(book.event(address, ListBook.posted(post.transaction(), members), post.key()));
    return round;
  }

  private Taken toOwners(MailingList list, Arrival arrival) {
    Address own = ListRole.OWNER.of(arrival.to().list());
    boolean loop =
        arrival.message().structure().deliveredTo().stream()
            .anyMatch(value -> value.strip().equalsIgnoreCase(own.toString()));
    if (loop) {
      return new Taken.Refused(LOOP, "it has been to the owners");
    }
    ReversePath sender =
        arrival.from() instanceof Mailbox
            ? ListFields.mailbox(ListRole.BOUNCES.of(arrival.to().list()))
            : ReversePath.NULL;
    ByteString trace = ByteString.copyFromUtf8("Delivered-To: " + own + "\r\n");
    Append letter = distribution.toOwners(list, post(arrival, "/o"), trace, sender);
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
        arrival.key() + part);
  }

  // ---- moderation

  private Taken hold(MailingList list, Arrival arrival) {
    Address address = arrival.to().list();
    String id = Tokens.name(arrival.key() + "\0" + address, ID_LENGTH);
    if (list.waiting().size() >= settings.held() && list.waiting(id).isEmpty()) {
      return new Taken.Refused(TOO_MANY_WAIT, "too many wait for a moderator");
    }
    Waiting waiting =
        new Waiting(
            0,
            id,
            arrival.from().toString(),
            claimedAuthor(arrival),
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

  private static String claimedAuthor(Arrival arrival) {
    return arrival.message().structure().envelope().from().stream()
        .findFirst()
        .flatMap(ListDesk::address)
        .map(Address::toString)
        .orElse("");
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
    return letter(
        address,
        "A message to " + address + " waits",
        text,
        Optional.empty(),
        arrival.transaction() + ".m",
        arrival.session(),
        arrival.key() + "/m",
        list.owners().stream().map(ListFields::mailbox).toList());
  }

  private Taken decide(MailingList list, Arrival arrival, boolean accept) {
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
              outgoing(address, list, message, waiting.prefix(), Head.of(mail, message)),
              waiting.prefix(),
              key,
              waiting.session(),
              waiting.smtpUtf8(),
              waiting.binary(),
              waiting.tls(),
              key);
      round.addAll(round(address, list, post));
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
  public Waiting decide(Address address, String id, boolean accept) throws ListException {
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

  // ---- what comes back

  private Taken bounced(MailingList list, Arrival arrival) {
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
    return letter(
        address,
        "Mail to a member of " + address + " comes back",
        text,
        Optional.empty(),
        arrival.transaction() + ".d",
        arrival.session(),
        arrival.key() + "/t",
        list.owners().stream().map(ListFields::mailbox).toList());
  }

  /** The status code of a report that mail failed for good, as the member is (RFC 3464 §2.3). */
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
        ? Optional.of(status.group(1)).filter(code -> !OF_THE_MESSAGE.matcher(code).matches())
        : Optional.empty();
  }

  // ---- who comes and goes

  private Taken ask(MailingList list, Arrival arrival) {
    Address address = arrival.to().list();
    Optional<Address> who = provenSender(arrival);
    if (who.isEmpty()) {
      return new Taken.Refused(NOT_PROVEN, "not proven whose address it is");
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
        letter(
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
  private Taken join(MailingList list, Arrival arrival) {
    Address address = arrival.to().list();
    Optional<String> id = tokens.id(Purpose.JOIN, address, arrival.to().token());
    Optional<Address> who = sender(arrival);
    boolean good = false;
    for (int day = 0; day < CONFIRMABLE_DAYS && id.isPresent() && who.isPresent(); day++) {
      good |= asked(address, who.get(), day).equals(id.get());
    }
    if (!good) {
      return new Taken.Refused(NOT_A_REQUEST, "not the answer to a question");
    }
    Optional<Member> known = list.member(who.orElseThrow());
    if (known.isPresent() && !known.get().disabled()) {
      return new Taken.Accepted(List.of(), "is a member already");
    }
    if (known.isEmpty() && list.members().size() >= settings.members()) {
      return new Taken.Refused(
          Reply.of(452, "4.3.1", "This list is full, try later"), "the list is full");
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

  private Taken leave(MailingList list, Arrival arrival) {
    Address address = arrival.to().list();
    Optional<Member> member =
        arrival.to().token().isEmpty()
            ? provenSender(arrival).flatMap(list::member)
            : tokens.id(Purpose.LEAVE, address, arrival.to().token()).flatMap(list::member);
    if (member.isEmpty()) {
      return arrival.to().token().isEmpty()
          ? new Taken.Refused(NOT_A_REQUEST, "not a member, or not proven to be")
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

  // ---- by the web

  /** The member whom a link lets leave, if it is good and there is one. */
  public Optional<Member> leaving(Address address, String token) {
    return tokens
        .id(Purpose.LEAVE, address, token)
        .flatMap(id -> book.list(address).flatMap(list -> list.member(id)));
  }

  /** Whether a link is one that this installation has made. */
  public boolean isLink(Address address, String token) {
    return tokens.id(Purpose.LEAVE, address, token).isPresent() && book.list(address).isPresent();
  }

  /** Lets a member leave by a link. Durable when it returns; a repeat changes nothing. */
  public void leave(Address address, String token) {
    leaving(address, token)
        .ifPresent(member -> {
          book.append(address, ListBook.removal(member));
          LOG.atInfo()
              .addKeyValue("list", address)
              .addKeyValue("member", member.address())
              .log("a member left a mailing list by the web");
        });
  }

  // ---- letters

  private Append letter(
      Address address,
      String subject,
      String text,
      Optional<Address> replyTo,
      String transaction,
      String session,
      String key,
      List<Mailbox> to) {
    Instant now = clock.instant();
    Address owner = ListRole.OWNER.of(address);
    String lines =
        "From: "
            + owner
            + "\r\nTo: "
            + String.join(",\r\n ", to.stream().map(Mailbox::toString).toList())
            + "\r\n"
            + replyTo.map(each -> "Reply-To: " + each + "\r\n").orElse("")
            + "Subject: "
            + EncodedWords.encode(subject).replace("?= =?", "?=\r\n =?")
            + "\r\nDate: "
            + MailDate.of(now)
            + "\r\nMessage-ID: <"
            + transaction
            + "@"
            + host
            + ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: text/plain; charset=utf-8\r\n"
            + "Content-Transfer-Encoding: base64\r\n\r\n"
            + java.util.Base64.getMimeEncoder()
                .encodeToString(text.replace("\n", "\r\n").getBytes(UTF_8))
            + "\r\n";
    Distribution.Post post =
        new Distribution.Post(
            distribution.written(lines),
            ByteString.EMPTY,
            transaction,
            session,
            false,
            false,
            Outgoing.Tls.USUAL,
            key);
    return distribution.own(owner, post, to);
  }
}
