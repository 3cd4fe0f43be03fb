package hikyaku.server.lists;

import hikyaku.mailbox.MailStore;
import hikyaku.protocol.smtp.Reply;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.auth.InstallationKey;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Resolution.Listed;
import hikyaku.server.dkim.Sealer;
import hikyaku.server.dkim.Signer;
import hikyaku.server.lists.MailingList.Member;
import hikyaku.server.lists.Tokens.Purpose;
import hikyaku.server.queue.ListDoor;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Takes the mail for mailing lists, and does what it leads to. */
public final class ListDesk implements ListDoor {

  /** Characters of a transaction or a key that more is put behind. */
  private static final int LONGEST_NAME = 60;

  private final ListBook book;
  private final MailStore mail;
  private final Tokens tokens;
  private final Posts posts;
  private final Moderation moderation;
  private final Bounces bounces;
  private final Subscriptions subscriptions;

  /**
   * @param host our name in mail
   * @param signer signs what lists send
   * @param sealer tells what was found when it came to them
   * @param forgery what others make of it
   */
  public ListDesk(
      String host,
      ListSettings settings,
      ListBook book,
      MailStore mail,
      InstallationKey installation,
      Signer signer,
      Sealer sealer,
      Forgery forgery,
      InstantSource clock) {
    this.book = book;
    this.mail = mail;
    this.tokens = new Tokens(installation);
    Distribution distribution =
        new Distribution(mail, signer, sealer, forgery, new ListFields(tokens, settings.url()));
    Letters letters = new Letters(host, distribution, clock);
    Publication publication = new Publication(book, distribution);
    this.moderation = new Moderation(settings, book, mail, tokens, publication, letters, clock);
    this.posts = new Posts(settings, book, publication, moderation, distribution);
    this.bounces = new Bounces(settings, book, mail, tokens, letters, clock);
    this.subscriptions = new Subscriptions(settings, book, tokens, letters, clock);
  }

  // ---- RCPT

  @Override
  public Optional<Reply> refusal(Listed to, ReversePath from, boolean provable) {
    Optional<MailingList> found = book.list(to.list());
    if (found.isEmpty()) {
      return Optional.of(Refusals.NO_SUCH);
    }
    boolean nobody = from instanceof ReversePath.Null;
    return Optional.ofNullable(
        switch (to.role()) {
          case POST -> {
            boolean mustBeProven = found.get().settings().kind() == ListKind.ANNOUNCEMENT;
            yield nobody
                ? Refusals.AUTOMATIC
                : mustBeProven && !provable ? Refusals.NOT_FOR_YOU : null;
          }
          case BOUNCES -> nobody ? null : Refusals.NOT_A_REQUEST;
          case OWNER -> null;
          case SUBSCRIBE ->
              !found.get().settings().open()
                  ? Refusals.NOT_OPEN
                  : nobody ? Refusals.AUTOMATIC : provable ? null : Refusals.NOT_PROVEN;
          case CONFIRM -> nobody ? Refusals.AUTOMATIC : null;
          case UNSUBSCRIBE ->
              nobody
                  ? Refusals.AUTOMATIC
                  : to.token().isEmpty()
                      ? provable ? null : Refusals.NOT_PROVEN
                      : isGood(Purpose.LEAVE, to) ? null : Refusals.NOT_A_REQUEST;
          case ACCEPT, REJECT ->
              nobody
                  ? Refusals.AUTOMATIC
                  : isGood(Purpose.DECIDE, to) ? null : Refusals.NOT_A_REQUEST;
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
      return new Taken.Refused(Refusals.NO_SUCH, "the list is gone");
    }
    Optional<Reply> refusal = refusal(arrival.to(), arrival.from(), !arrival.proven().isEmpty());
    if (refusal.isPresent()) {
      return new Taken.Refused(refusal.get(), "the envelope");
    }
    if (Head.isTooLong(arrival.message())) {
      return new Taken.Refused(Refusals.HEADER_TOO_LONG, "a long header");
    }
    MailingList list = found.get();
    Head head = Head.of(mail, arrival.message());
    return switch (arrival.to().role()) {
      case BOUNCES -> bounces.take(list, arrival);
      case OWNER -> posts.toOwners(list, arrival);
      case POST -> posts.take(list, arrival, head);
      case SUBSCRIBE, CONFIRM, UNSUBSCRIBE, ACCEPT, REJECT ->
          isAutomatic(head)
              ? new Taken.Refused(Refusals.AUTOMATIC, "it is automatic")
              : request(list, arrival);
    };
  }

  @Override
  public Stream<Address> reached(Listed to) {
    return switch (to.role()) {
      case POST ->
          book.list(to.list()).stream()
              .flatMap(list -> list.members().stream())
              .filter(member -> !member.disabled())
              .map(Member::address);
      case OWNER -> book.list(to.list()).stream().flatMap(list -> list.owners().stream());
      case BOUNCES, SUBSCRIBE, CONFIRM, UNSUBSCRIBE, ACCEPT, REJECT -> Stream.of();
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
        arrival.account(),
        shortened(arrival.key()),
        arrival.found());
  }

  private static String shortened(String name) {
    return name.length() <= LONGEST_NAME ? name : "l." + Tokens.name(name, 24);
  }

  private Taken request(MailingList list, Arrival arrival) {
    return switch (arrival.to().role()) {
      case SUBSCRIBE -> subscriptions.ask(list, arrival);
      case CONFIRM -> subscriptions.join(list, arrival);
      case UNSUBSCRIBE -> subscriptions.leave(list, arrival);
      case ACCEPT -> moderation.decide(list, arrival, true);
      case REJECT -> moderation.decide(list, arrival, false);
      case POST, BOUNCES, OWNER -> throw new IllegalStateException("no request");
    };
  }

  /** RFC 3834 §5: what a program sends by itself, to whom it was not written. */
  private static boolean isAutomatic(Head head) {
    return head.values("auto-submitted").stream()
        .anyMatch(value -> !value.toLowerCase(Locale.ROOT).startsWith("no"));
  }

  /**
   * Lets a message through, or throws it away, as an operator wants it, unless somebody has decided
   * of it before: then that is told. Durable when it returns.
   *
   * @throws ListException if it does not wait, and it is not known that it did
   */
  public Moderation.Decided decide(Address address, String id, boolean accept)
      throws ListException {
    return moderation.decide(address, id, accept, "an operator");
  }

  // ---- by the web

  /** The member whom a link lets leave, if it is good and there is one. */
  public Optional<Member> leaving(Address address, String token) {
    return subscriptions.leaving(address, token);
  }

  /** Whether a link is one that this installation has made. */
  public boolean isLink(Address address, String token) {
    return subscriptions.isLink(address, token);
  }

  /** Lets a member leave by a link. Durable when it returns; a repeat changes nothing. */
  public void leave(Address address, String token) {
    subscriptions.leave(address, token);
  }
}
