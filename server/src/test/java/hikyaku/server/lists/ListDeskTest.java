package hikyaku.server.lists;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.directory.DirectoryLimits;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.EmbeddedDirectory;
import hikyaku.server.directory.EmbeddedDirectoryAdmin;
import hikyaku.server.directory.ListRole;
import hikyaku.server.directory.Resolution;
import hikyaku.server.dkim.Sealer;
import hikyaku.server.dkim.Signer;
import hikyaku.server.queue.ListDoor.Arrival;
import hikyaku.server.queue.ListDoor.Taken;
import hikyaku.server.queue.Outbox;
import hikyaku.server.queue.Outgoing;
import hikyaku.server.queue.QueueView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ListDeskTest {
  private static final String ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n";
  private static final Address NEWS = address("news@demo.test");
  private static final Address OTHER = address("other@demo.test");
  private static final Address OWNER = address("boss@demo.test");
  private static final Address ANN = address("ann@far.test");
  private static final Address BEN = address("ben@demo.test");
  private static final String MESSAGE = "From: boss@demo.test\r\nSubject: s\r\n\r\nhello\r\n";

  private Instant now = Instant.parse("2026-01-05T12:00:00Z");
  private final Clock clock =
      new Clock() {
        @Override
        public Instant instant() {
          return now;
        }

        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }
      };
  private final MemoryStore store = new MemoryStore(clock);
  private final MailStore mail = new MailStore(store, clock, MailboxLimits.DEFAULT);
  private final EmbeddedDirectory directory =
      new EmbeddedDirectory(store.logs(), DirectoryLimits.DEFAULTS, Optional.empty());
  private final EmbeddedDirectoryAdmin admin =
      new EmbeddedDirectoryAdmin(directory, null, new Random(1));
  private final ListSettings settings =
      new ListSettings("https://lists.demo.test", 5, 2, 2, 3, 300_000);
  private final List<String> signed = new ArrayList<>();
  private final List<String> sealed = new ArrayList<>();
  private final List<String> asked = new ArrayList<>();
  private boolean suspected;

  /** When messages come. */
  private Optional<Sealer.Arrival> found = Optional.empty();

  /** While a message that was let through is about to go out. */
  private Runnable meanwhile = () -> {};

  private final ListBook book = book();
  private final ListDesk desk = desk(book);
  private int arrivals;

  /** Whether the domain has a key. */
  private boolean signs = true;

  private ListBook book() {
    return new ListBook(store.logs(), settings, new Random(2), clock);
  }

  private ListDesk desk(ListBook of) {
    return new ListDesk(
        "mx.demo.test",
        settings,
        of,
        mail,
        _ -> new byte[32],
        this::sign,
        this::seal,
        (domain, message) -> {
          ByteArrayOutputStream octets = new ByteArrayOutputStream();
          message.copyTo(octets::write);
          asked.add(domain + "\n" + octets.toString(ISO_8859_1));
          meanwhile.run();
          return suspected;
        },
        clock);
  }

  private static MailingList.Settings settings(ListKind kind, String title, boolean open) {
    return new MailingList.Settings(kind, title, open, AuthorField.REWRITE_IF_NEEDED);
  }

  private Signer.Signatures sign(List<Address> authors, Signer.Content content) throws IOException {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    content.copyTo(octets::write);
    signed.add(authors + "\n" + octets.toString(ISO_8859_1));
    return signs
        ? new Signer.Signatures("DKIM-Signature: here\r\n", List.of())
        : Signer.Signatures.NONE;
  }

  private Signer.Signatures seal(String domain, Sealer.Arrival arrival, Signer.Content content)
      throws IOException {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    content.copyTo(octets::write);
    sealed.add(domain + " " + told(arrival) + "\n" + octets.toString(ISO_8859_1));
    return new Signer.Signatures("ARC-Seal: here\r\n", List.of("s._domainkey." + domain));
  }

  private static String told(Sealer.Arrival arrival) {
    return arrival.instance()
        + " "
        + arrival.validation()
        + " "
        + arrival.before().toStringUtf8()
        + " "
        + arrival.results();
  }

  private static Address address(String text) {
    return Address.parse(text).orElseThrow();
  }

  @BeforeEach
  void open() throws Exception {
    new Outbox(store.logs()).open();
    admin.createDomain("demo.test", DomainSettings.DEFAULTS);
  }

  @AfterEach
  void sound() {
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    mail.close();
    assertThat(problems).isEmpty();
  }

  private void list(ListKind kind) throws Exception {
    MailingList unused = book.create(admin, NEWS, settings(kind, "The News", true), List.of(OWNER));
    assertThat(book.add(NEWS, ANN)).isTrue();
    assertThat(book.add(NEWS, BEN)).isTrue();
  }

  private Intake.Received received(String message) {
    try (Intake intake = mail.intake()) {
      byte[] octets = message.getBytes(UTF_8);
      intake.write(octets, 0, octets.length);
      return intake.finish();
    }
  }

  private Resolution.Listed listed(String address) {
    Resolution found = directory.resolve(address(address));
    assertThat(found).as(address).isInstanceOf(Resolution.Local.class);
    return ((Resolution.Local) found).lists().getFirst();
  }

  private Arrival arrival(String to, String from, boolean proven, String message) {
    Optional<Address> sender = Address.parse(from);
    ReversePath path =
        sender
            .<ReversePath>map(each -> new Mailbox(each.localPart(), each.domain()))
            .orElse(ReversePath.NULL);
    String id = "t" + ++arrivals;
    return new Arrival(
        listed(to),
        path,
        proven ? Set.of(sender.orElseThrow()) : Set.of(),
        false,
        received(message),
        ByteString.copyFromUtf8("Received: here\r\n"),
        id,
        "s",
        false,
        false,
        Outgoing.Tls.USUAL,
        "",
        id,
        found);
  }

  /** Takes a message, and writes what it leads to; says what was done, or the reply. */
  private String take(Arrival arrival) {
    return switch (desk.take(arrival)) {
      case Taken.Refused(var reply, String _) -> reply.code() + " " + reply.enhanced();
      case Taken.Accepted(var round, String as) -> {
        store
            .logs()
            .append(round)
            .forEach(outcome -> {
              var unused = outcome.orThrow();
            });
        yield as;
      }
    };
  }

  private String take(String to, String from, boolean proven, String message) {
    return take(arrival(to, from, proven, message));
  }

  private QueueView.Found waiting() {
    return new QueueView(store.logs(), clock)
        .find(new QueueView.Filter(null, null, null, null, null, false, null), 100);
  }

  private List<Outgoing> queued() {
    return waiting().messages().stream().map(QueueView.Waiting::message).toList();
  }

  private Outgoing queued(String to) {
    return queued().stream()
        .filter(each -> each.recipients().getFirst().address().toString().equals(to))
        .reduce((_, last) -> last)
        .orElseThrow();
  }

  private String text(Outgoing message) throws IOException {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    octets.writeBytes(message.prefix().toByteArray());
    try (BlobReader reader = store.blobs().open(message.blob().id())) {
      reader.copy(0, reader.size(), octets::write);
    }
    return octets.toString(ISO_8859_1);
  }

  /** What a letter of the list says. */
  private String body(Outgoing letter) throws IOException {
    String text = text(letter);
    return new String(
        Base64.getMimeDecoder().decode(text.substring(text.indexOf("\r\n\r\n") + 4)), UTF_8);
  }

  /** What the owner is told of a message. */
  private String told(String subject) throws IOException {
    for (Outgoing each : queued()) {
      if (each.recipients().getFirst().address().toString().equals(OWNER.toString())
          && body(each).contains(subject)) {
        return body(each);
      }
    }
    throw new AssertionError("nobody was told of " + subject);
  }

  private static String found(String pattern, String in) {
    Matcher matcher = Pattern.compile(pattern).matcher(in);
    assertThat(matcher.find()).as(in).isTrue();
    return matcher.group(1);
  }

  @Test
  void eachMemberHasAnEntryWithItsOwnWayBackAndOut() throws Exception {
    list(ListKind.ANNOUNCEMENT);
    String more = "List-Unsubscribe: <https://elsewhere.test>\r\nPrecedence: bulk\r\n";
    assertThat(take("news@demo.test", OWNER.toString(), true, more + MESSAGE))
        .isEqualTo("sent to the list");
    assertThat(queued()).hasSize(2);
    Outgoing ann = queued("ann@far.test");
    String token = found("/leave/demo.test/news/([a-z2-7]{20})>", text(ann));
    assertThat(text(ann))
        .isEqualTo(
            """
            DKIM-Signature: here
            List-Unsubscribe-Post: List-Unsubscribe=One-Click
            Delivered-To: news@demo.test
            List-Id: "The News"
             <news.demo.test>
            List-Help: <mailto:news-owner@demo.test?subject=help>
            List-Post: NO
            List-Owner: <mailto:news-owner@demo.test>
            List-Subscribe: <mailto:news-subscribe@demo.test>
            List-Unsubscribe: <https://lists.demo.test/leave/demo.test/news/%1$s>,
             <mailto:news-unsubscribe+%1$s@demo.test>
            Precedence: list
            Received: here
            From: boss@demo.test
            Subject: s

            hello
            """
                .formatted(token)
                .replace("\n", "\r\n"));
    assertThat(signed)
        .hasSize(2)
        .allMatch(each -> each.startsWith("[news@demo.test]\n" + ONE_CLICK + "Delivered-To: "));
    assertThat(ann.sender().toString()).matches("news-bounces\\+[a-z2-7]{20}@demo\\.test");
    assertThat(ann.sender()).isNotEqualTo(queued("ben@demo.test").sender());
    assertThat(text(queued("ben@demo.test"))).doesNotContain(token);
    assertThat(book.list(NEWS).orElseThrow().posts()).isEqualTo(1);
  }

  /** RFC 8058 §4: a signature must cover it. */
  @Test
  void nobodyIsOfferedOneClickWithoutASignature() throws Exception {
    list(ListKind.DISCUSSION);
    signs = false;
    assertThat(take("news@demo.test", ANN.toString(), true, MESSAGE)).isEqualTo("sent to the list");
    assertThat(text(queued("ann@far.test")))
        .startsWith("Delivered-To: ")
        .contains("List-Unsubscribe: <https://lists.demo.test/leave/")
        .doesNotContain("List-Unsubscribe-Post");
  }

  @Test
  void whatIsTooBigDoesNotGoToTheMembers() throws Exception {
    list(ListKind.MODERATED);
    String rest = "x".repeat(300_000 - MESSAGE.length());
    assertThat(take("news@demo.test", OWNER.toString(), true, MESSAGE + rest))
        .isEqualTo("sent to the list");
    assertThat(take("news@demo.test", OWNER.toString(), true, MESSAGE + rest + "y"))
        .isEqualTo("552 5.3.4");
    assertThat(take("news@demo.test", ANN.toString(), true, MESSAGE + rest + "y"))
        .isEqualTo("552 5.3.4");
    // Owners are written to about this as well.
    assertThat(take("news-owner@demo.test", ANN.toString(), true, MESSAGE + rest + "y"))
        .isEqualTo("sent to the owners");
  }

  @Test
  void aRepeatSendsNothingTwice() throws Exception {
    list(ListKind.DISCUSSION);
    Arrival arrival = arrival("news@demo.test", ANN.toString(), true, MESSAGE);
    assertThat(take(arrival)).isEqualTo("sent to the list");
    assertThat(take(arrival)).isEqualTo("sent to the list");
    assertThat(queued()).hasSize(2);
    assertThat(book.list(NEWS).orElseThrow().posts()).isEqualTo(1);
  }

  @Test
  void whoMayWriteDependsOnTheKind() throws Exception {
    list(ListKind.ANNOUNCEMENT);
    assertThat(desk.refusal(listed("news@demo.test"), new Mailbox("a", "b.test"), false))
        .isPresent();
    assertThat(take("news@demo.test", OWNER.toString(), false, MESSAGE)).isEqualTo("550 5.7.2");
    assertThat(take("news@demo.test", ANN.toString(), true, MESSAGE)).isEqualTo("550 5.7.2");
    MailingList unused = book.change(NEWS, settings(ListKind.DISCUSSION, "", false));
    assertThat(take("news@demo.test", ANN.toString(), false, "Subject: x\r\n\r\n"))
        .isEqualTo("sent to the list");
    assertThat(take("news@demo.test", "x@far.test", true, "Subject: x\r\n\r\n"))
        .isEqualTo("550 5.7.2");
    Arrival honest = arrival("news@demo.test", ANN.toString(), false, "Subject: x\r\n\r\n");
    Arrival doubtful =
        new Arrival(
            honest.to(),
            honest.from(),
            Set.of(),
            true,
            honest.message(),
            honest.prefix(),
            honest.transaction(),
            honest.session(),
            false,
            false,
            Outgoing.Tls.USUAL,
            "",
            honest.key(),
            Optional.empty());
    assertThat(take(doubtful)).isEqualTo("550 5.7.2");
  }

  /** What Ann gets of the last message that came. */
  private String toAnn() throws IOException {
    return text(
        queued().stream()
            .filter(each -> each.transaction().startsWith("t" + arrivals + ".l."))
            .filter(
                each -> each.recipients().getFirst().address().toString().equals(ANN.toString()))
            .findFirst()
            .orElseThrow());
  }

  private static final String BY_CID =
      """
      Subject: s
      From: "Cid, of
       Far" <cid@far.test>
      X-Original-From: forged@far.test
      Precedence: bulk
      """
          .replace("\n", "\r\n");

  @Test
  void theListIsTheAuthorOfWhatWouldBeTakenForForged() throws Exception {
    list(ListKind.DISCUSSION);
    suspected = true;
    take("news@demo.test", ANN.toString(), true, BY_CID + "\r\nhello\r\n");
    assertThat(asked).hasSize(1);
    assertThat(asked.getFirst())
        .startsWith("demo.test\nDelivered-To: news@demo.test\r\nList-Id: ")
        .contains("\r\nReceived: here\r\nSubject: s\r\n")
        .endsWith("\r\nhello\r\n");
    assertThat(toAnn())
        .endsWith(
            """
            Received: here
            From: "Cid, of Far via The News"
             <news@demo.test>
            Reply-To: "Cid, of
             Far" <cid@far.test>
            X-Original-From: "Cid, of
             Far" <cid@far.test>
            Subject: s

            hello
            """
                .replace("\n", "\r\n"));
    assertThat(queued("ben@demo.test").blob()).isEqualTo(queued("ann@far.test").blob());
    assertThat(signed.getLast()).contains("From: \"Cid, of Far via The News\"");
  }

  @Test
  void repliesGoWhereTheAuthorWantsThem() throws Exception {
    list(ListKind.DISCUSSION);
    suspected = true;
    take("news@demo.test", ANN.toString(), true, "Reply-To: r@far.test\r\n" + BY_CID + "\r\n");
    assertThat(toAnn())
        .containsOnlyOnce("Reply-To: ")
        .contains("\r\nReply-To: r@far.test\r\n")
        .doesNotContain("forged");
  }

  @Test
  void namesOfOtherAuthorsAreSafe() throws Exception {
    list(ListKind.DISCUSSION);
    suspected = true;
    for (String[] each :
        new String[][] {
          {"cid@far.test", "\"cid via The News\""},
          {"\"boss@demo.test\" <cid@far.test>", "\"boss via The News\""},
          {"\"@\" <cid@far.test>", "\"The News\""},
          {"=?utf-8?q?=22=3Cx=3E=0D=0AX:?= <cid@far.test>", "\"\\\" x   X: via The News\""},
          {"=?utf-8?q?C=C3=AFd?= <cid@far.test>", "=?utf-8?B?Q8OvZCB2aWEgVGhlIE5ld3M=?="},
        }) {
      take("news@demo.test", ANN.toString(), true, "From: " + each[0] + "\r\n\r\n");
      assertThat(toAnn()).contains("\r\nFrom: " + each[1] + "\r\n <news@demo.test>\r\n");
    }
  }

  @Test
  void theAuthorStaysWhereNobodyDoubts() throws Exception {
    list(ListKind.DISCUSSION);
    take("news@demo.test", ANN.toString(), true, BY_CID + "\r\n");
    assertThat(toAnn()).contains("\r\nFrom: \"Cid, of\r\n Far\" <cid@far.test>");
    suspected = true;
    asked.clear();
    // Its own domain is what the list proves.
    take("news@demo.test", OWNER.toString(), true, MESSAGE);
    assertThat(toAnn()).contains("\r\nFrom: boss@demo.test\r\n");
    MailingList unused =
        book.change(
            NEWS, new MailingList.Settings(ListKind.DISCUSSION, "", false, AuthorField.KEEP));
    take("news@demo.test", ANN.toString(), true, BY_CID + "\r\n");
    assertThat(toAnn()).contains("\r\nFrom: \"Cid, of\r\n Far\" <cid@far.test>");
    assertThat(asked).isEmpty();
  }

  @Test
  void whatWaitedIsRewrittenAsWell() throws Exception {
    list(ListKind.MODERATED);
    suspected = true;
    take("news@demo.test", ANN.toString(), false, BY_CID + "\r\n");
    assertThat(asked).isEmpty();
    String id = book.list(NEWS).orElseThrow().waiting().iterator().next().id();
    assertThat(desk.decide(NEWS, id, true).now()).isTrue();
    assertThat(text(queued("ann@far.test"))).contains("via The News\"\r\n <news@demo.test>");
  }

  @Test
  void loopsAndAnswersOfProgramsEndHere() throws Exception {
    list(ListKind.DISCUSSION);
    for (String field :
        List.of("Delivered-To: News@demo.test", "List-Id: x\r\n <news.demo.test>")) {
      assertThat(take("news@demo.test", ANN.toString(), true, field + "\r\n\r\n"))
          .isEqualTo("554 5.4.6");
    }
    assertThat(take("news@demo.test", ANN.toString(), true, "Auto-Submitted: auto-replied\r\n\r\n"))
        .isEqualTo("550 5.7.1");
    assertThat(take("news@demo.test", "", false, MESSAGE)).isEqualTo("550 5.7.1");
    assertThat(queued()).isEmpty();
  }

  /** Whatever one of them sends comes back to it by the other, and nobody is at fault. */
  @Test
  void listsMayBeMembersOfEachOther() throws Exception {
    list(ListKind.DISCUSSION);
    MailingList unused =
        book.create(admin, OTHER, settings(ListKind.DISCUSSION, "", false), List.of(OWNER));
    assertThat(book.add(NEWS, OTHER)).isTrue();
    assertThat(book.add(OTHER, NEWS)).isTrue();
    assertThat(take("news@demo.test", ANN.toString(), true, MESSAGE)).isNotEmpty();
    Outgoing there = queued(OTHER.toString());
    assertThat(take(ofList(there, NEWS, OTHER))).startsWith("sent to the list");
    Outgoing back = queued(NEWS.toString());
    int before = queued().size();
    // A refusal would be reported to the other list, which would send nothing more here in the end.
    assertThat(take(ofList(back, OTHER, NEWS))).isEqualTo("has been through the list before");
    assertThat(queued()).hasSize(before);
    assertThat(take("news@demo.test", OTHER.toString(), false, text(back))).isEqualTo("554 5.4.6");
  }

  /** What a list sends to another one, as it comes out of the queue. */
  private Arrival ofList(Outgoing post, Address from, Address to) throws IOException {
    Arrival as = arrival(to.toString(), post.sender().toString(), false, text(post));
    return new Arrival(
        as.to(),
        as.from(),
        Set.of(from),
        false,
        as.message(),
        ByteString.EMPTY,
        as.transaction(),
        "s",
        false,
        false,
        Outgoing.Tls.USUAL,
        "",
        as.key(),
        Optional.empty());
  }

  @Test
  void whoHasATokenLeaves() throws Exception {
    list(ListKind.DISCUSSION);
    assertThat(take("news@demo.test", ANN.toString(), true, MESSAGE)).isNotEmpty();
    String ann = found("news-unsubscribe\\+([a-z2-7]{20})", text(queued("ann@far.test")));
    String ben = found("news-unsubscribe\\+([a-z2-7]{20})", text(queued("ben@demo.test")));
    String bad = ann.substring(0, 19) + (ann.endsWith("a") ? "b" : "a");
    assertThat(desk.isLink(NEWS, bad)).isFalse();
    assertThat(take("news-unsubscribe+" + bad + "@demo.test", "x@y.test", false, MESSAGE))
        .isEqualTo("550 5.7.1");
    String return1 = queued("ann@far.test").sender().toString();
    String bounceToken = found("\\+([a-z2-7]{20})@", return1);
    assertThat(desk.isLink(NEWS, bounceToken)).isFalse();
    // In capitals too, from whatever address; twice is once.
    String capitals = "NEWS-unsubscribe+" + ann.toUpperCase(java.util.Locale.ROOT) + "@demo.test";
    assertThat(take(capitals, "x@y.test", false, MESSAGE)).isEqualTo("is no member any more");
    assertThat(take(capitals, "x@y.test", false, MESSAGE)).isEqualTo("is no member any more");
    assertThat(desk.leaving(NEWS, ben).orElseThrow().address()).isEqualTo(BEN);
    desk.leave(NEWS, ben);
    desk.leave(NEWS, ben);
    assertThat(desk.isLink(NEWS, ben)).isTrue();
    assertThat(book.list(NEWS).orElseThrow().members()).isEmpty();
  }

  @Test
  void whoseAddressIsProvenLeavesWithoutAToken() throws Exception {
    list(ListKind.DISCUSSION);
    assertThat(take("news-unsubscribe@demo.test", ANN.toString(), false, MESSAGE))
        .isEqualTo("550 5.7.1");
    assertThat(take("news-unsubscribe@demo.test", ANN.toString(), true, MESSAGE))
        .isEqualTo("is no member any more");
    assertThat(book.list(NEWS).orElseThrow().member(ANN)).isEmpty();
  }

  private static String report(String action, String status) {
    return "Content-Type: multipart/report\r\n\r\nAction: "
        + action
        + "\r\nStatus: "
        + status
        + "\r\n";
  }

  @Test
  void whoseMailComesBackOnSeveralDaysGetsNoMore() throws Exception {
    list(ListKind.DISCUSSION);
    assertThat(take("news@demo.test", ANN.toString(), true, MESSAGE)).isNotEmpty();
    String back = queued("ann@far.test").sender().toString();
    assertThat(take(back, "x@y.test", false, report("failed", "5.1.1"))).isEqualTo("550 5.7.1");
    assertThat(take(back, "", false, report("delayed", "4.4.1")))
        .isEqualTo("says nothing of a member");
    assertThat(take("news-bounces+x@demo.test", "", false, report("failed", "5.1.1")))
        .isEqualTo("says nothing of a member");
    for (String notOfTheMember :
        List.of(
            "5.3.4", "5.6.3", "5.6.10", "5.7.2", "5.7.26", "4.7.26", "4.3.0", "4.3.5", "4.4.4",
            "4.4.5", "4.7.0", "4.7.5")) {
      assertThat(take(back, "", false, report("failed", notOfTheMember)))
          .as(notOfTheMember)
          .isEqualTo("says nothing of a member");
    }
    for (int day = 0; day < 3; day++) {
      assertThat(book.list(NEWS).orElseThrow().member(ANN).orElseThrow().disabled()).isFalse();
      for (int i = 0; i < 2; i++) {
        assertThat(take(back, "", false, report("failed", i == 0 ? "4.4.7" : "5.1.1")))
            .isEqualTo("mail to a member came back");
      }
      now = now.plus(Duration.ofDays(1));
    }
    assertThat(book.list(NEWS).orElseThrow().member(ANN).orElseThrow().disabled()).isTrue();
    assertThat(body(queued("boss@demo.test")))
        .contains("to ann@far.test came back on 3 days, the last time with 4.4.7");
    int before = queued().size();
    assertThat(take("news@demo.test", BEN.toString(), true, MESSAGE)).isNotEmpty();
    assertThat(queued()).hasSize(before + 1);
    // Put on again, all is forgiven.
    assertThat(book.add(NEWS, ANN)).isFalse();
    assertThat(take(back, "", false, report("failed", "5.1.1"))).isNotEmpty();
    assertThat(book.list(NEWS).orElseThrow().member(ANN).orElseThrow().disabled()).isFalse();
  }

  @Test
  void aLongTimeForgivesWhatCameBack() throws Exception {
    list(ListKind.DISCUSSION);
    assertThat(take("news@demo.test", ANN.toString(), true, MESSAGE)).isNotEmpty();
    String back = queued("ann@far.test").sender().toString();
    for (int i = 0; i < 5; i++) {
      assertThat(take(back, "", false, report("failed", "5.2.2"))).isNotEmpty();
      now = now.plus(Duration.ofDays(MailingList.FORGIVEN_AFTER_DAYS + 1));
    }
    MailingList list = book.list(NEWS).orElseThrow();
    assertThat(list.bounces(list.member(ANN).orElseThrow()).orElseThrow().days()).isEqualTo(1);
  }

  @Test
  void whatWaitsIsLetThroughOnceOrThrownAway() throws Exception {
    list(ListKind.MODERATED);
    assertThat(take("news@demo.test", "x@y.test", false, "From: x@y.test\r\nSubject: a\r\n\r\n"))
        .isEqualTo("waits for a moderator");
    assertThat(take("news@demo.test", ANN.toString(), true, "Subject: b\r\n\r\n"))
        .isEqualTo("waits for a moderator");
    assertThat(take("news@demo.test", ANN.toString(), true, "Subject: c\r\n\r\n"))
        .isEqualTo("452 4.3.1");
    assertThat(queued()).hasSize(2);
    String told = told("Subject: a");
    assertThat(told).contains("From: x@y.test (envelope: x@y.test)");
    String accept = found("mailto:(\\S+-accept\\S+)", told);
    assertThat(take(accept, "x@y.test", false, "Auto-Submitted: auto-replied\r\n\r\n"))
        .isEqualTo("550 5.7.1");
    for (int i = 0; i < 2; i++) {
      assertThat(take(accept, OWNER.toString(), false, MESSAGE)).isEqualTo("let a message through");
    }
    assertThat(queued()).hasSize(4);
    assertThat(text(queued("ann@far.test"))).contains("Received: here\r\nFrom: x@y.test\r\n");
    String reject = found("mailto:(\\S+-reject\\S+)", told("Subject: b"));
    assertThat(take(reject, OWNER.toString(), false, MESSAGE)).isEqualTo("threw a message away");
    assertThat(book.list(NEWS).orElseThrow().waiting()).isEmpty();
    assertThat(take("news@demo.test", OWNER.toString(), true, MESSAGE))
        .isEqualTo("sent to the list");
    assertThatThrownBy(() -> desk.decide(NEWS, "nothing", true)).isInstanceOf(ListException.class);
  }

  /** The first decision counts; who has another one hears of it. */
  @Test
  void whoComesTooLateHearsWhatWasDecided() throws Exception {
    list(ListKind.MODERATED);
    MailingList unused = book.setOwner(NEWS, BEN, true);
    take("news@demo.test", "x@y.test", false, "From: x@y.test\r\nSubject: a\r\n\r\n");
    String told = told("Subject: a");
    String accept = found("mailto:(\\S+-accept\\S+)", told);
    String reject = found("mailto:(\\S+-reject\\S+)", told);
    assertThat(take(accept, OWNER.toString(), true, MESSAGE)).isEqualTo("let a message through");
    now = now.plus(Duration.ofHours(1));
    assertThat(refusal(reject, BEN))
        .isEqualTo(
            "550 5.7.1 Too late: boss@demo.test let this message through at 2026-01-05T12:00:00Z");
    assertThat(take(accept, BEN.toString(), true, MESSAGE)).isEqualTo("let a message through");
    assertThat(sentOf("a")).isEqualTo(2);

    take("news@demo.test", "x@y.test", false, "From: x@y.test\r\nSubject: b\r\n\r\n");
    String id = book.list(NEWS).orElseThrow().waiting().iterator().next().id();
    assertThat(desk.decide(NEWS, id, false).now()).isTrue();
    assertThat(refusal(found("mailto:(\\S+-accept\\S+)", told("Subject: b")), OWNER))
        .isEqualTo(
            "550 5.7.1 Too late: an operator threw this message away at 2026-01-05T13:00:00Z");
    Moderation.Decided again = desk.decide(NEWS, id, true);
    assertThat(again.now()).isFalse();
    assertThat(again.decision().accepted()).isFalse();
    assertThat(sentOf("b")).isZero();
  }

  private int sentOf(String subject) throws IOException {
    int sent = 0;
    for (Outgoing each : queued()) {
      sent += text(each).contains("\r\nSubject: " + subject + "\r\n") ? 1 : 0;
    }
    return sent;
  }

  private String refusal(String to, Address from) {
    Taken taken = desk.take(arrival(to, from.toString(), true, MESSAGE));
    return taken instanceof Taken.Refused(var reply, var _)
        ? reply.code() + " " + reply.enhanced() + " " + String.join(" ", reply.lines())
        : taken.toString();
  }

  /** What was let through while a node died goes out when it is let through again. */
  @Test
  void whatWasLetThroughAndDidNotGoOutWaitsOn() throws Exception {
    list(ListKind.MODERATED);
    take("news@demo.test", "x@y.test", false, "From: x@y.test\r\nSubject: a\r\n\r\n");
    String id = book.list(NEWS).orElseThrow().waiting().iterator().next().id();
    meanwhile =
        () -> {
          throw new StoreException.Unavailable("the node dies", null);
        };
    assertThatThrownBy(() -> desk.decide(NEWS, id, true))
        .isInstanceOf(StoreException.Unavailable.class);
    meanwhile = () -> {};
    ListBook other = book();
    assertThat(other.list(NEWS).orElseThrow().waiting(id)).isPresent();
    // The other node's owner cannot throw away any more what was let through.
    assertThat(desk(other).decide(NEWS, id, false).decision().accepted()).isTrue();
    assertThat(desk(other).decide(NEWS, id, true).now()).isFalse();
    assertThat(other.list(NEWS).orElseThrow().waiting()).isEmpty();
    assertThat(other.list(NEWS).orElseThrow().posts()).isEqualTo(1);
    assertThat(text(queued("ann@far.test"))).contains("\r\nSubject: a\r\n");
    assertThat(queued()).hasSize(3);
  }

  /** Each with a book and a desk of its own, as at two nodes. */
  @Test
  void ofTwoAtOneMomentOneDecides() throws Exception {
    list(ListKind.MODERATED);
    meanwhile = () -> {};
    List<ListDesk> nodes = List.of(racing(), racing());
    int sent = 0;
    for (int round = 0; round < 100; round++) {
      String subject = "race " + round;
      take("news@demo.test", "x@y.test", false, "Subject: " + subject + "\r\n\r\n");
      String id = book.list(NEWS).orElseThrow().waiting().iterator().next().id();
      CyclicBarrier together = new CyclicBarrier(2);
      List<Callable<Moderation.Decided>> both = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        ListDesk node = nodes.get(i);
        boolean accept = i == 0;
        both.add(() -> {
          together.await();
          return node.decide(NEWS, id, accept);
        });
      }
      List<Moderation.Decided> answers = new ArrayList<>();
      try (ExecutorService beside = Executors.newVirtualThreadPerTaskExecutor()) {
        for (Future<Moderation.Decided> each : beside.invokeAll(both)) {
          answers.add(each.get());
        }
      }
      assertThat(answers).filteredOn(Moderation.Decided::now).hasSize(1);
      boolean accepted = answers.getFirst().decision().accepted();
      assertThat(answers).allMatch(each -> each.decision().accepted() == accepted);
      sent += accepted ? 1 : 0;
      assertThat(book.list(NEWS).orElseThrow().waiting()).isEmpty();
      assertThat(book.list(NEWS).orElseThrow().posts()).isEqualTo(sent);
      // To the moderator of each round, and to two members of what was let through.
      assertThat(waiting().all()).isEqualTo(round + 1 + 2 * sent);
    }
  }

  private ListDesk racing() {
    Signer unsigned = (_, _) -> Signer.Signatures.NONE;
    return new ListDesk(
        "mx.demo.test",
        settings,
        book(),
        mail,
        _ -> new byte[32],
        unsigned,
        Sealer.NONE,
        (_, _) -> false,
        clock);
  }

  private static final Sealer.Arrival FOUND =
      new Sealer.Arrival(
          2,
          Sealer.Validation.PASS,
          ByteString.copyFromUtf8("arc-seal:i=1"),
          "mx.demo.test;\r\n\tspf=pass");

  @Test
  void whatWasFoundIsSealedOverTheMessageAsItGoesOut() throws Exception {
    list(ListKind.DISCUSSION);
    found = Optional.of(FOUND);
    suspected = true;
    assertThat(take("news@demo.test", "ann@far.test", true, "From: ann@far.test\r\n\r\nhi\r\n"))
        .isEqualTo("sent to the list, sealed by s._domainkey.demo.test");
    assertThat(queued()).hasSize(2);
    assertThat(text(queued("ben@demo.test")))
        .startsWith("ARC-Seal: here\r\nDKIM-Signature: here\r\n" + ONE_CLICK + "Delivered-To: ");
    assertThat(text(queued("ann@far.test"))).startsWith("ARC-Seal: here\r\nDKIM-Signature: here");
    assertThat(sealed).hasSize(1);
    assertThat(sealed.getFirst())
        .startsWith("demo.test " + told(FOUND) + "\nReceived: here\r\nFrom: ")
        .contains("<news@demo.test>")
        .endsWith("\r\n\r\nhi\r\n");
    assertThat(text(queued("ben@demo.test")))
        .endsWith(sealed.getFirst().substring(sealed.getFirst().indexOf("\nReceived") + 1));
  }

  @Test
  void whatNobodyLookedAtAndWhatTheListWritesIsNotSealed() throws Exception {
    list(ListKind.DISCUSSION);
    assertThat(take("news@demo.test", "ann@far.test", true, MESSAGE)).isEqualTo("sent to the list");
    found = Optional.of(FOUND);
    assertThat(take("news-subscribe@demo.test", "new@far.test", true, MESSAGE))
        .startsWith("asked whether");
    assertThat(sealed).isEmpty();
  }

  @Test
  void whatIsForTheOwnersIsSealed() throws Exception {
    list(ListKind.DISCUSSION);
    found = Optional.of(FOUND);
    assertThat(take("news-owner@demo.test", "x@y.test", false, MESSAGE))
        .isEqualTo("sent to the owners");
    assertThat(text(queued().getFirst()))
        .startsWith("ARC-Seal: here\r\nDelivered-To: news-owner@demo.test\r\nReceived: here\r\n");
    assertThat(sealed)
        .containsExactly("demo.test " + told(FOUND) + "\nReceived: here\r\n" + MESSAGE);
  }

  @Test
  void whatWaitedIsSealedWithWhatWasFoundWhenItCame() throws Exception {
    list(ListKind.MODERATED);
    found = Optional.of(FOUND);
    assertThat(take("news@demo.test", "x@y.test", false, MESSAGE))
        .isEqualTo("waits for a moderator");
    ByteString longer = ByteString.copyFrom(new byte[16 * 1024 + 1]);
    found =
        Optional.of(new Sealer.Arrival(3, Sealer.Validation.PASS, longer, "mx.demo.test; none"));
    assertThat(take("news@demo.test", "x@y.test", false, MESSAGE))
        .isEqualTo("waits for a moderator");
    for (int i = 0; i < 150; i++) {
      assertThat(book.removeMember(NEWS, BEN)).isTrue();
      assertThat(book.add(NEWS, BEN)).isTrue();
    }
    assertThat(store.logs().snapshot(ListBook.log(NEWS))).isPresent();
    ListBook other = book();
    for (MailingList.Waiting each : other.list(NEWS).orElseThrow().waiting()) {
      assertThat(desk(other).decide(NEWS, each.id(), true).now()).isTrue();
    }
    assertThat(other.list(NEWS).orElseThrow().posts()).isEqualTo(2);
    assertThat(sealed)
        .containsExactly("demo.test " + told(FOUND) + "\nReceived: here\r\n" + MESSAGE);
  }

  /** A snapshot lets go of all entries but those of messages that wait. */
  @Test
  void whatWaitsSurvivesSnapshots() throws Exception {
    list(ListKind.MODERATED);
    assertThat(take("news@demo.test", "x@y.test", false, "Subject: a\r\n\r\nkept\r\n"))
        .isEqualTo("waits for a moderator");
    for (int i = 0; i < 150; i++) {
      assertThat(book.removeMember(NEWS, BEN)).isTrue();
      assertThat(book.add(NEWS, BEN)).isTrue();
    }
    assertThat(store.logs().snapshot(ListBook.log(NEWS))).isPresent();
    ListBook other = book();
    MailingList list = other.list(NEWS).orElseThrow();
    assertThat(list.members()).containsExactlyElementsOf(book.list(NEWS).orElseThrow().members());
    assertThat(list.settings().title()).isEqualTo("The News");
    assertThat(list.owners()).containsExactly(OWNER);
    var sweep = store.blobs().sweep(Duration.ZERO);
    assertThat(sweep).isNotNull();
    String id = list.waiting().iterator().next().id();
    assertThat(desk(other).decide(NEWS, id, true).subject()).isEqualTo("a");
    assertThat(text(queued("ben@demo.test"))).endsWith("\r\n\r\nkept\r\n");
  }

  @Test
  void aMemberByMailIsWhoAnswersFromItsAddress() throws Exception {
    list(ListKind.DISCUSSION);
    assertThat(take("news-subscribe@demo.test", "new@far.test", false, MESSAGE))
        .isEqualTo("550 5.7.1");
    for (int i = 0; i < 2; i++) {
      assertThat(take("news-subscribe@demo.test", "new@far.test", true, MESSAGE))
          .isEqualTo("asked whether somebody wants to be on the list");
    }
    assertThat(queued()).hasSize(1);
    Outgoing question = queued("new@far.test");
    assertThat(question.sender()).isEqualTo(ReversePath.NULL);
    assertThat(text(question)).contains("Auto-Submitted: auto-generated\r\n");
    String confirm = found("Reply-To: (\\S+)", text(question));
    assertThat(take(confirm, "other@far.test", true, MESSAGE)).isEqualTo("550 5.7.1");
    now = now.plus(Duration.ofDays(2));
    assertThat(take(confirm, "new@far.test", false, MESSAGE)).isEqualTo("is a member now");
    assertThat(take(confirm, "new@far.test", false, MESSAGE)).isEqualTo("is a member already");
    assertThat(book.list(NEWS).orElseThrow().member(address("new@far.test"))).isPresent();
    assertThat(book.removeMember(NEWS, address("new@far.test"))).isTrue();
    now = now.plus(Duration.ofDays(1));
    assertThat(take(confirm, "new@far.test", false, MESSAGE)).isEqualTo("550 5.7.1");
    MailingList unused = book.change(NEWS, settings(ListKind.DISCUSSION, "", false));
    assertThat(take("news-subscribe@demo.test", "new@far.test", true, MESSAGE))
        .isEqualTo("550 5.7.2");
  }

  @Test
  void whatIsForTheOwnersGoesToThem() throws Exception {
    list(ListKind.DISCUSSION);
    assertThat(take("news-owner@demo.test", "x@y.test", false, MESSAGE))
        .isEqualTo("sent to the owners");
    Outgoing sent = queued("boss@demo.test");
    assertThat(sent.sender()).hasToString("news-bounces@demo.test");
    assertThat(text(sent))
        .startsWith("Delivered-To: news-owner@demo.test\r\nReceived: here\r\nFrom: ");
    assertThat(
            take(
                "news-owner@demo.test",
                "x@y.test",
                false,
                "Delivered-To: news-owner@demo.test\r\n\r\n"))
        .isEqualTo("554 5.4.6");
  }

  @Test
  void limitsAndNamesAreKept() throws Exception {
    list(ListKind.DISCUSSION);
    assertThatThrownBy(() -> list(ListKind.DISCUSSION))
        .isInstanceOf(DirectoryException.AlreadyExists.class);
    for (int i = 0; i < 3; i++) {
      assertThat(book.add(NEWS, address("m" + i + "@far.test"))).isTrue();
    }
    assertThatThrownBy(() -> book.add(NEWS, address("m3@far.test")))
        .isInstanceOf(ListException.class);
    assertThat(book.setOwner(NEWS, BEN, true).owners()).containsExactly(OWNER, BEN);
    assertThatThrownBy(() -> book.setOwner(NEWS, ANN, true)).isInstanceOf(ListException.class);
    assertThat(book.setOwner(NEWS, OWNER, false).owners()).containsExactly(BEN);
    assertThatThrownBy(() -> book.setOwner(NEWS, BEN, false)).isInstanceOf(ListException.class);
    assertThatThrownBy(() -> admin.setAlias(NEWS, List.of(BEN)))
        .isInstanceOf(DirectoryException.AlreadyExists.class);
    book.remove(admin, NEWS);
    assertThat(book.list(NEWS)).isEmpty();
    assertThat(directory.resolve(NEWS)).isInstanceOf(Resolution.UnknownRecipient.class);
    list(ListKind.MODERATED);
    assertThat(book.list(NEWS).orElseThrow().members()).hasSize(2);
    assertThat(ListRole.parse(address("news-owner@demo.test")).orElseThrow().list())
        .isEqualTo(NEWS);
  }
}
