package hikyaku.server.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.Reply;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Resolution;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.LateDelivery;
import hikyaku.server.filter.SieveSettings;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Mail out of the queue for aliases that lead to several, of whom some are full. An attempt that
 * comes after keys are forgotten is shown by another key: the store of tests forgets none.
 */
class LateDeliveryTest {
  private static final Instant TIME = Instant.parse("2026-11-22T10:00:00Z");
  private static final Quota FULL = new Quota(Quota.UNLIMITED, 0);
  private static final QueueView.Filter ALL =
      new QueueView.Filter(null, null, null, null, null, false, null);

  /** A mailbox holds one. */
  private static final MailboxLimits ONE_MESSAGE =
      new MailboxLimits(
          MailboxLimits.DEFAULT.folders(),
          MailboxLimits.DEFAULT.nameOctets(),
          MailboxLimits.DEFAULT.depth(),
          MailboxLimits.DEFAULT.subscriptions(),
          MailboxLimits.DEFAULT.annotations(),
          MailboxLimits.DEFAULT.annotationOctets(),
          MailboxLimits.DEFAULT.rights(),
          MailboxLimits.DEFAULT.sharers(),
          MailboxLimits.DEFAULT.keywords(),
          MailboxLimits.DEFAULT.keywordLength(),
          1,
          MailboxLimits.DEFAULT.tombstones(),
          MailboxLimits.DEFAULT.conflicts(),
          MailboxLimits.DEFAULT.snapshotAfter(),
          MailboxLimits.DEFAULT.history(),
          MailboxLimits.DEFAULT.cachedMessages(),
          MailboxLimits.DEFAULT.briefOctets());

  private final Clock clock = Clock.fixed(TIME, ZoneOffset.UTC);
  private final MemoryStore store = new MemoryStore(clock);
  private final HomeDirectory directory = new HomeDirectory();
  private final Outbox outbox = new Outbox(store.logs());
  private final QueueView view = new QueueView(store.logs(), clock);
  private MailStore mail = new MailStore(store, clock, MailboxLimits.DEFAULT);

  @BeforeEach
  void open() {
    outbox.open();
  }

  @AfterEach
  void soundness() {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    mail.close();
    assertThat(problems).isEmpty();
  }

  /** Whom the last message for a list was proven to be from. */
  private Set<Address> proven = Set.of();

  /** A list that sends each post to one member elsewhere. */
  private final class OneMember implements ListDoor {
    @Override
    public Optional<Reply> refusal(Resolution.Listed to, ReversePath from, boolean provable) {
      return Optional.empty();
    }

    @Override
    public Taken take(Arrival arrival) {
      proven = arrival.proven();
      Outgoing post = outgoing("list", arrival.message(), to("member", "there.test"));
      return new Taken.Accepted(List.of(outbox.append(post).withKey(arrival.key())), "posted");
    }

    @Override
    public Stream<Address> reached(Resolution.Listed to) {
      return Stream.of();
    }
  }

  private static Outgoing.To to(String name, String domain) {
    return new Outgoing.To(new Mailbox(name, domain), RcptParameters.NONE, true);
  }

  private static Outgoing outgoing(String id, Intake.Received received, Outgoing.To to) {
    return new PlainMail(id, "s1", to("sender", "there.test").address())
        .of(
            ByteString.copyFromUtf8("Received: from test\r\n"),
            received.blob(),
            received.structure().root().bodyStart(),
            List.of(to),
            "",
            "",
            Outgoing.Terms.NONE);
  }

  private HomeDelivery.Outcome deliver(boolean strict, String to, String key) throws Exception {
    Filter filter = Filter.of(mail, directory, SieveSettings.DEFAULTS);
    try (Intake intake = mail.intake()) {
      byte[] octets = "Subject: late\r\n\r\nhello\r\n".getBytes(UTF_8);
      intake.write(octets, 0, octets.length);
      Outgoing.To recipient = to(to, "home.test");
      return new LateDelivery(filter, new OneMember(), "home.test", strict)
          .deliver(outgoing("t1", intake.finish(), recipient), recipient, TIME, key);
    }
  }

  /** Attempts until it is known what became of it, each after the keys of the one before. */
  private HomeDelivery.Outcome settled(boolean strict, String to) throws Exception {
    HomeDelivery.Outcome outcome = deliver(strict, to, "0.local");
    for (int i = 1; i < 3 && outcome instanceof HomeDelivery.Outcome.Later; i++) {
      outcome = deliver(strict, to, i + ".local");
    }
    return outcome;
  }

  private static HomeDelivery.Outcome done(String... into) {
    return new HomeDelivery.Outcome.Done(List.of(into), List.of(), false);
  }

  private int inbox(Account account) {
    return mail.account(account.id()).inbox().refresh().size();
  }

  private List<String> elsewhere() {
    return view.find(ALL, 9).messages().stream()
        .flatMap(each -> each.message().recipients().stream())
        .map(each -> each.address().toString())
        .toList();
  }

  /** The queue brings one message to its recipients one by one. */
  @Test
  void whoIsBehindTwoRecipientsGetsOneCopy() throws Exception {
    for (String recipient : List.of("other", "both", "me", "both")) {
      assertThat(deliver(false, recipient, "t1.local"))
          .as(recipient)
          .isInstanceOf(HomeDelivery.Outcome.Done.class);
    }
    assertThat(inbox(HomeDirectory.ME)).isEqualTo(1);
    assertThat(inbox(HomeDirectory.OTHER)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void oneOfTwoHasRoom(boolean strict) throws Exception {
    for (boolean first : List.of(true, false)) {
      int before = inbox(HomeDirectory.ME);
      directory.quota(first ? FULL : Quota.NONE);
      directory.otherQuota(first ? Quota.NONE : FULL);
      assertThat(deliver(strict, "both", first + ".local"))
          .isEqualTo(
              done("me@home.test INBOX " + (before + 1), "other@home.test INBOX " + (before + 1)));
      assertThat(inbox(HomeDirectory.ME)).isEqualTo(before + 1);
      assertThat(inbox(HomeDirectory.OTHER)).isEqualTo(before + 1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "both, false",
    "both, true",
    "team, false",
    "team, true",
    "group, false",
    "group, true"
  })
  void whoeverIsFullTakesItOnceIfOthersDo(String alias, boolean strict) throws Exception {
    directory.quota(FULL);
    HomeDelivery.Outcome done =
        alias.equals("both")
            ? done("me@home.test INBOX 1", "other@home.test INBOX 1")
            : alias.equals("team")
                ? done("me@home.test INBOX 1")
                : done("me@home.test INBOX 1", "news@home.test posted");
    assertThat(settled(strict, alias)).isEqualTo(done);
    // Once more, as if the node had died before it wrote down what became of it.
    assertThat(deliver(strict, alias, "0.local")).isEqualTo(done);
    assertThat(inbox(HomeDirectory.ME)).isEqualTo(1);
    assertThat(inbox(HomeDirectory.OTHER)).isEqualTo(alias.equals("both") ? 1 : 0);
    assertThat(elsewhere())
        .isEqualTo(
            switch (alias) {
              case "team" -> List.of("friend@there.test");
              case "group" -> List.of("member@there.test");
              default -> List.of();
            });
  }

  @Test
  void whereAllAreFullNothingIsWrittenBeforeThereIsRoom() throws Exception {
    directory.quota(FULL);
    directory.otherQuota(FULL);
    assertThat(settled(false, "both"))
        .isEqualTo(new HomeDelivery.Outcome.Later("4.2.2", "the mailbox is full"));
    assertThat(deliver(true, "both", "3.local"))
        .isEqualTo(new HomeDelivery.Outcome.Never("5.2.2", "the mailbox is full"));
    assertThat(inbox(HomeDirectory.ME)).isZero();
    assertThat(inbox(HomeDirectory.OTHER)).isZero();
    directory.otherQuota(new Quota(Quota.UNLIMITED, 1));
    assertThat(settled(false, "both"))
        .isEqualTo(done("me@home.test INBOX 1", "other@home.test INBOX 1"));
    assertThat(inbox(HomeDirectory.ME)).isEqualTo(1);
    assertThat(inbox(HomeDirectory.OTHER)).isEqualTo(1);
  }

  /** As where it comes in: a list has it once, in whichever place among others aliases name it. */
  @Test
  void aListBehindTwoRecipientsGetsItOnce() throws Exception {
    assertThat(deliver(false, "group", "t1.local"))
        .isEqualTo(done("me@home.test INBOX 1", "news@home.test posted"));
    assertThat(deliver(false, "lists", "t1.local"))
        .isEqualTo(done("old@home.test posted", "news@home.test posted"));
    assertThat(elsewhere()).containsExactly("member@there.test", "member@there.test");
  }

  @Test
  void whomAnAliasLeadsToAndWhoIsNamedBesidesGetsOneCopy() throws Exception {
    Filter filter = Filter.of(mail, directory, SieveSettings.DEFAULTS);
    Outgoing.To team = to("team", "home.test");
    for (String named : List.of("friend", "other")) {
      Outgoing.To besides =
          new Outgoing.To(to(named, "there.test").address(), RcptParameters.NONE, false);
      try (Intake intake = mail.intake()) {
        intake.write("Subject: x\r\n\r\nx\r\n".getBytes(UTF_8), 0, 17);
        Intake.Received message = intake.finish();
        Outgoing held =
            new PlainMail("t-" + named, "s1", to("sender", "there.test").address())
                .of(
                    ByteString.EMPTY,
                    message.blob(),
                    message.structure().root().bodyStart(),
                    List.of(team, besides),
                    "",
                    "",
                    Outgoing.Terms.NONE);
        assertThat(
                new LateDelivery(filter, new OneMember(), "home.test", false)
                    .deliver(held, team, TIME, "k-" + named))
            .isInstanceOf(HomeDelivery.Outcome.Done.class);
      }
      assertThat(elsewhere())
          .isEqualTo(named.equals("friend") ? List.of() : List.of("friend@there.test"));
    }
  }

  /** A message that was held is no less its author's than when it came. */
  @Test
  void anAccountMayWriteToListsUnderEachOfItsAddresses() throws Exception {
    Filter filter = Filter.of(mail, directory, SieveSettings.DEFAULTS);
    try (Intake intake = mail.intake()) {
      intake.write("Subject: x\r\n\r\nx\r\n".getBytes(UTF_8), 0, 17);
      Intake.Received message = intake.finish();
      Outgoing.To group = to("group", "home.test");
      for (String from : List.of("both", "other")) {
        Outgoing held =
            new PlainMail("t-" + from, "s1", to(from, "home.test").address())
                .of(
                    ByteString.EMPTY,
                    message.blob(),
                    message.structure().root().bodyStart(),
                    List.of(group),
                    HomeDirectory.ME.id(),
                    "",
                    Outgoing.Terms.NONE);
        assertThat(
                new LateDelivery(filter, new OneMember(), "home.test", false)
                    .deliver(held, group, TIME, "k-" + from))
            .isInstanceOf(HomeDelivery.Outcome.Done.class);
        Address me = HomeDirectory.ME.primary();
        assertThat(proven)
            .isEqualTo(
                from.equals("both") ? Set.of(me, new Address(from, "home.test")) : Set.of(me));
      }
    }
  }

  /** As another recipient, or in an attempt that broke off; now both are full. */
  @Test
  void whoHasItAlreadyCountsAsOneWhoTakesIt() throws Exception {
    assertThat(deliver(false, "me", "t1.local")).isEqualTo(done("me@home.test INBOX 1"));
    directory.quota(FULL);
    directory.otherQuota(FULL);
    for (int i = 0; i < 2; i++) {
      assertThat(deliver(false, "both", "t1.local"))
          .isEqualTo(done("me@home.test INBOX 1", "other@home.test INBOX 1"));
    }
    assertThat(inbox(HomeDirectory.ME)).isEqualTo(1);
    assertThat(inbox(HomeDirectory.OTHER)).isEqualTo(1);
  }

  /** Such a mailbox takes it not even once; as others have it, it is not tried again. */
  @Test
  void whatAMailboxCannotHoldFailsWhereOthersHaveIt() throws Exception {
    assertThat(deliver(false, "me", "t1.local")).isEqualTo(done("me@home.test INBOX 1"));
    mail.close();
    mail = new MailStore(store, clock, ONE_MESSAGE);
    // What is known of it by now is what is asked.
    assertThat(inbox(HomeDirectory.ME)).isEqualTo(1);
    assertThat(deliver(false, "me", "t2.local"))
        .isEqualTo(new HomeDelivery.Outcome.Later("4.2.2", "a mailbox here refuses it"));
    assertThat(deliver(false, "both", "t2.local"))
        .isEqualTo(new HomeDelivery.Outcome.Never("5.2.2", "a mailbox here refuses it"));
    assertThat(inbox(HomeDirectory.ME)).isEqualTo(1);
    assertThat(inbox(HomeDirectory.OTHER)).isEqualTo(1);
  }
}
