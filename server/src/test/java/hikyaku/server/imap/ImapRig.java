package hikyaku.server.imap;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.mailbox.text.TextIndex;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.server.net.Credential;
import hikyaku.server.net.ListenerSpec;
import hikyaku.server.net.NetLimits;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.SelfSigned;
import hikyaku.server.net.SessionIds;
import hikyaku.server.net.TlsContext;
import hikyaku.server.net.TlsMode;
import hikyaku.server.net.Traces;
import hikyaku.server.testing.Carrier;
import hikyaku.server.testing.FakeAuthenticator;
import hikyaku.server.testing.TestClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** An IMAP server on a loopback port, over a store in memory. */
final class ImapRig implements AutoCloseable {
  static final String PREFIX = "Return-Path: <x@y>\r\n";

  final TestClock clock = new TestClock();
  final MemoryStore store = new MemoryStore(clock);
  final MailStore mail = node();
  final FakeAuthenticator authenticator = new FakeAuthenticator();
  final FakeDirectory directory = new FakeDirectory();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private static final Credential CREDENTIAL = credential();
  private final MailStore otherMail;
  private final Optional<Carrier> carrier;
  private final NetServer server;

  private static Credential credential() {
    try {
      return SelfSigned.create(List.of("mail.demo.test"), Instant.now());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  ImapRig() throws IOException {
    this(ImapSettings.DEFAULTS, TlsMode.NONE);
  }

  ImapRig(ImapSettings settings, TlsMode tls) throws IOException {
    this(settings, tls, Optional.empty());
  }

  /**
   * @param plan how sessions travel between two nodes; if they do not, the first serves them all
   */
  ImapRig(ImapSettings settings, TlsMode tls, Optional<Carrier.Plan> plan) throws IOException {
    this(settings, tls, plan, TextIndex.NONE);
  }

  /**
   * @param index of the first node
   */
  ImapRig(ImapSettings settings, TlsMode tls, Optional<Carrier.Plan> plan, TextIndex index)
      throws IOException {
    this(settings, MessageLimit.of(settings), tls, plan, index);
  }

  /**
   * @param limit one that no operator may set
   */
  ImapRig(
      ImapSettings settings,
      MessageLimit limit,
      TlsMode tls,
      Optional<Carrier.Plan> plan,
      TextIndex index)
      throws IOException {
    this(settings, limit, Workspace.ofHeap(), tls, plan, index);
  }

  /**
   * @param workspace of each node
   */
  ImapRig(
      ImapSettings settings,
      MessageLimit limit,
      Workspace workspace,
      TlsMode tls,
      Optional<Carrier.Plan> plan,
      TextIndex index)
      throws IOException {
    otherMail = node();
    Protocol first =
        new ImapProtocol(
            settings,
            limit,
            workspace,
            authenticator,
            directory,
            Optional.of(directory::setQuota),
            mail,
            index,
            meters);
    Protocol second =
        new ImapProtocol(
            settings,
            limit,
            workspace,
            authenticator,
            directory,
            Optional.of(directory::setQuota),
            otherMail,
            TextIndex.NONE,
            meters);
    carrier = plan.map(p -> new Carrier(List.of(first, second), p));
    Protocol protocol = carrier.map(Protocol.class::cast).orElse(first);
    ListenerSpec spec =
        new ListenerSpec(
            "imap", protocol, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), tls);
    server =
        new NetServer(
            List.of(spec),
            NetLimits.DEFAULT,
            new Traces(),
            new SessionIds(InstantSource.system()),
            meters,
            InstantSource.system());
    server.useTls(TlsContext.of(List.of(CREDENTIAL)));
    server.start();
  }

  /** A node's view of the store, which may die at any write. */
  private MailStore node() {
    return new MailStore(Carrier.mortal(store), clock, MailboxLimits.DEFAULT);
  }

  Optional<Carrier> carrier() {
    return carrier;
  }

  NetServer server() {
    return server;
  }

  ImapClient connect() throws IOException {
    InetSocketAddress address = server.addresses().get("imap");
    if (address == null) {
      throw new AssertionError("no listener");
    }
    return new ImapClient(address);
  }

  Mailbox inbox(String user) {
    return mail.account(FakeAuthenticator.account(user).id()).inbox();
  }

  /** Delivers a message with a prefix to a user's INBOX. */
  void deliver(String user, byte[] octets) {
    Intake.Received received;
    try (Intake intake = mail.intake()) {
      intake.write(octets, 0, octets.length);
      received = intake.finish();
    }
    inbox(user)
        .append(
            List.of(
                new NewMessage(
                    ByteString.copyFrom(PREFIX, StandardCharsets.ISO_8859_1),
                    received.blob(),
                    InternalDate.of(clock.instant(), ZoneOffset.UTC),
                    Flags.NONE,
                    received.structure(),
                    "test")),
            Attempt.ONLY);
  }

  /** Appends messages without text, of which every second is \\Seen. */
  void deliverMany(String user, int count) {
    deliverMany(mail, user, count);
  }

  /** The same by another node: to those of the server they are not in memory. */
  void deliverManyElsewhere(String user, int count) {
    deliverMany(otherMail, user, count);
  }

  private void deliverMany(MailStore by, String user, int count) {
    Intake.Received received;
    try (Intake intake = by.intake()) {
      received = intake.finish();
    }
    List<NewMessage> messages =
        IntStream.range(0, count)
            .mapToObj(i ->
                new NewMessage(
                    ByteString.EMPTY,
                    received.blob(),
                    InternalDate.of(clock.instant(), ZoneOffset.UTC),
                    i % 2 == 0 ? Flags.NONE : Flags.of(SystemFlag.SEEN),
                    received.structure(),
                    "test"))
            .toList();
    by.account(FakeAuthenticator.account(user).id()).inbox().append(messages, Attempt.ONLY);
  }

  /** Another session's EXPUNGE. */
  void expunge(String user, long uid) {
    inbox(user).expunge(UidSet.of(uid), Attempt.ONLY);
  }

  /** Stops the server; whatever a test did, no session may have met a bug. */
  @Override
  public void close() {
    server.close();
    long bugs = server.bugs();
    int leases = authenticator.leases();
    mail.close();
    otherMail.close();
    store.close();
    carrier.ifPresent(c -> {
      if (!c.problems().isEmpty()) {
        throw new AssertionError(c.problems());
      }
    });
    if (bugs != 0 || leases != 0) {
      throw new AssertionError(bugs + " bugs, " + leases + " leases left");
    }
  }
}
