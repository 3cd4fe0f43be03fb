package hikyaku.server.auth;

import static hikyaku.server.auth.AuthRig.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.server.auth.AuthContext.ChannelBindings;
import hikyaku.server.auth.LoginResult.BadCredentials;
import hikyaku.server.auth.LoginResult.Success;
import hikyaku.server.auth.LoginResult.TooManySessions;
import hikyaku.server.auth.LoginResult.Unavailable;
import hikyaku.server.auth.SaslExchange.Step;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Credentials;
import hikyaku.server.directory.Service;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Exchanges whose every response is taken by another node than the one that asked for it. */
class CarriedExchangeTest {
  private static final AuthContext TLS = AuthRig.tls(Service.IMAP);

  private final AuthRig rig = new AuthRig();
  private Account alice;

  /** Two nodes on one directory. */
  private List<StandardAuthenticator> nodes;

  private int turn;
  private final List<byte[]> states = new ArrayList<>();

  @BeforeEach
  void twoNodes() throws Exception {
    alice = rig.account("alice", "correct horse");
    nodes =
        List.of(
            rig.authenticator(AuthRig.settings(), rig.passwords),
            rig.authenticator(AuthRig.settings(), rig.passwords));
  }

  @AfterEach
  void close() {
    rig.close();
  }

  /** An exchange that moves at each of its challenges. */
  private final class Moving implements SaslExchange {
    private SaslExchange here;

    Moving(String mechanism) {
      here = nodes.get(turn).start(TLS, mechanism).orElseThrow();
    }

    @Override
    public Step begin(byte[] initialResponse) {
      return moved(here.begin(initialResponse));
    }

    @Override
    public Step respond(byte[] response) {
      return moved(here.respond(response));
    }

    private Step moved(Step step) {
      if (step instanceof Step.Challenge) {
        byte[] state = here.state();
        states.add(state);
        here.close();
        turn = (turn + 1) % nodes.size();
        here = nodes.get(turn).carryOn(TLS, state);
        assertThat(here.state()).isEqualTo(state);
      }
      return step;
    }

    @Override
    public byte[] state() {
      return here.state();
    }

    @Override
    public void close() {
      here.close();
    }
  }

  private LoginResult scram(String header, String mechanism, String password) throws Exception {
    byte[] binding =
        header.startsWith("p=")
            ? TLS.bindings().data(ChannelBindings.TLS_EXPORTER).orElseThrow()
            : new byte[0];
    ScramClient client = new ScramClient(header, binding, "alice", "n1", password);
    try (Moving exchange = new Moving(mechanism)) {
      return client.run(exchange);
    }
  }

  private static LoginResult done(Step step) {
    return ((Step.Done) step).result();
  }

  @Test
  void scramGoesOnAtAnotherNode() throws Exception {
    assertThat(scram("n,,", "SCRAM-SHA-256", "correct horse"))
        .isInstanceOfSatisfying(
            Success.class, success -> assertThat(success.account()).isEqualTo(alice));
    assertThat(scram("p=tls-exporter,,", "SCRAM-SHA-256-PLUS", "correct horse"))
        .isInstanceOf(Success.class);
    // Once for each login, though each was judged on one node and taken on another.
    assertThat(rig.logins("success")).isEqualTo(2);
  }

  @Test
  void theClientMayAnswerAnEmptyChallengeElsewhere() throws Exception {
    try (Moving exchange = new Moving("SCRAM-SHA-256")) {
      assertThat(exchange.begin(null)).isInstanceOf(Step.Challenge.class);
      ScramClient client = new ScramClient("n,,", new byte[0], "alice", "n1", "correct horse");
      byte[] challenge = ((Step.Challenge) exchange.respond(client.first())).octets();
      assertThat(exchange.respond(client.last(challenge))).isInstanceOf(Step.Challenge.class);
      assertThat(done(exchange.respond(new byte[0]))).isInstanceOf(Success.class);
    }
    assertThat(states).hasSize(3);
  }

  @Test
  void aWrongPasswordIsOneFailure() throws Exception {
    assertThat(scram("n,,", "SCRAM-SHA-256", "wrong")).isInstanceOf(BadCredentials.class);
    assertThat(rig.logins("bad-credentials") + rig.logins("BadCredentials")).isEqualTo(1);
  }

  @Test
  void whoHasProvedToBeAliceTakesOnePlaceOnOneNode() throws Exception {
    nodes =
        List.of(
            rig.authenticator(
                AuthRig.settings().withSessions(new SessionLimits(1, 1, 1, 1, 1, 1)),
                rig.passwords));
    assertThat(scram("n,,", "SCRAM-SHA-256", "correct horse")).isInstanceOf(Success.class);
    assertThat(scram("n,,", "SCRAM-SHA-256", "correct horse")).isInstanceOf(TooManySessions.class);
  }

  @Test
  void aPasswordThatChangesBeforeTheAcknowledgementCounts() throws Exception {
    try (Moving exchange = new Moving("SCRAM-SHA-256")) {
      ScramClient client = new ScramClient("n,,", new byte[0], "alice", "n1", "correct horse");
      byte[] challenge = ((Step.Challenge) exchange.begin(client.first())).octets();
      byte[] last = client.last(challenge);
      // Shown are the salt and the iterations that the client computes with: new ones come too
      // late.
      rig.admin.setPassword(alice.id(), utf8("another"));
      assertThat(done(exchange.respond(last))).isInstanceOf(Unavailable.class);
    }
    try (Moving exchange = new Moving("SCRAM-SHA-256")) {
      ScramClient client = new ScramClient("n,,", new byte[0], "alice", "n1", "another");
      byte[] challenge = ((Step.Challenge) exchange.begin(client.first())).octets();
      assertThat(exchange.respond(client.last(challenge))).isInstanceOf(Step.Challenge.class);
      byte[] state = exchange.state();
      rig.admin.setPassword(alice.id(), utf8("a third"));
      assertThat(done(nodes.get(0).carryOn(TLS, state).respond(new byte[0])))
          .isInstanceOf(BadCredentials.class);
    }
  }

  @Test
  void cramMd5AndLoginGoOnAtAnotherNode() throws Exception {
    rig.admin.setSharedSecret(alice.id(), utf8("shared"));
    try (Moving exchange = new Moving("CRAM-MD5")) {
      byte[] challenge = ((Step.Challenge) exchange.begin(null)).octets();
      String digest = HexFormat.of().formatHex(Crypto.hmacMd5(utf8("shared"), challenge));
      assertThat(done(exchange.respond(utf8("alice " + digest)))).isInstanceOf(Success.class);
    }
    try (Moving exchange = new Moving("LOGIN")) {
      exchange.begin(null);
      exchange.respond(utf8("alice"));
      assertThat(done(exchange.respond(utf8("correct horse")))).isInstanceOf(Success.class);
    }
    try (Moving exchange = new Moving("PLAIN")) {
      exchange.begin(null);
      assertThat(done(exchange.respond(utf8("\0alice\0correct horse"))))
          .isInstanceOf(Success.class);
    }
  }

  /** A front reads positions: nothing is in them that it has not seen. */
  @Test
  void noKeyIsInAState() throws Exception {
    scram("n,,", "SCRAM-SHA-256", "correct horse");
    Credentials.Scram keys =
        rig.directory
            .known(alice.id())
            .flatMap(known -> known.credentials().password())
            .flatMap(Credentials.Password::scram)
            .orElseThrow();
    assertThat(states).hasSize(2);
    for (byte[] state : states) {
      String text = new String(state, StandardCharsets.ISO_8859_1);
      assertThat(text)
          .contains("SCRAM-SHA-256")
          .contains(keys.salt().toString(StandardCharsets.ISO_8859_1))
          .doesNotContain(keys.storedKey().toString(StandardCharsets.ISO_8859_1))
          .doesNotContain(keys.serverKey().toString(StandardCharsets.ISO_8859_1));
    }
  }

  @Test
  void anOldStateIsGoodForNothing() throws Exception {
    SaslExchange exchange = nodes.get(0).start(TLS, "LOGIN").orElseThrow();
    exchange.begin(null);
    exchange.respond(utf8("alice"));
    byte[] state = exchange.state();
    rig.now = rig.now.plus(Duration.ofMinutes(14));
    assertThat(done(nodes.get(1).carryOn(TLS, state).respond(utf8("correct horse"))))
        .isInstanceOf(Success.class);
    rig.now = rig.now.plus(Duration.ofMinutes(2));
    assertThat(done(nodes.get(1).carryOn(TLS, state).respond(utf8("correct horse"))))
        .isInstanceOf(Unavailable.class);
  }

  @Test
  void aMechanismThatAnotherNodeDoesNotHaveIsRefusedForNow() {
    StandardAuthenticator strict =
        rig.authenticator(AuthRig.settings().withSharedSecrets(false), rig.passwords);
    SaslExchange exchange = nodes.get(0).start(TLS, "CRAM-MD5").orElseThrow();
    exchange.begin(null);
    assertThat(done(strict.carryOn(TLS, exchange.state()).respond(utf8("alice 00"))))
        .isInstanceOf(Unavailable.class);
    assertThatThrownBy(() -> strict.carryOn(TLS, utf8("nonsense")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
