package hikyaku.server.smtpclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScramLoginTest {
  private static final String NONCE = "rOprNGfwEbeRWgbNEkqO";
  private static final String WHOLE = NONCE + "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  private static final String SALT = "W22ZaJ0SNY7soEsUEjb6gQ==";

  private static ScramLogin login(String user) {
    return new ScramLogin(new Hop.Login(user, "pencil"), NONCE);
  }

  /** RFC 7677 §3. */
  @Test
  void theExampleOfTheRfc() throws Exception {
    ScramLogin scram = login("user");
    assertThat(scram.isProven("")).isFalse();
    assertThat(scram.first()).isEqualTo("n,,n=user,r=" + NONCE);
    assertThat(scram.last("r=" + WHOLE + ",s=" + SALT + ",i=4096"))
        .isEqualTo("c=biws,r=" + WHOLE + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    assertThat(scram.isProven("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")).isTrue();
    assertThat(scram.isProven("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=")).isFalse();
    assertThat(scram.isProven("e=other-error")).isFalse();
  }

  @Test
  void namesAreEscaped() {
    assertThat(login("a,b=c").first()).isEqualTo("n,,n=a=2Cb=3Dc,r=" + NONCE);
  }

  @Test
  void whatAServerMustNotSayIsRefused() {
    for (String odd :
        List.of(
            "",
            "e=no-resources",
            "m=x,r=" + WHOLE + ",s=" + SALT + ",i=4096",
            "r=" + WHOLE + ",s=" + SALT,
            "r=" + WHOLE + ",s=====,i=4096",
            "r=" + NONCE + ",s=" + SALT + ",i=4096",
            "r=other,s=" + SALT + ",i=4096",
            "r=" + WHOLE + ",s=" + SALT + ",i=4095",
            "r=" + WHOLE + ",s=" + SALT + ",i=1000001",
            "r=" + WHOLE + ",s=" + SALT + ",i=99999999999")) {
      assertThatThrownBy(() -> login("user").last(odd)).as(odd).isInstanceOf(ScramLogin.Odd.class);
    }
  }
}
