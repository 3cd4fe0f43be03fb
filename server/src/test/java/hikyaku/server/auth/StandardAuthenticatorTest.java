package hikyaku.server.auth;

import static hikyaku.server.auth.AuthRig.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import hikyaku.mailbox.store.memory.Faults.Call;
import hikyaku.mailbox.store.memory.Faults.When;
import hikyaku.server.auth.LoginResult.BadCredentials;
import hikyaku.server.auth.LoginResult.Malformed;
import hikyaku.server.auth.LoginResult.NotAuthorized;
import hikyaku.server.auth.LoginResult.Success;
import hikyaku.server.auth.LoginResult.Suspended;
import hikyaku.server.auth.LoginResult.TlsRequired;
import hikyaku.server.auth.LoginResult.TooManySessions;
import hikyaku.server.auth.LoginResult.Unavailable;
import hikyaku.server.auth.SaslExchange.Step;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Service;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class StandardAuthenticatorTest {
  private static final AuthContext TLS = AuthRig.tls(Service.IMAP);
  private static final AuthContext CLEAR = AuthRig.clear(Service.IMAP, AuthRig.REMOTE);

  private final AuthRig rig = new AuthRig();
  private final StandardAuthenticator auth = rig.authenticator;
  private Account alice;

  @BeforeEach
  void makeAccount() throws Exception {
    alice = rig.account("alice", "correct horse");
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private SaslExchange start(AuthContext context, String mechanism) {
    return auth.start(context, mechanism).orElseThrow();
  }

  private static LoginResult done(Step step) {
    assertThat(step).isInstanceOf(Step.Done.class);
    return ((Step.Done) step).result();
  }

  private static String challenge(Step step) {
    assertThat(step).isInstanceOf(Step.Challenge.class);
    return new String(((Step.Challenge) step).octets(), StandardCharsets.UTF_8);
  }

  private LoginResult plain(String message) {
    return done(start(TLS, "PLAIN").begin(utf8(message)));
  }

  private LoginResult scram(AuthContext context, String user, String password) throws Exception {
    return new ScramClient("n,,", new byte[0], user, "clientnonce", password)
        .run(start(context, "SCRAM-SHA-256"));
  }

  @Test
  void aNameMayLackTheDefaultDomain() {
    for (String name : List.of("alice@demo.test", "ALICE@Demo.Test", "alice", "Alice")) {
      assertThat(rig.login(name, "correct horse"))
          .as(name)
          .isInstanceOfSatisfying(
              Success.class, success -> assertThat(success.account()).isEqualTo(alice));
    }
    for (String name :
        List.of(
            "", "@", "alice@", "@demo.test", "alice@other.test", "al\0ice", "alice+x", "\ud800")) {
      assertThat(rig.login("2001:db8::" + (name.length() + 1), name, "correct horse"))
          .as(name)
          .isInstanceOf(BadCredentials.class);
    }
  }

  @Test
  void thePasswordIsClearedAfterUse() {
    byte[] password = utf8("correct horse");
    assertThat(auth.login(TLS, "alice", password)).isInstanceOf(Success.class);
    assertThat(password).containsOnly(0);
    byte[] clear = utf8("correct horse");
    assertThat(auth.login(CLEAR, "alice", clear)).isInstanceOf(TlsRequired.class);
    assertThat(clear).containsOnly(0);
    byte[] message = utf8("\0alice\0correct horse");
    done(start(TLS, "PLAIN").begin(message));
    assertThat(message).containsOnly(0);
  }

  @Test
  void mechanismsDependOnTheConnection() {
    assertThat(auth.mechanisms(TLS))
        .containsExactly("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN");
    assertThat(auth.mechanisms(CLEAR)).containsExactly("SCRAM-SHA-256", "CRAM-MD5");
    assertThat(auth.mechanisms(AuthRig.clear(Service.IMAP, "::1")))
        .containsExactly("SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN");
    assertThat(auth.plainTextAllowed(CLEAR)).isFalse();
    assertThat(auth.plainTextAllowed(AuthRig.clear(Service.IMAP, "127.3.2.1"))).isTrue();
    StandardAuthenticator strict =
        rig.authenticator(
            AuthRig.settings().withSharedSecrets(false).withPlainText(false, false), rig.passwords);
    assertThat(strict.mechanisms(AuthRig.clear(Service.IMAP, "::1")))
        .containsExactly("SCRAM-SHA-256");
    assertThat(strict.start(TLS, "CRAM-MD5")).isEmpty();
    assertThat(strict.apopEnabled()).isFalse();
    assertThat(auth.start(TLS, "GSSAPI")).isEmpty();
    assertThat(auth.start(TLS, "plain")).isPresent();
    assertThat(auth.start(TLS, "pla\u0131n")).isEmpty();
  }

  @Test
  void whatNeedsTlsSaysSoBeforeItAsks() {
    for (String mechanism : List.of("PLAIN", "LOGIN", "SCRAM-SHA-256-PLUS")) {
      assertThat(done(start(CLEAR, mechanism).begin(null))).isInstanceOf(TlsRequired.class);
    }
    assertThat(rig.hashes()).isEqualTo(1);
  }

  @Test
  void plainFollowsItsRfc() {
    assertThat(plain("\0alice\0correct horse")).isInstanceOf(Success.class);
    assertThat(plain("alice@demo.test\0alice\0correct horse")).isInstanceOf(Success.class);
    assertThat(plain("bob\0alice\0correct horse")).isInstanceOf(NotAuthorized.class);
    assertThat(plain("not@an@address@\0alice\0correct horse")).isInstanceOf(NotAuthorized.class);
    assertThat(plain("bob\0alice\0wrong")).isInstanceOf(BadCredentials.class);
    for (String bad :
        List.of("", "\0", "\0\0", "\0alice\0", "\0\0x", "alice\0x", "\0alice\0x\0", "a\0b\0c\0d")) {
      assertThat(plain(bad)).as(bad).isInstanceOf(Malformed.class);
    }
    assertThat(done(start(TLS, "PLAIN").begin(new byte[] {0, (byte) 0xff, 0, 'x'})))
        .isInstanceOf(Malformed.class);
    SaslExchange late = start(TLS, "PLAIN");
    assertThat(challenge(late.begin(null))).isEmpty();
    assertThat(done(late.respond(utf8("\0alice\0correct horse")))).isInstanceOf(Success.class);
    assertThatThrownBy(() -> late.respond(new byte[0])).isInstanceOf(IllegalStateException.class);
    assertThat(done(start(TLS, "PLAIN").begin(new byte[SaslExchange.MAX_RESPONSE + 1])))
        .isInstanceOf(Malformed.class);
  }

  @Test
  void loginAsksForNameAndPassword() {
    SaslExchange exchange = start(TLS, "LOGIN");
    assertThat(challenge(exchange.begin(null))).isEqualTo("Username:");
    assertThat(challenge(exchange.respond(utf8("alice")))).isEqualTo("Password:");
    assertThat(done(exchange.respond(utf8("correct horse")))).isInstanceOf(Success.class);
    SaslExchange quick = start(TLS, "LOGIN");
    assertThat(challenge(quick.begin(utf8("alice")))).isEqualTo("Password:");
    assertThat(done(quick.respond(utf8("wrong")))).isInstanceOf(BadCredentials.class);
    SaslExchange empty = start(TLS, "LOGIN");
    assertThat(challenge(empty.begin(utf8("")))).isEqualTo("Username:");
    assertThat(done(empty.respond(utf8("")))).isInstanceOf(Malformed.class);
  }

  @Test
  void scramLogsInAndChecksTheChannel() throws Exception {
    assertThat(scram(CLEAR, "alice@demo.test", "correct horse")).isInstanceOf(Success.class);
    assertThat(scram(CLEAR, "alice", "wrong")).isInstanceOf(BadCredentials.class);
    byte[] data = TLS.bindings().data("tls-exporter").orElseThrow();
    assertThat(
            new ScramClient("p=tls-exporter,,", data, "alice", "n1", "correct horse")
                .run(start(TLS, "SCRAM-SHA-256-PLUS")))
        .isInstanceOf(Success.class);
    assertThat(
            new ScramClient("p=tls-exporter,,", utf8("other"), "alice", "n1", "correct horse")
                .run(start(TLS, "SCRAM-SHA-256-PLUS")))
        .isInstanceOf(BadCredentials.class);
    assertThat(
            new ScramClient("p=tls-unique,,", data, "alice", "n1", "correct horse")
                .run(start(TLS, "SCRAM-SHA-256-PLUS")))
        .isInstanceOf(Malformed.class);
    assertThat(
            new ScramClient("n,,", new byte[0], "alice", "n1", "correct horse")
                .run(start(TLS, "SCRAM-SHA-256-PLUS")))
        .isInstanceOf(Malformed.class);
    assertThat(
            new ScramClient("p=tls-exporter,,", data, "alice", "n1", "correct horse")
                .run(start(TLS, "SCRAM-SHA-256")))
        .isInstanceOf(Malformed.class);
  }

  /** RFC 5802 §6: "y" where -PLUS was offered means that somebody hid the offer. */
  @Test
  void scramSeesADowngrade() throws Exception {
    assertThat(
            new ScramClient("y,,", new byte[0], "alice", "n1", "correct horse")
                .run(start(TLS, "SCRAM-SHA-256")))
        .isInstanceOf(Malformed.class);
    assertThat(
            new ScramClient("y,,", new byte[0], "alice", "n1", "correct horse")
                .run(start(CLEAR, "SCRAM-SHA-256")))
        .isInstanceOf(Success.class);
  }

  /** Under TLS 1.2 clients bind by tls-unique, and would fail with what there is. */
  @Test
  void theChannelIsOfferedWithTheBindingOfItsVersionAlone() throws Exception {
    AuthContext older =
        new AuthContext(
            TLS.session(),
            TLS.service(),
            TLS.remote(),
            TLS.port(),
            true,
            type ->
                type.equals(AuthContext.ChannelBindings.TLS_SERVER_END_POINT)
                    ? Optional.of(utf8("hash of a certificate"))
                    : Optional.empty());
    assertThat(rig.authenticator.mechanisms(older))
        .containsExactly("SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN");
    assertThat(
            new ScramClient("y,,", new byte[0], "alice", "n1", "correct horse")
                .run(start(older, "SCRAM-SHA-256")))
        .isInstanceOf(Success.class);
  }

  /** Who was not offered -PLUS, and says so by "y", has seen what there is. */
  @Test
  void channelBindingCanBeLeftOut() throws Exception {
    StandardAuthenticator without =
        rig.authenticator(
            AuthRig.settings().withSharedSecrets(false).withChannelBinding(false), rig.passwords);
    assertThat(without.mechanisms(TLS)).containsExactly("SCRAM-SHA-256", "PLAIN", "LOGIN");
    assertThat(without.start(TLS, "SCRAM-SHA-256-PLUS")).isEmpty();
    assertThat(without.start(CLEAR, "SCRAM-SHA-256-PLUS")).isEmpty();
    for (String header : List.of("n,,", "y,,")) {
      assertThat(
              new ScramClient(header, new byte[0], "alice", "n1", "correct horse")
                  .run(without.start(TLS, "SCRAM-SHA-256").orElseThrow()))
          .isInstanceOf(Success.class);
    }
  }

  @Test
  void scramUnderstandsNamesAndAuthzids() throws Exception {
    rig.account("a=b,c", "pw");
    assertThat(scram(TLS, "a=3Db=2Cc@demo.test", "pw")).isInstanceOf(Success.class);
    assertThat(scram(TLS, "a=b", "pw")).isInstanceOf(Malformed.class);
    assertThat(
            new ScramClient("n,a=alice,", new byte[0], "alice", "n1", "correct horse")
                .run(start(TLS, "SCRAM-SHA-256")))
        .isInstanceOf(Success.class);
    assertThat(
            new ScramClient("n,a=bob,", new byte[0], "alice", "n1", "correct horse")
                .run(start(TLS, "SCRAM-SHA-256")))
        .isInstanceOf(NotAuthorized.class);
    SaslExchange extended = start(TLS, "SCRAM-SHA-256");
    assertThat(done(extended.begin(utf8("n,,m=ext,n=alice,r=abc")))).isInstanceOf(Malformed.class);
  }

  @Test
  void aScramSuccessThatIsNotTakenGivesItsPlaceBack() throws Exception {
    rig.close();
    try (AuthRig small =
        new AuthRig(AuthRig.settings().withSessions(new SessionLimits(1, 1, 1, 1, 1, 1)))) {
      small.account("alice", "correct horse");
      for (int i = 0; i < 3; i++) {
        SaslExchange exchange = small.authenticator.start(TLS, "SCRAM-SHA-256").orElseThrow();
        ScramClient client = new ScramClient("n,,", new byte[0], "alice", "n1", "correct horse");
        byte[] first = ((Step.Challenge) exchange.begin(client.first())).octets();
        assertThat(challenge(exchange.respond(client.last(first)))).startsWith("v=");
        if (i == 0) {
          exchange.close();
        } else if (i == 1) {
          assertThat(done(exchange.respond(utf8("x")))).isInstanceOf(Malformed.class);
        } else {
          assertThat(done(exchange.respond(new byte[0]))).isInstanceOf(Success.class);
          exchange.close();
        }
      }
      assertThat(small.login("alice", "correct horse")).isInstanceOf(TooManySessions.class);
    }
  }

  @Test
  void scramDoesNotTakeKeysThatChangedMeanwhile() throws Exception {
    SaslExchange exchange = start(TLS, "SCRAM-SHA-256");
    ScramClient client = new ScramClient("n,,", new byte[0], "alice", "n1", "correct horse");
    byte[] first = ((Step.Challenge) exchange.begin(client.first())).octets();
    rig.admin.setPassword(alice.id(), utf8("correct horse"));
    assertThat(done(exchange.respond(client.last(first)))).isInstanceOf(Unavailable.class);
    assertThat(scram(TLS, "alice", "correct horse")).isInstanceOf(Success.class);
  }

  @Test
  void cramMd5IsForThoseWithASecret() throws Exception {
    assertThat(cram("alice", "correct horse")).isInstanceOf(BadCredentials.class);
    rig.admin.setSharedSecret(alice.id(), utf8("shared"));
    assertThat(cram("alice", "shared")).isInstanceOf(Success.class);
    assertThat(cram("alice", "correct horse")).isInstanceOf(BadCredentials.class);
    assertThat(cram("nobody", "shared")).isInstanceOf(BadCredentials.class);
    assertThat(done(start(CLEAR, "CRAM-MD5").begin(utf8("x")))).isInstanceOf(Malformed.class);
    rig.admin.setSharedSecret(alice.id(), null);
    assertThat(cram("alice", "shared")).isInstanceOf(BadCredentials.class);
  }

  private LoginResult cram(String user, String secret) {
    SaslExchange exchange = start(CLEAR, "CRAM-MD5");
    String challenge = challenge(exchange.begin(null));
    assertThat(challenge).matches("<[0-9]+\\.[0-9]+@mail\\.demo\\.test>");
    String digest = HexFormat.of().formatHex(Crypto.hmacMd5(utf8(secret), utf8(challenge)));
    return done(exchange.respond(utf8(user + " " + digest)));
  }

  @Test
  void onlyWhoProvedThePasswordIsToldWhyNot() throws Exception {
    rig.admin.setSuspended(alice.id(), true);
    assertThat(rig.login("alice", "correct horse")).isInstanceOf(Suspended.class);
    assertThat(rig.login("alice", "wrong")).isInstanceOf(BadCredentials.class);
    assertThat(scram(TLS, "alice", "correct horse")).isInstanceOf(Suspended.class);
    rig.admin.setSuspended(alice.id(), false);
    rig.admin.setServices(alice.id(), Set.of(Service.POP3));
    assertThat(rig.login("alice", "correct horse")).isInstanceOf(NotAuthorized.class);
    assertThat(auth.login(AuthRig.tls(Service.POP3), "alice", utf8("correct horse")))
        .isInstanceOf(Success.class);
  }

  @Test
  void theGateHasTheLastSayAndTakesNoPlaceAway() throws Exception {
    StandardAuthenticator limited =
        rig.authenticator(
            AuthRig.settings().withSessions(new SessionLimits(1, 1, 1, 1, 1, 1)), rig.passwords);
    List<String> asked = new ArrayList<>();
    rig.gate =
        (session, account) -> {
          asked.add(session + " " + account);
          return new LoginGate.Answer.TooMany();
        };
    assertThat(limited.login(TLS, "alice", utf8("wrong"))).isInstanceOf(BadCredentials.class);
    assertThat(asked).isEmpty();
    assertThat(limited.login(TLS, "alice", utf8("correct horse")))
        .isInstanceOf(TooManySessions.class);
    assertThat(asked).containsExactly(TLS.session() + " alice@demo.test");
    rig.gate = (_, _) -> new LoginGate.Answer.NotNow();
    assertThat(limited.login(TLS, "alice", utf8("correct horse"))).isInstanceOf(Unavailable.class);
    rig.gate =
        (_, _) -> {
          throw new IllegalStateException("a bug");
        };
    assertThatThrownBy(() -> limited.login(TLS, "alice", utf8("correct horse")))
        .hasMessage("a bug");
    int[] closed = {0};
    rig.gate = (_, _) -> new LoginGate.Answer.Admitted(() -> closed[0]++);
    Success in = (Success) limited.login(TLS, "alice", utf8("correct horse"));
    assertThat(closed[0]).isZero();
    in.lease().close();
    assertThat(closed[0]).isEqualTo(1);
    assertThat(limited.login(TLS, "alice", utf8("correct horse"))).isInstanceOf(Success.class);
  }

  @Test
  void aSessionGoesOnWhileItsAccountIsWhatItWas() throws Exception {
    StandardAuthenticator limited =
        rig.authenticator(
            AuthRig.settings().withSessions(new SessionLimits(1, 1, 9, 9, 9, 3)), rig.passwords);
    Success first = (Success) limited.login(TLS, "alice", utf8("correct horse"));
    String id = first.account().id();
    double logins = rig.logins("success");
    Success second = (Success) limited.resume(TLS, id, first.epoch());
    assertThat(second.account()).isEqualTo(first.account());
    assertThat(second.epoch()).isEqualTo(first.epoch());
    assertThat(rig.logins("success")).isEqualTo(logins);
    assertThat(limited.login(TLS, "alice", utf8("correct horse")))
        .isInstanceOf(TooManySessions.class);
    first.lease().close();
    assertThat(limited.login(TLS, "alice", utf8("correct horse")))
        .isInstanceOf(TooManySessions.class);
    second.lease().close();
    ((Success) limited.login(TLS, "alice", utf8("correct horse"))).lease().close();

    rig.admin.setSuspended(id, true);
    assertThat(limited.resume(TLS, id, first.epoch())).isInstanceOf(Suspended.class);
    rig.admin.setSuspended(id, false);
    rig.admin.setServices(id, Set.of(Service.POP3));
    assertThat(limited.resume(TLS, id, first.epoch())).isInstanceOf(NotAuthorized.class);
    rig.admin.setServices(id, Set.of(Service.values()));
    rig.admin.setDisplayName(id, "Alice");
    ((Success) limited.resume(TLS, id, first.epoch())).lease().close();
    rig.store.faults().failNext(Call.HEADS, When.BEFORE);
    assertThat(limited.resume(TLS, id, first.epoch())).isInstanceOf(LoginResult.Unavailable.class);
    rig.admin.setPassword(id, utf8("another horse"));
    assertThat(limited.resume(TLS, id, first.epoch())).isInstanceOf(BadCredentials.class);
    assertThat(limited.resume(TLS, "nobody", 1)).isInstanceOf(BadCredentials.class);
  }

  @Test
  void sessionsAreLimitedByServiceAndInAll() throws Exception {
    StandardAuthenticator limited =
        rig.authenticator(
            AuthRig.settings().withSessions(new SessionLimits(2, 1, 9, 9, 9, 3)), rig.passwords);
    List<LoginLease> leases = new ArrayList<>();
    for (Service service : List.of(Service.IMAP, Service.IMAP, Service.POP3)) {
      leases.add(lease(limited, service));
    }
    assertThat(limited.login(TLS, "alice", utf8("correct horse")))
        .isInstanceOf(TooManySessions.class);
    assertThat(limited.login(AuthRig.tls(Service.JMAP), "alice", utf8("correct horse")))
        .isInstanceOf(TooManySessions.class);
    leases.get(2).close();
    leases.get(2).close();
    assertThat(limited.login(TLS, "alice", utf8("correct horse")))
        .isInstanceOf(TooManySessions.class);
    leases.add(lease(limited, Service.JMAP));
    assertThat(limited.login(AuthRig.tls(Service.JMAP), "alice", utf8("correct horse")))
        .isInstanceOf(TooManySessions.class);
    assertThat(rig.pauses).isEmpty();
  }

  private LoginLease lease(StandardAuthenticator from, Service service) {
    LoginResult result = from.login(AuthRig.tls(service), "alice", utf8("correct horse"));
    assertThat(result).isInstanceOf(Success.class);
    return ((Success) result).lease();
  }

  /** Timing cannot be asserted, the work that makes it up can. */
  @Test
  void theUnknownCostWhatTheKnownCost() throws Exception {
    rig.admin.createAccount(new hikyaku.server.directory.Address("nopw", "demo.test"), null);
    rig.login("alice", "correct horse");
    rig.login("nopw", "x");
    List<List<Long>> costs = new ArrayList<>();
    for (String name : List.of("alice", "nobody", "nopw", "x@elsewhere.test", "not an address@")) {
      long hashes = rig.hashes();
      long calls = rig.storeCalls.get();
      assertThat(rig.login("2001:db8:" + costs.size() + "::1", name, "wrong"))
          .isInstanceOf(BadCredentials.class);
      costs.add(List.of(rig.hashes() - hashes, rig.storeCalls.get() - calls));
    }
    assertThat(costs.get(0)).isEqualTo(List.of(1L, 2L));
    assertThat(costs.subList(1, 4)).containsOnly(costs.get(0));
    assertThat(costs.get(4).get(0)).isEqualTo(1L);
  }

  @Test
  void aStrangersScramLooksLikeAnybodys() throws Exception {
    rig.admin.createAccount(new hikyaku.server.directory.Address("nopw", "demo.test"), null);
    String known = serverFirst("alice");
    for (String name : List.of("nobody", "nopw", "x@elsewhere.test")) {
      String stranger = serverFirst(name);
      assertThat(salt(stranger)).isEqualTo(salt(serverFirst(name)));
      assertThat(salt(stranger)).hasSameSizeAs(salt(known)).isNotEqualTo(salt(serverFirst("n2")));
      assertThat(stranger).hasSameSizeAs(known).endsWith(",i=4096");
      assertThat(scram(TLS, name, "")).isInstanceOf(BadCredentials.class);
    }
    assertThat(salt(serverFirst("NoBody@Demo.Test"))).isEqualTo(salt(serverFirst("nobody")));
    assertThat(salt(known)).isEqualTo(salt(serverFirst("alice")));
  }

  private String serverFirst(String name) {
    return challenge(start(TLS, "SCRAM-SHA-256").begin(utf8("n,,n=" + name + ",r=abc")));
  }

  private static String salt(String serverFirst) {
    return serverFirst.split(",")[1];
  }

  @Test
  void aRightPasswordIsRememberedUntilTheAccountMoves() throws Exception {
    long before = rig.hashes();
    rig.login("alice", "correct horse");
    rig.login("alice", "correct horse");
    rig.login("Alice@demo.test", "correct horse");
    assertThat(rig.hashes() - before).isEqualTo(1);
    rig.now = rig.now.plus(Duration.ofMinutes(5));
    rig.login("alice", "correct horse");
    assertThat(rig.hashes() - before).isEqualTo(2);
    rig.admin.setPassword(alice.id(), utf8("new one"));
    long changed = rig.hashes();
    assertThat(rig.login("alice", "correct horse")).isInstanceOf(BadCredentials.class);
    assertThat(rig.login("alice", "new one")).isInstanceOf(Success.class);
    assertThat(rig.hashes() - changed).isEqualTo(2);
  }

  @Test
  void passwordsAreHashedAnewWhenTheCostChanges() throws Exception {
    Argon2Parameters dearer = new Argon2Parameters(128, 2, 1);
    HashingLimits limits = new HashingLimits(1, 100, 1024, 5000);
    try (Passwords later =
        new Passwords(dearer, limits, AuthRig.KEY, new SecureRandom(), rig.meters)) {
      StandardAuthenticator renewing = rig.authenticator(AuthRig.settings(), later);
      assertThat(renewing.login(TLS, "alice", utf8("wrong"))).isInstanceOf(BadCredentials.class);
      assertThat(phc()).contains("m=64,t=1");
      assertThat(renewing.login(TLS, "alice", utf8("correct horse"))).isInstanceOf(Success.class);
      assertThat(phc()).contains("m=128,t=2");
      assertThat(serverFirst("alice")).endsWith(",i=5000");
      assertThat(scram(TLS, "alice", "correct horse")).isInstanceOf(Success.class);
      String settled = phc();
      rig.now = rig.now.plus(Duration.ofHours(1));
      assertThat(renewing.login(TLS, "alice", utf8("correct horse"))).isInstanceOf(Success.class);
      assertThat(phc()).isEqualTo(settled);
      rig.admin.setPassword(alice.id(), utf8("again"));
      rig.store.faults().failWhile(Call.APPEND::equals, When.BEFORE);
      assertThat(renewing.login(TLS, "alice", utf8("again"))).isInstanceOf(Success.class);
      rig.store.faults().clear();
      assertThat(phc()).contains("m=64,t=1");
    }
  }

  private String phc() {
    return rig.directory
        .find(alice.primary())
        .orElseThrow()
        .credentials()
        .password()
        .orElseThrow()
        .phc();
  }

  @Test
  void aFailureOfOursIsNeverAWrongPassword() throws Exception {
    rig.admin.setSharedSecret(alice.id(), utf8("shared"));
    rig.store.faults().failWhile(call -> true, When.BEFORE);
    for (int i = 0; i < 40; i++) {
      assertThat(rig.login("alice", "wrong" + i)).isInstanceOf(Unavailable.class);
    }
    assertThat(scram(TLS, "alice", "x")).isInstanceOf(Unavailable.class);
    assertThat(cram("alice", "shared")).isInstanceOf(Unavailable.class);
    rig.store.faults().clear();
    assertThat(rig.login("alice", "correct horse")).isInstanceOf(Success.class);
    assertThat(rig.pauses).isEmpty();
    assertThat(rig.logins("unavailable")).isEqualTo(42);
    rig.passwords.close();
    rig.now = rig.now.plus(Duration.ofHours(1));
    assertThat(rig.login("alice", "correct horse")).isInstanceOf(Unavailable.class);
    assertThat(rig.login("nobody", "x")).isInstanceOf(Unavailable.class);
  }

  @Test
  void anInterruptedLoginIsUnavailable() throws Exception {
    Thread.currentThread().interrupt();
    assertThat(rig.login("alice", "correct horse")).isInstanceOf(Unavailable.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(rig.login("alice", "correct horse")).isInstanceOf(Success.class);
  }

  @Test
  void guessesAreSlowedThenRefused() {
    List<LoginResult> results = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      results.add(rig.login("2001:db8:" + i + "::1", "alice", "wrong" + i));
    }
    assertThat(results.subList(0, 30)).hasOnlyElementsOfType(BadCredentials.class);
    assertThat(results.subList(30, 32)).hasOnlyElementsOfType(LoginResult.Throttled.class);
    assertThat(rig.pauses.stream().map(Duration::toSeconds).toList())
        .startsWith(1L, 2L, 4L, 8L, 15L, 15L)
        .hasSize(28);
    assertThat(rig.login("2001:db8:99::1", "alice", "correct horse"))
        .isInstanceOf(LoginResult.Throttled.class);
  }

  @Test
  void aRepeatedWrongPasswordCountsOnce() {
    for (int i = 0; i < 50; i++) {
      assertThat(rig.login("alice", "the old one")).isInstanceOf(BadCredentials.class);
    }
    assertThat(rig.pauses).isEmpty();
  }

  @Test
  void neitherPasswordsNorWholeWrongNamesAreLogged() throws Exception {
    rig.admin.setSharedSecret(alice.id(), utf8("sharedsecret"));
    Logger logger = (Logger) LoggerFactory.getLogger("hikyaku");
    Level level = logger.getLevel();
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    logger.setLevel(Level.TRACE);
    try {
      rig.login("alice", "correct horse");
      rig.login("alice", "wrong horse");
      plain("\0alice\0correct horse");
      plain("\0alice\0");
      scram(TLS, "alice", "correct horse");
      cram("alice", "sharedsecret");
      rig.login("evil\r\nname\"" + "x".repeat(80), "correct horse");
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(level);
    }
    // Threads that earlier tests have left running may say something meanwhile.
    String here = Thread.currentThread().getName();
    List<String> text =
        lines.list.stream()
            .filter(line -> line.getThreadName().equals(here))
            .map(line -> line.getFormattedMessage() + " " + line.getKeyValuePairs())
            .toList();
    assertThat(text).hasSize(7);
    assertThat(text).allMatch(line -> line.contains("session=\"s"));
    assertThat(text.getFirst()).contains("alice@demo.test");
    assertThat(lines.list.toString() + text).doesNotContain("horse").doesNotContain("sharedsecret");
    assertThat(text.getLast())
        .contains("evil??name?")
        .doesNotContain("x".repeat(41))
        .doesNotContain("\r");
  }

  @Test
  void whatAClientIsToldIsFitForTheWire() {
    for (Class<?> refusal : LoginResult.Refused.class.getPermittedSubclasses()) {
      LoginResult.Refused refused;
      try {
        refused = (LoginResult.Refused) refusal.getDeclaredConstructors()[0].newInstance();
      } catch (ReflectiveOperationException notEmpty) {
        throw new AssertionError(notEmpty);
      }
      assertThat(refused.text()).matches("[A-Za-z, ]{10,80}");
    }
    assertThat(Arrays.asList(LoginResult.Refused.class.getPermittedSubclasses())).hasSize(8);
  }

  @Test
  void nonAsciiPasswordsWorkInEitherNormalForm() throws Exception {
    rig.account("uwe", "P\u00e4sswort\u3000x");
    assertThat(rig.login("uwe", "Pa\u0308sswort x")).isInstanceOf(Success.class);
    assertThat(scram(TLS, "uwe", "P\u00e4sswort x")).isInstanceOf(Success.class);
    assertThat(Preparation.opaqueString(utf8("a\tb"), 100)).isEmpty();
    assertThat(Preparation.opaqueString(new byte[] {(byte) 0xc3}, 100)).isEmpty();
    assertThat(Preparation.opaqueString(utf8("x".repeat(101)), 100)).isEmpty();
    assertThat(Preparation.opaqueString(new byte[0], 100)).isEqualTo(Optional.empty());
    assertThat(
            Preparation.saslPrep(utf8("I\u00adX\u2168"), 100)
                .map(b -> new String(b, StandardCharsets.UTF_8)))
        .contains("IXIX");
  }
}
