package hikyaku.server.smtpclient;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.mtasts.StsPolicies;
import hikyaku.server.mtasts.StsPolicy;
import hikyaku.server.mtasts.StsPolicy.Mode;
import hikyaku.server.testing.MailSink;
import hikyaku.server.testing.TestCa;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Policies about TLS at the moment of delivery, against servers with certificates of all kinds. */
@Timeout(60)
class TlsPolicyTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final ClientSettings SETTINGS =
      new ClientSettings(LONG, LONG, LONG, LONG, LONG, true);

  private final TestCa ca = new TestCa("trusted");
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private final List<TlsObserver.Outcome> told = new CopyOnWriteArrayList<>();
  private final List<Names.Mx> mx = new ArrayList<>();
  private int port;
  private Optional<StsPolicy> policy = Optional.empty();

  /** All servers have one port, each an address of its own. */
  @BeforeEach
  void port() throws Exception {
    try (MailSink first = MailSink.willing()) {
      port = first.port();
    }
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : toClose) {
      each.close();
    }
  }

  private MailSink server(String host, TestCa.Identity identity) throws Exception {
    MailSink sink =
        new MailSink(
            address(mx.size()), port, identity == null ? null : identity.server(), (_, _) -> null);
    toClose.add(sink);
    mx.add(new Names.Mx(mx.size() * 10, host));
    return sink;
  }

  private static InetAddress address(int index) {
    return InetAddress.ofLiteral("127.0.0." + (10 + index));
  }

  private void policy(Mode mode, String... servers) {
    policy = Optional.of(new StsPolicy(mode, List.of(servers), Duration.ofDays(1)));
  }

  private final Names names =
      new Names() {
        @Override
        public Exchanges exchanges(String domain) {
          return new Exchanges(Optional.of(mx), false);
        }

        @Override
        public Addresses addresses(String host) {
          return new Addresses(
              mx.stream()
                  .filter(each -> each.host().equals(host))
                  .map(each -> address(each.preference() / 10))
                  .toList(),
              false);
        }
      };

  private SmtpClient client() {
    return new SmtpClient(
        "us.test",
        Set.of(),
        port,
        SETTINGS,
        names,
        _ -> null,
        new TlsMeans(
            _ -> new StsPolicies.Found(policy, "1", Instant.EPOCH, Optional.empty()),
            TlsMeans.trusting(ca.trusting()),
            told::add));
  }

  /** The status of a message, and the host that took it if one did. */
  private String send() throws Exception {
    MailParameters parameters = new MailParameters(3L, null, false, null, null, null);
    Letter letter =
        new Letter(
            new Mailbox(new MailAddress("me", "us.test")),
            parameters,
            false,
            List.of(
                new Letter.To(
                    new Mailbox(new MailAddress("you", "there.test")), RcptParameters.NONE)),
            sink -> sink.write("x\r\n".getBytes(UTF_8)));
    try (SmtpClient.Session session = client().session(new Route.Exchange("there.test"))) {
      SmtpClient.Result result = session.send(letter, () -> true);
      return result.verdicts().getFirst().status()
          + " "
          + result.host().replaceFirst(" .*", "")
          + (result.tls().isEmpty() ? " in the clear" : "");
    } catch (UnreachableException e) {
      return e.verdict().status();
    }
  }

  private List<String> faults() {
    return told.stream()
        .map(each ->
            each.policy().kind().word()
                + " "
                + (each.fault() == null ? "success" : each.fault().word()))
        .toList();
  }

  @Test
  void whatIsNamedAndTrustedIsUsed() throws Exception {
    server("mx.there.test", ca.identity("mx.there.test"));
    policy(Mode.ENFORCE, "mx.there.test");
    assertThat(send()).isEqualTo("2.0.0 mx.there.test");
    policy(Mode.ENFORCE, "*.there.test");
    assertThat(send()).isEqualTo("2.0.0 mx.there.test");
    assertThat(faults()).containsExactly("sts success", "sts success");
  }

  @Test
  void whatIsNotGoodEnoughIsPassedOver() throws Exception {
    MailSink stray = server("other.test", ca.identity("other.test"));
    MailSink wrong = server("b.there.test", ca.identity("other.test"));
    MailSink strange = server("c.there.test", new TestCa("strange").identity("c.there.test"));
    MailSink old =
        server(
            "d.there.test", ca.identity(Instant.now().minus(Duration.ofHours(1)), "d.there.test"));
    MailSink clear = server("e.there.test", null);
    policy(Mode.ENFORCE, "*.there.test");
    assertThat(send()).isEqualTo("4.7.4");
    MailSink good = server("f.there.test", ca.identity("*.there.test"));
    assertThat(send()).isEqualTo("2.0.0 f.there.test");
    for (MailSink each : List.of(stray, wrong, strange, old, clear)) {
      assertThat(each.taken()).isEmpty();
    }
    assertThat(stray.connections()).isZero();
    assertThat(good.taken()).hasSize(1);
    assertThat(faults().subList(0, 5))
        .containsExactly(
            "sts validation-failure",
            "sts certificate-host-mismatch",
            "sts certificate-not-trusted",
            "sts certificate-expired",
            "sts starttls-not-supported");
    mx.clear();
    toClose.removeFirst().close();
    server("other.test", ca.identity("other.test"));
    assertThat(send()).isEqualTo("4.7.5");
  }

  @Test
  void aPolicyThatIsTestedStopsNothing() throws Exception {
    policy(Mode.TESTING, "*.there.test");
    for (String host : List.of("other.test", "b.there.test")) {
      server(host, ca.identity("x.test"));
      assertThat(send()).isEqualTo("2.0.0 " + host);
      toClose.removeFirst().close();
      mx.clear();
    }
    server("c.there.test", null);
    assertThat(send()).isEqualTo("2.0.0 c.there.test in the clear");
    assertThat(faults())
        .containsExactly(
            "sts validation-failure",
            "sts certificate-host-mismatch",
            "sts starttls-not-supported");
  }

  @Test
  void withoutAPolicyAnyTlsIsTaken() throws Exception {
    server("a.there.test", new TestCa("strange").identity("x.test"));
    assertThat(send()).isEqualTo("2.0.0 a.there.test");
    policy(Mode.NONE);
    assertThat(send()).isEqualTo("2.0.0 a.there.test");
    assertThat(faults()).containsExactly("no-policy-found success", "no-policy-found success");
  }

  @Test
  void itIsToldWhereMailWouldGo() throws Exception {
    server("other.test", null);
    server("b.there.test", null);
    policy(Mode.ENFORCE, "*.there.test");
    List<Survey.Server> servers = client().survey(new Route.Exchange("there.test")).servers();
    assertThat(servers)
        .extracting(Survey.Server::name)
        .containsExactly("b.there.test", "other.test");
    assertThat(servers.getFirst().tls())
        .isEqualTo("required, with a trusted certificate for b.there.test");
    assertThat(servers.getLast().refused())
        .isEqualTo("4.7.5 other.test is no server that the policy of there.test (MTA-STS) names");
  }
}
