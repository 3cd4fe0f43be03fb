package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.MessageContent;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.DirectoryAdmin;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.directory.DirectoryLimits;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.EmbeddedDirectory;
import hikyaku.server.directory.EmbeddedDirectoryAdmin;
import hikyaku.server.directory.Language;
import hikyaku.server.dkim.Sealer;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dmarc.DmarcResults;
import hikyaku.server.dmarc.ReceivedReports;
import hikyaku.server.dmarc.ReportInbox;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.Onward;
import hikyaku.server.filter.Redirects;
import hikyaku.server.filter.ScriptBook;
import hikyaku.server.filter.ScriptException;
import hikyaku.server.filter.SieveSettings;
import hikyaku.server.filter.SieveSettings.Redirection;
import hikyaku.server.lists.AuthorField;
import hikyaku.server.lists.Forgery;
import hikyaku.server.lists.ListBook;
import hikyaku.server.lists.ListDesk;
import hikyaku.server.lists.ListException;
import hikyaku.server.lists.ListKind;
import hikyaku.server.lists.ListSettings;
import hikyaku.server.lists.MailingList;
import hikyaku.server.net.Credential;
import hikyaku.server.net.ListenerSpec;
import hikyaku.server.net.NetLimits;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.SelfSigned;
import hikyaku.server.net.TlsContext;
import hikyaku.server.net.TlsMode;
import hikyaku.server.net.Traces;
import hikyaku.server.origin.Origin;
import hikyaku.server.queue.Outbox;
import hikyaku.server.queue.QueueView;
import hikyaku.server.queue.Senders;
import hikyaku.server.queue.Wordings;
import hikyaku.server.sending.Allowance;
import hikyaku.server.sending.SendingBook;
import hikyaku.server.sending.SendingSettings;
import hikyaku.server.srs.SenderRewriting;
import hikyaku.server.srs.SrsSettings;
import hikyaku.server.testing.Carrier;
import hikyaku.server.testing.TrustEveryone;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLSocket;

/** A server with one listener over a store in memory, at a moment that stands still. */
final class World implements AutoCloseable {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-22T10:00:00Z"), ZoneOffset.UTC);

  /** Scripts send a few mails in an hour. */
  static final SieveSettings SIEVE =
      new SieveSettings(Redirection.ANYWHERE, 4, 30, 10, "X-Spam-Score", 10, "X-Virus-Status");

  private static final Credential CREDENTIAL = credential();

  private static Credential credential() {
    try {
      return SelfSigned.create(List.of("mx.demo.test"), Instant.now());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  final MemoryStore store = new MemoryStore(CLOCK);
  final MailStore mail = node();
  private final MailStore otherMail = node();
  final TestDirectory directory = new TestDirectory();

  /** Seals what is sent on; to be set before a client connects. */
  volatile Sealer sealer = Sealer.NONE;

  /** Signs what goes out; to be set before a client connects. */
  volatile Signer signer = Signer.NONE;

  private final Onward onward =
      new Onward(
          new SenderRewriting(
              SrsSettings.DEFAULTS,
              purpose -> Arrays.copyOf(purpose.getBytes(ISO_8859_1), 32),
              directory,
              CLOCK),
          (domain, arrival, content) -> sealer.seal(domain, arrival, content),
          (authors, content) -> signer.sign(authors, content));
  private final Wordings wordings = new Wordings(directory, Language.EN);
  final TestAuthenticator authenticator = new TestAuthenticator(directory);
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final AtomicLong nanos = new AtomicLong();
  final List<Duration> pauses = new ArrayList<>();

  /** How much users may send; to be set before they do. */
  volatile Allowance allowance = Allowance.UNLIMITED;

  final NetServer server;
  final SmtpServer protocol;
  private final Optional<Origin> origin;
  final Optional<Carrier> carrier;

  /** Sessions are named s1, s2, and so on. */
  World(SmtpFace face, SmtpSettings settings, TlsMode tls) throws IOException {
    this(face, settings, tls, Optional.empty());
  }

  /**
   * @param plan how sessions travel between two nodes; if they do not, the first serves them all
   */
  World(SmtpFace face, SmtpSettings settings, TlsMode tls, Optional<Carrier.Plan> plan)
      throws IOException {
    this(face, settings, tls, plan, Optional.empty());
  }

  /**
   * @param origin who finds out whom mail is from
   */
  World(
      SmtpFace face,
      SmtpSettings settings,
      TlsMode tls,
      Optional<Carrier.Plan> plan,
      Optional<Origin> origin)
      throws IOException {
    this.origin = origin;
    new Outbox(store.logs()).open();
    protocol = new SmtpServer(face, settings, services(mail));
    Protocol second = new SmtpServer(face, settings, services(otherMail));
    carrier = plan.map(p -> new Carrier(List.of(protocol, second), p));
    AtomicInteger sessions = new AtomicInteger();
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server =
        new NetServer(
            List.of(
                new ListenerSpec(
                    "test", carrier.map(Protocol.class::cast).orElse(protocol), anyPort, tls)),
            NetLimits.DEFAULT,
            new Traces(),
            () -> "s" + sessions.incrementAndGet(),
            meters,
            CLOCK);
    server.useTls(TlsContext.of(List.of(CREDENTIAL)));
    server.start();
  }

  /** A node's view of the store, which may die at any write. */
  private MailStore node() {
    return new MailStore(Carrier.mortal(store), CLOCK, MailboxLimits.DEFAULT);
  }

  private Senders senders(MailStore of) {
    return new Senders(
        "mx.demo.test",
        SendingSettings.DEFAULTS,
        new SendingBook(of.store().logs()),
        (account, window) -> allowance.most(account, window),
        new QueueView(of.store().logs(), CLOCK),
        of,
        directory,
        (authors, content) -> signer.sign(authors, content),
        meters,
        CLOCK);
  }

  private SmtpServices services(MailStore of) {
    Outbox outbox = new Outbox(of.store().logs());
    return new SmtpServices(
        directory,
        authenticator,
        of,
        Filter.of(of, directory, SIEVE, onward, wordings),
        Optional.of(outbox),
        lists(of),
        Optional.of(senders(of)),
        origin,
        dmarc(of),
        Optional.of(reportInbox(of)),
        (authors, content) -> signer.sign(authors, content),
        meters,
        CLOCK,
        nanos::get,
        this::pause);
  }

  private static Optional<DmarcResults> dmarc(MailStore of) {
    DmarcResults results = new DmarcResults(of.store().logs(), CLOCK, List.of("reports@demo.test"));
    results.open();
    return Optional.of(results);
  }

  private ReportInbox reportInbox(MailStore of) {
    ReportInbox inbox =
        new ReportInbox(
            "u2@demo.test",
            Duration.ofDays(9),
            of,
            new ReceivedReports(of.store().logs()),
            domain -> domain,
            meters);
    inbox.open();
    return inbox;
  }

  private ListDesk lists(MailStore of) {
    return new ListDesk(
        "mx.demo.test",
        ListSettings.DEFAULTS,
        listBook(of),
        of,
        _ -> new byte[32],
        (authors, content) -> signer.sign(authors, content),
        (domain, arrival, content) -> sealer.seal(domain, arrival, content),
        Forgery.NEVER,
        CLOCK);
  }

  ListBook listBook(MailStore of) {
    return new ListBook(of.store().logs(), ListSettings.DEFAULTS, new Random(1), CLOCK);
  }

  /** Makes a mailing list, {@code news} or {@code mod}. */
  void list(String name, ListKind kind, String owner, List<String> members) {
    EmbeddedDirectory names =
        new EmbeddedDirectory(store.logs(), DirectoryLimits.DEFAULTS, Optional.empty());
    Address address = new Address(name, "demo.test");
    ListBook book = listBook(mail);
    try {
      // Who exists says the directory of the tests; this one has the address of the list alone.
      DirectoryAdmin admin = new EmbeddedDirectoryAdmin(names, null, new Random(1));
      if (names.domain("demo.test").isEmpty()) {
        admin.createDomain("demo.test", DomainSettings.DEFAULTS);
      }
      book.create(
          admin,
          address,
          new MailingList.Settings(kind, "", true, AuthorField.KEEP),
          List.of(Address.parse(owner).orElseThrow()));
      for (String member : members) {
        book.add(address, Address.parse(member).orElseThrow());
      }
    } catch (DirectoryException | ListException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private synchronized void pause(Duration duration) {
    pauses.add(duration);
  }

  Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.connect(server.addresses().get("test"));
    socket.setSoTimeout(60_000);
    return socket;
  }

  /** TLS over a connection, whoever the server may be. */
  static SSLSocket startTls(Socket plain) throws IOException {
    SSLSocket secured =
        (SSLSocket)
            TrustEveryone.context("TLSv1.3")
                .getSocketFactory()
                .createSocket(plain, "mx.demo.test", 0, true);
    secured.startHandshake();
    return secured;
  }

  private Mailbox inbox(String user) {
    return mail.account(directory.named(user).id()).inbox();
  }

  /** Gives an account a script that runs from now on. */
  void script(String user, String script) {
    ScriptBook scripts = new ScriptBook(store.logs());
    Redirects redirects = Redirects.of(directory, Redirection.ANYWHERE);
    String account = directory.named(user).id();
    try {
      new Filter(scripts, mail, directory, redirects, SIEVE, onward, wordings)
          .put(account, "main", ByteString.copyFromUtf8(script));
      scripts.activate(account, "main");
    } catch (ScriptException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Messages that wait and are held. */
  long held() {
    return new QueueView(store.logs(), InstantSource.system())
        .find(new QueueView.Filter(null, null, null, null, null, true, null), 1)
        .all();
  }

  /** Messages that wait to go out. */
  long queued() {
    return new QueueView(store.logs(), InstantSource.system())
        .find(new QueueView.Filter(null, null, null, null, null, false, null), 1)
        .all();
  }

  int count(String user) {
    return inbox(user).refresh().size();
  }

  /** A message as a client would get it, one char an octet. */
  String message(String user, int number) {
    Mailbox inbox = inbox(user);
    MailboxState state = inbox.refresh();
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    try (MessageContent content =
        inbox.messages().open(inbox.messages().read(state, number - 1).orElseThrow().message())) {
      content.copy(0, content.size(), octets::write);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return octets.toString(ISO_8859_1);
  }

  /** Nothing is broken, in the store or in the sessions. */
  @Override
  public void close() {
    server.close();
    store.faults().clear();
    List<String> problems = new ArrayList<>();
    store.verify(problems::add);
    mail.close();
    otherMail.close();
    assertThat(problems).isEmpty();
    carrier.ifPresent(c -> assertThat(c.problems()).isEmpty());
    assertThat(server.bugs()).isZero();
    assertThat(authenticator.leases).hasValue(0);
  }
}
