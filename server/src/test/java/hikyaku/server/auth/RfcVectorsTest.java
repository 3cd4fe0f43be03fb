package hikyaku.server.auth;

import static hikyaku.server.auth.AuthRig.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.server.auth.SaslExchange.Step;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.CredentialSource;
import hikyaku.server.directory.Credentials;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Service;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The examples of the RFCs, octet for octet. */
class RfcVectorsTest {
  /** One account, user@demo.test. */
  private record OneAccount(Credentials credentials) implements CredentialSource {
    @Override
    public Optional<Known> find(Address address) {
      Address only = new Address("user", "demo.test");
      Account account =
          new Account("abc", only, "", Quota.NONE, false, EnumSet.allOf(Service.class));
      return address.equals(only) ? Optional.of(new Known(account, credentials)) : Optional.empty();
    }

    @Override
    public Optional<Known> known(String accountId) {
      throw new AssertionError("nothing to carry on");
    }

    @Override
    public boolean rehash(String accountId, long seen, Credentials.Password replacement) {
      throw new AssertionError("nothing to replace");
    }
  }

  private static Judge judge(Credentials credentials) {
    return new Judge(
        new OneAccount(credentials),
        AuthRig.settings(),
        InstantSource.system(),
        Pause.SLEEP,
        LoginGate.OPEN,
        ForeignLogins.NONE,
        new SimpleMeterRegistry());
  }

  /** RFC 7677 §3. */
  @Test
  void scramSha256() {
    byte[] salt = Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ==");
    Credentials.Scram keys = Passwords.scram(utf8("pencil"), salt, 4096);
    Credentials credentials =
        new Credentials(
            "abc",
            1,
            1,
            Optional.of(new Credentials.Password("", Optional.of(keys))),
            Optional.empty());
    try (ScramExchange exchange =
        new ScramExchange(
            AuthRig.clear(Service.IMAP, AuthRig.REMOTE),
            Mechanism.SCRAM_SHA_256,
            judge(credentials),
            "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            false,
            _ -> new Credentials.Scram(ByteString.EMPTY, 1, ByteString.EMPTY, ByteString.EMPTY))) {
      assertThat(text(exchange.begin(utf8("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"))))
          .isEqualTo(
              "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                  + "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
      assertThat(
              text(
                  exchange.respond(
                      utf8(
                          "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                              + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))))
          .isEqualTo("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
      assertThat(exchange.respond(new byte[0]))
          .isInstanceOfSatisfying(
              Step.Done.class,
              done -> assertThat(done.result()).isInstanceOf(LoginResult.Success.class));
    }
  }

  /** RFC 2195 §2. */
  @Test
  void cramMd5() {
    byte[] digest =
        Crypto.hmacMd5(
            utf8("tanstaaftanstaaf"), utf8("<1896.697170952@postoffice.reston.mci.net>"));
    assertThat(HexFormat.of().formatHex(digest)).isEqualTo("b913a602c7eda7a495b4e6e7334d3890");
  }

  /** RFC 1939 §7. */
  @Test
  void apop() throws Exception {
    try (AuthRig rig = new AuthRig()) {
      Account mrose = rig.account("mrose", "irrelevant");
      rig.admin.setSharedSecret(mrose.id(), utf8("tanstaaf"));
      LoginResult result =
          rig.authenticator.apop(
              AuthRig.clear(Service.POP3, AuthRig.REMOTE),
              "<1896.697170952@dbc.mtview.ca.us>",
              "mrose",
              "c4c9334bac560ecc979e58001b3e22fb");
      assertThat(result).isInstanceOf(LoginResult.Success.class);
      assertThat(
              rig.authenticator.apop(
                  AuthRig.clear(Service.POP3, AuthRig.REMOTE),
                  "<1896.697170953@dbc.mtview.ca.us>",
                  "mrose",
                  "c4c9334bac560ecc979e58001b3e22fb"))
          .isInstanceOf(LoginResult.BadCredentials.class);
    }
  }

  /** From the test suite of the Argon2 reference implementation. */
  @Test
  void argon2id() {
    String phc =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    PhcHash hash = PhcHash.parse(phc).orElseThrow();
    assertThat(hash.matches(utf8("password"))).isTrue();
    assertThat(hash.matches(utf8("differentpassword"))).isFalse();
    assertThat(hash.format()).isEqualTo(phc);
  }

  private static String text(Step step) {
    assertThat(step).isInstanceOf(Step.Challenge.class);
    return new String(((Step.Challenge) step).octets(), StandardCharsets.US_ASCII);
  }
}
