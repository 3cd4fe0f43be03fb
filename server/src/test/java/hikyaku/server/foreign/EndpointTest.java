package hikyaku.server.foreign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.server.foreign.Endpoint.Protocol;
import hikyaku.server.foreign.Endpoint.Tls;
import org.junit.jupiter.api.Test;

/** How operators write where a foreign server is. */
final class EndpointTest {
  @Test
  void theSchemeSaysHowTlsIsSpoken() {
    assertThat(Endpoint.parse(Protocol.IMAP, "imaps://old.example"))
        .isEqualTo(new Endpoint(Protocol.IMAP, Tls.IMPLICIT, "old.example", 993));
    assertThat(Endpoint.parse(Protocol.IMAP, "imap://old.example:1143"))
        .isEqualTo(new Endpoint(Protocol.IMAP, Tls.STARTTLS, "old.example", 1143));
    assertThat(Endpoint.parse(Protocol.POP3, "pop3+plain://[2001:db8::1]"))
        .isEqualTo(new Endpoint(Protocol.POP3, Tls.NONE, "[2001:db8::1]", 110));
    assertThat(Endpoint.parse(Protocol.POP3, "pop3s://192.0.2.1"))
        .hasToString("pop3s://192.0.2.1:995");
  }

  @Test
  void anythingElseIsRefused() {
    for (String wrong :
        new String[] {
          "old.example",
          "pop3s://old.example",
          "imaps://",
          "imaps://a b",
          "imaps://a:0",
          "imaps://a:70000",
          "imaps://a/b",
          "http://a",
          "imaps+plain://a"
        }) {
      assertThatThrownBy(() -> Endpoint.parse(Protocol.IMAP, wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("imaps://HOST");
    }
  }
}
