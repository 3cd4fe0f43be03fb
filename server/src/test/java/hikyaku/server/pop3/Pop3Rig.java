package hikyaku.server.pop3;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.InternalDate;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.memory.MemoryStore;
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

/** A POP3 server on a loopback port, over a store in memory. */
final class Pop3Rig implements AutoCloseable {
  private static final Credential CREDENTIAL = credential();

  final TestClock clock = new TestClock();
  final MemoryStore store = new MemoryStore(clock);
  final MailStore mail = node();
  final FakeAuthenticator authenticator = new FakeAuthenticator();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final Pop3Protocol protocol;
  private final MailStore otherMail;
  private final Optional<Carrier> carrier;
  private final NetServer server;

  Pop3Rig() throws IOException {
    this(Pop3Settings.DEFAULTS);
  }

  Pop3Rig(Pop3Settings settings) throws IOException {
    this(settings, TlsMode.NONE);
  }

  Pop3Rig(Pop3Settings settings, TlsMode tls) throws IOException {
    this(settings, tls, Optional.empty());
  }

  /**
   * @param plan how sessions travel between two nodes; if they do not, the first serves them all
   */
  Pop3Rig(Pop3Settings settings, TlsMode tls, Optional<Carrier.Plan> plan) throws IOException {
    otherMail = node();
    protocol =
        new Pop3Protocol("mail.demo.test", settings, authenticator, mail, node("n1"), meters);
    Protocol second =
        new Pop3Protocol("mail.demo.test", settings, authenticator, otherMail, node("n2"), meters);
    carrier = plan.map(p -> new Carrier(List.of(protocol, second), p));
    ListenerSpec spec =
        new ListenerSpec(
            "pop3",
            carrier.map(Protocol.class::cast).orElse(protocol),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            tls);
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

  private static Credential credential() {
    try {
      return SelfSigned.create(List.of("mail.demo.test"), Instant.now());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A node's view of the store, which may die at any write. */
  private MailStore node() {
    return new MailStore(Carrier.mortal(store), clock, MailboxLimits.DEFAULT);
  }

  /** One of two that are both there for ever. */
  private static LiveNodes node(String name) {
    return new LiveNodes() {
      @Override
      public String self() {
        return name;
      }

      @Override
      public boolean isAlive(String run) {
        return true;
      }
    };
  }

  Optional<Carrier> carrier() {
    return carrier;
  }

  NetServer server() {
    return server;
  }

  Pop3Client connect() throws IOException {
    InetSocketAddress address = server.addresses().get("pop3");
    if (address == null) {
      throw new AssertionError("no listener");
    }
    return new Pop3Client(address);
  }

  Mailbox inbox(String user) {
    return mail.account(FakeAuthenticator.account(user).id()).inbox();
  }

  /** Puts a message into a user's INBOX. */
  void deliver(String user, String prefix, byte[] octets) {
    Intake.Received received;
    try (Intake intake = mail.intake()) {
      intake.write(octets, 0, octets.length);
      received = intake.finish();
    }
    NewMessage message =
        new NewMessage(
            ByteString.copyFrom(prefix, StandardCharsets.ISO_8859_1),
            received.blob(),
            InternalDate.of(clock.instant(), ZoneOffset.UTC),
            Flags.NONE,
            received.structure(),
            "test");
    inbox(user).append(List.of(message), Attempt.ONLY);
  }

  /** Another session's EXPUNGE. */
  void expunge(String user, long uid) {
    inbox(user).expunge(UidSet.of(uid), Attempt.ONLY);
  }

  /** Sum of a counter over its tags. */
  double counted(String name) {
    return meters.find(name).counters().stream().mapToDouble(c -> c.count()).sum();
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
