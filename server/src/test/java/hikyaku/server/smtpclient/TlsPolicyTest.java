package hikyaku.server.smtpclient;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.server.dns.Tlsa;
import hikyaku.server.mtasts.StsPolicies;
import hikyaku.server.mtasts.StsPolicy;
import hikyaku.server.mtasts.StsPolicy.Mode;
import hikyaku.server.testing.MailSink;
import hikyaku.server.testing.TestCa;
import java.net.InetAddress;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Policies about TLS at the moment of delivery, against servers with certificates of all kinds. */
@Timeout(60)
class TlsPolicyTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final ClientSettings SETTINGS =
      new ClientSettings(LONG, LONG, LONG, LONG, LONG, List.of(), true);

  private final TestCa ca = new TestCa("trusted");
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private final List<TlsObserver.Outcome> told = new CopyOnWriteArrayList<>();
  private final List<Names.Mx> mx = new ArrayList<>();
  private final Map<String, InetAddress> hosts = new HashMap<>();
  private final Map<String, List<Tlsa>> tlsa = new HashMap<>();
  private final Map<String, String> aliases = new HashMap<>();
  private final Set<String> silent = new HashSet<>();
  private final Set<String> unsigned = new HashSet<>();
  private final List<String> said = new CopyOnWriteArrayList<>();
  private String offering = "";
  private boolean secureMx;
  private boolean secureAddresses;
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
    InetAddress address = InetAddress.ofLiteral("127.0.0." + (10 + toClose.size()));
    String more = offering;
    MailSink sink =
        new MailSink(
            address,
            port,
            identity == null ? null : identity.server(),
            (line, _) -> {
              said.add(line);
              return line.startsWith("EHLO") && !more.isEmpty()
                  ? "250-sink\r\n250-SIZE 1000\r\n"
                      + (identity == null ? "" : "250-STARTTLS\r\n")
                      + "250 "
                      + more
                  : null;
            });
    toClose.add(sink);
    mx.add(new Names.Mx(mx.size() * 10, host));
    hosts.put(host, address);
    return sink;
  }

  /** Takes the servers that there are out of DNS. */
  private void withoutServers() {
    mx.clear();
    hosts.clear();
  }

  private void policy(Mode mode, String... servers) {
    policy = Optional.of(new StsPolicy(mode, List.of(servers), Duration.ofDays(1)));
  }

  private final Names names =
      new Names() {
        @Override
        public Exchanges exchanges(String domain) {
          return new Exchanges(Optional.of(mx), secureMx);
        }

        @Override
        public Addresses addresses(String host) {
          return new Addresses(
              List.of(hosts.get(host)),
              secureAddresses && !unsigned.contains(host),
              aliases.getOrDefault(host, ""));
        }

        @Override
        public List<Tlsa> tlsa(String host, int at) throws UnreachableException {
          assertThat(at).isEqualTo(port);
          if (silent.contains(host)) {
            throw new UnreachableException(Verdict.deferred("4.7.5", "nobody says"));
          }
          return tlsa.getOrDefault(host, List.of());
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
    return send(false, false);
  }

  private static Letter letter(boolean requireTls, boolean optionalTls) {
    return new Letter(
        new Mailbox(new MailAddress("me", "us.test")),
        new MailParameters(3L, null, false, null, null, null, requireTls),
        null,
        false,
        optionalTls,
        List.of(
            new Letter.To(new Mailbox(new MailAddress("you", "there.test")), RcptParameters.NONE)),
        sink -> sink.write("x\r\n".getBytes(UTF_8)));
  }

  private String send(boolean requireTls, boolean optionalTls) throws Exception {
    try (SmtpClient.Session session = client().session(new Route.Exchange("there.test"))) {
      SmtpClient.Result result = session.send(letter(requireTls, optionalTls), () -> true);
      return result.verdicts().getFirst().status()
          + (result.host().isEmpty() ? "" : " " + result.host().replaceFirst(" .*", ""))
          + (result.tls().isEmpty() && !result.host().isEmpty() ? " in the clear" : "");
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
    withoutServers();
    server("other.test", ca.identity("other.test"));
    assertThat(send()).isEqualTo("4.7.5");
  }

  @Test
  void aPolicyThatIsTestedStopsNothing() throws Exception {
    policy(Mode.TESTING, "*.there.test");
    for (String host : List.of("other.test", "b.there.test")) {
      server(host, ca.identity("x.test"));
      assertThat(send()).isEqualTo("2.0.0 " + host);
      withoutServers();
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

  // ---- TLS that fails

  private MailSink failing(String host, SSLContext tls, String starting) throws Exception {
    InetAddress address = InetAddress.ofLiteral("127.0.0." + (10 + toClose.size()));
    MailSink sink =
        new MailSink(
            address,
            port,
            tls,
            (line, _) -> {
              said.add(line);
              return line.startsWith("EHLO")
                  ? "250-sink\r\n250 STARTTLS"
                  : line.equals("STARTTLS") ? starting : null;
            });
    toClose.add(sink);
    mx.add(new Names.Mx(mx.size() * 10, host));
    hosts.put(host, address);
    return sink;
  }

  /** No handshake with it succeeds, as it has no certificate. */
  private static SSLContext bare() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[0], null, null);
    return context;
  }

  /** RFC 7435 §3: else it would have gone in the clear from the first. */
  @Test
  void whereNothingDemandsTlsMailGoesInTheClearWhenItFails() throws Exception {
    MailSink broken = failing("a.there.test", bare(), null);
    assertThat(send()).isEqualTo("2.0.0 a.there.test in the clear");
    assertThat(said)
        .containsExactly(
            "",
            "EHLO us.test",
            "STARTTLS",
            "",
            "EHLO us.test",
            "MAIL FROM:<me@us.test>",
            "RCPT TO:<you@there.test>",
            "DATA",
            ".");
    assertThat(broken.connections()).isEqualTo(2);
    withoutServers();
    said.clear();
    for (String refusal : List.of("454 4.7.0 not now", "502 5.5.1 what?", MailSink.CLOSE)) {
      MailSink refusing = failing("b.there.test", bare(), refusal);
      assertThat(send()).as(refusal).isEqualTo("2.0.0 b.there.test in the clear");
      assertThat(refusing.taken()).hasSize(1);
      withoutServers();
    }
    assertThat(faults())
        .containsExactly(
            "no-policy-found validation-failure",
            "no-policy-found validation-failure",
            "no-policy-found starttls-not-supported",
            "no-policy-found validation-failure");
    assertThat(told).extracting(TlsObserver.Outcome::reason).noneMatch(String::isEmpty);
    assertThat(told.get(1).reason()).startsWith("454 4.7.0 not now");
  }

  /** What came in the clear would be taken for what the server says under TLS. */
  @Test
  void whatIsSaidAheadOfTlsIsTold() throws Exception {
    failing("a.there.test", bare(), "220 go on\r\n250-a\r\n250 b");
    policy(Mode.ENFORCE, "*.there.test");
    assertThat(send()).isEqualTo("4.7.5");
    assertThat(faults()).containsExactly("sts validation-failure");
    assertThat(told.getFirst().reason()).isEqualTo("it said something ahead of TLS");
  }

  @Test
  void whereTlsIsDemandedMailWaitsWhenItFails() throws Exception {
    List<MailSink> all =
        List.of(
            failing("a.there.test", bare(), null),
            failing("b.there.test", bare(), "454 4.7.0 not now"),
            failing("c.there.test", bare(), "502 5.5.1 what?"),
            failing("d.there.test", bare(), MailSink.CLOSE));
    policy(Mode.ENFORCE, "*.there.test");
    assertThat(send()).startsWith("4.");
    policy = Optional.empty();
    signed();
    for (String host : hosts.keySet()) {
      tlsa.put(host, List.of(new Tlsa(3, 1, 1, new byte[32])));
    }
    assertThat(send()).startsWith("4.");
    for (MailSink each : all) {
      assertThat(each.connections()).isEqualTo(2);
      assertThat(each.taken()).isEmpty();
    }
    assertThat(said).noneMatch(line -> line.startsWith("MAIL"));
  }

  // ---- what senders want

  /**
   * RFC 8689 §4.2.1: the server is vouched for, its certificate is checked, and it promises the
   * same.
   */
  @Test
  void tlsThatTheSenderDemands() throws Exception {
    server("a.there.test", ca.identity("a.there.test"));
    secureMx = true;
    secureAddresses = true;
    assertThat(send(true, false)).as("it promises nothing").isEqualTo("5.7.30");
    offering = "REQUIRETLS";
    MailSink good = server("b.there.test", ca.identity("b.there.test"));
    assertThat(send(true, false)).isEqualTo("2.0.0 b.there.test");
    assertThat(said).contains("MAIL FROM:<me@us.test> SIZE=3 REQUIRETLS");
    secureAddresses = false;
    assertThat(send(true, false)).as("nobody vouches for it").isEqualTo("5.7.30");
    policy(Mode.TESTING, "*.there.test");
    assertThat(send(true, false)).isEqualTo("2.0.0 b.there.test");
    assertThat(good.taken()).hasSize(2);
    withoutServers();
    server("c.there.test", ca.identity("other.test"));
    assertThat(send(true, false)).as("its certificate may be mended").isEqualTo("4.7.5");
    assertThat(send()).as("the policy is only being tested").isEqualTo("2.0.0 c.there.test");
    withoutServers();
    server("d.there.test", null);
    assertThat(send(true, false)).isEqualTo("4.7.4");
  }

  /** Nobody vouches for the second server; but the first one may be known about later. */
  @Test
  void aMessageThatOneServerMayTakeLaterWaits() throws Exception {
    offering = "REQUIRETLS";
    signed();
    server("a.there.test", ca.identity("a.there.test"));
    server("b.there.test", ca.identity("b.there.test"));
    silent.add("a.there.test");
    unsigned.add("b.there.test");
    assertThat(send(true, false)).isEqualTo("4.7.5");
  }

  @Test
  void aConnectionIsForMessagesThatWantTheSame() throws Exception {
    offering = "REQUIRETLS";
    secureMx = true;
    secureAddresses = true;
    MailSink sink = server("a.there.test", ca.identity("a.there.test"));
    try (SmtpClient.Session session = client().session(new Route.Exchange("there.test"))) {
      for (boolean required : new boolean[] {false, false, true, true, false}) {
        assertThat(session.send(letter(required, false), () -> true).verdicts().getFirst().kind())
            .isEqualTo(Verdict.Kind.DELIVERED);
      }
    }
    assertThat(sink.connections()).isEqualTo(3);
  }

  /** RFC 8689 §4: it shall come, policies or not. */
  @Test
  void tlsThatTheSenderCanDoWithout() throws Exception {
    policy(Mode.ENFORCE, "other.test");
    signed();
    server("a.there.test", null);
    tlsa.put("a.there.test", List.of(new Tlsa(3, 1, 1, new byte[32])));
    assertThat(send()).isEqualTo("4.7.4");
    assertThat(send(false, true)).isEqualTo("2.0.0 a.there.test in the clear");
    assertThat(send(true, true)).as("what MAIL says counts more").isEqualTo("4.7.4");
  }

  // ---- DANE

  private static Tlsa record(int usage, int selector, int matching, X509Certificate of)
      throws Exception {
    byte[] part = selector == 0 ? of.getEncoded() : of.getPublicKey().getEncoded();
    byte[] data =
        switch (matching) {
          case 1 -> MessageDigest.getInstance("SHA-256").digest(part);
          case 2 -> MessageDigest.getInstance("SHA-512").digest(part);
          default -> part;
        };
    return new Tlsa(usage, selector, matching, data);
  }

  private void signed() {
    secureMx = true;
    secureAddresses = true;
  }

  /**
   * RFC 6698 §2.1, RFC 7672 §3.1: each way to name the server's certificate, or its authority's.
   */
  @Test
  void anyRecordThatFitsWillDo() throws Exception {
    TestCa strange = new TestCa("strange");
    TestCa.Identity identity = strange.identity("mx.there.test");
    X509Certificate other = strange.identity("mx.there.test").certificate();
    MailSink sink = server("mx.there.test", identity);
    signed();
    for (int selector = 0; selector <= 1; selector++) {
      for (int matching = 0; matching <= 2; matching++) {
        for (int usage = 2; usage <= 3; usage++) {
          X509Certificate right = usage == 3 ? identity.certificate() : strange.root();
          Tlsa good = record(usage, selector, matching, right);
          Tlsa bad = record(usage, selector, matching, usage == 3 ? other : new TestCa("x").root());
          tlsa.put("mx.there.test", List.of(bad, good));
          assertThat(send()).as(good.toString()).isEqualTo("2.0.0 mx.there.test");
          tlsa.put("mx.there.test", List.of(bad));
          assertThat(send()).as(bad.toString()).isEqualTo("4.7.5");
        }
      }
    }
    assertThat(sink.taken()).hasSize(12);
    assertThat(faults().stream().distinct())
        .containsExactlyInAnyOrder("tlsa success", "tlsa tlsa-invalid");
  }

  /** RFC 7672 §3.1.1, §3.1.2. */
  @Test
  void namesAndTimesCountForAuthoritiesOnly() throws Exception {
    TestCa strange = new TestCa("strange");
    Instant past = Instant.now().minus(Duration.ofHours(1));
    TestCa.Identity old = strange.identity(past, "mx.there.test");
    TestCa.Identity foreign = strange.identity("other.test");
    TestCa.Identity domain = strange.identity("there.test");
    server("mx.there.test", old);
    signed();
    tlsa.put("mx.there.test", List.of(record(3, 1, 1, old.certificate())));
    assertThat(send()).isEqualTo("2.0.0 mx.there.test");
    tlsa.put("mx.there.test", List.of(record(2, 0, 1, strange.root())));
    assertThat(send()).isEqualTo("4.7.5");
    for (TestCa.Identity each : List.of(foreign, domain)) {
      withoutServers();
      server("mx.there.test", each);
      assertThat(send()).isEqualTo(each == domain ? "2.0.0 mx.there.test" : "4.7.5");
    }
    assertThat(faults())
        .containsExactly(
            "tlsa success",
            "tlsa certificate-expired",
            "tlsa certificate-host-mismatch",
            "tlsa success");
    tlsa.put("mx.there.test", List.of(record(3, 0, 2, domain.certificate())));
    assertThat(send()).isEqualTo("2.0.0 mx.there.test");
  }

  /**
   * RFC 7672 §2.1.3, §2.2.2: an exchange that is an alias has the records of what it stands for.
   */
  @Test
  void whatAnAliasStandsForIsAskedFirst() throws Exception {
    TestCa strange = new TestCa("strange");
    TestCa.Identity real = strange.identity("real.test");
    server("mx.there.test", real);
    aliases.put("mx.there.test", "real.test");
    signed();
    tlsa.put("mx.there.test", List.of(new Tlsa(3, 1, 1, new byte[32])));
    assertThat(send()).isEqualTo("4.7.5");
    tlsa.put("real.test", List.of(record(2, 0, 1, strange.root())));
    assertThat(send()).isEqualTo("2.0.0 real.test");
    // Where it has none, those of the alias count.
    tlsa.clear();
    tlsa.put("mx.there.test", List.of(record(3, 1, 1, real.certificate())));
    assertThat(send()).isEqualTo("2.0.0 mx.there.test");
    silent.add("real.test");
    assertThat(send()).isEqualTo("4.7.5");
    // Nobody vouches for the alias, so it leads nowhere.
    secureAddresses = false;
    assertThat(send()).isEqualTo("2.0.0 mx.there.test");
  }

  @Test
  void recordsGoBeforeThePolicyAndMakeTlsAMust() throws Exception {
    TestCa.Identity identity = new TestCa("strange").identity("x.test");
    server("mx.there.test", identity);
    signed();
    policy(Mode.ENFORCE, "other.test");
    assertThat(send()).isEqualTo("4.7.5");
    tlsa.put("mx.there.test", List.of(record(3, 1, 1, identity.certificate())));
    assertThat(send()).isEqualTo("2.0.0 mx.there.test");
    // Records of which none can be used: any certificate, but TLS.
    tlsa.put(
        "mx.there.test",
        List.of(
            new Tlsa(1, 1, 1, new byte[32]),
            new Tlsa(3, 1, 1, new byte[31]),
            new Tlsa(3, 2, 1, new byte[32]),
            new Tlsa(3, 1, 3, new byte[32]),
            new Tlsa(3, 1, 0, new byte[0])));
    told.clear();
    assertThat(send()).isEqualTo("2.0.0 mx.there.test");
    assertThat(faults()).containsExactly("tlsa tlsa-invalid");
    withoutServers();
    server("mx.there.test", null);
    assertThat(send()).isEqualTo("4.7.4");
  }

  @Test
  void whatNobodyVouchesForIsNoRecord() throws Exception {
    server("mx.there.test", null);
    tlsa.put("mx.there.test", List.of(new Tlsa(3, 1, 1, new byte[32])));
    secureMx = true;
    assertThat(send()).isEqualTo("2.0.0 mx.there.test in the clear");
    secureMx = false;
    secureAddresses = true;
    assertThat(send()).isEqualTo("2.0.0 mx.there.test in the clear");
  }

  @Test
  void aServerWhoseRecordsCannotBeHadIsPassedOver() throws Exception {
    MailSink first = server("a.there.test", null);
    signed();
    silent.add("a.there.test");
    assertThat(send()).isEqualTo("4.7.5");
    server("b.there.test", null);
    assertThat(send()).isEqualTo("2.0.0 b.there.test in the clear");
    assertThat(first.connections()).isZero();
    assertThat(faults()).contains("tlsa dnssec-invalid");
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
