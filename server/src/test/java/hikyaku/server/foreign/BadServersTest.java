package hikyaku.server.foreign;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.directory.Service;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Foreign servers that do not do what servers do, or refuse. */
@Timeout(60)
final class BadServersTest {
  private static final AuthContext CONTEXT =
      new AuthContext(
          "s1",
          Service.IMAP,
          InetAddress.getLoopbackAddress(),
          4000,
          true,
          AuthContext.ChannelBindings.NONE);

  /** Longer than servers that do answer may take on a busy machine. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private static final Duration SHORT = Duration.ofSeconds(1);

  private ServerSocket listener;

  @BeforeEach
  void listen() throws IOException {
    listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    listener.close();
  }

  @FunctionalInterface
  private interface Behaviour {
    void of(Socket client) throws IOException;
  }

  private void server(Behaviour behaviour) {
    Thread.ofVirtual()
        .start(() -> {
          try (Socket client = listener.accept()) {
            behaviour.of(client);
            // What the client says is taken until it ends.
            client.getInputStream().transferTo(OutputStream.nullOutputStream());
          } catch (IOException e) {
            // The client has had enough.
          }
        });
  }

  private static void say(Socket client, String text) throws IOException {
    client.getOutputStream().write(text.getBytes(ISO_8859_1));
  }

  private static void sayForEver(Socket client, String text) throws IOException {
    byte[] octets = text.repeat(100).getBytes(ISO_8859_1);
    while (true) {
      client.getOutputStream().write(octets);
    }
  }

  private Optional<LoginResult.Refused> login(Endpoint.Protocol protocol, Endpoint.Tls tls)
      throws IOException {
    return login(protocol, tls, PATIENCE);
  }

  /**
   * @param time for the login
   */
  private Optional<LoginResult.Refused> login(
      Endpoint.Protocol protocol, Endpoint.Tls tls, Duration time) throws IOException {
    Endpoint endpoint = new Endpoint(protocol, tls, "127.0.0.1", listener.getLocalPort());
    boolean imap = protocol == Endpoint.Protocol.IMAP;
    Backend backend =
        new Backend(
            "old",
            imap ? Optional.of(endpoint) : Optional.empty(),
            imap ? Optional.empty() : Optional.of(endpoint),
            true,
            "",
            0,
            false,
            "",
            Optional.empty());
    ForeignSettings settings = new ForeignSettings(PATIENCE, time);
    Secrets secrets = new Secrets("carol@demo.test", "secret-word".getBytes(UTF_8));
    try (Dialogue dialogue = Dialogue.connect(backend, endpoint, CONTEXT, settings)) {
      return imap
          ? new ImapLogin(dialogue, backend).run(endpoint, CONTEXT, secrets)
          : new Pop3Login(dialogue).run(endpoint, CONTEXT, secrets);
    }
  }

  private void fails(Endpoint.Protocol protocol, Endpoint.Tls tls, String why) {
    assertThatThrownBy(() -> login(protocol, tls))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @CsvSource({"IMAP,NONE", "POP3,NONE", "IMAP,IMPLICIT", "IMAP,STARTTLS"})
  void sayNothing(Endpoint.Protocol protocol, Endpoint.Tls tls) {
    server(client -> {});
    assertThatThrownBy(() -> login(protocol, tls, SHORT)).isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @CsvSource({"IMAP", "POP3"})
  void sayALineWithoutEnd(Endpoint.Protocol protocol) {
    server(client -> sayForEver(client, "+OK * OK "));
    fails(protocol, Endpoint.Tls.NONE, "a line of more than");
  }

  @Test
  void sayTooMuch() {
    server(client -> sayForEver(client, "* OK hello\r\n"));
    fails(Endpoint.Protocol.IMAP, Endpoint.Tls.NONE, "more than 200 things");
  }

  @Test
  void areAbleToDoTooMuch() {
    server(client -> sayForEver(client, "+OK\r\n"));
    fails(Endpoint.Protocol.POP3, Endpoint.Tls.NONE, "more than 200 capabilities");
  }

  @Test
  void announceALiteralOfAnySize() {
    server(client -> say(client, "* OK hello\r\n* LIST \u0085 {999999999}\r\n"));
    fails(Endpoint.Protocol.IMAP, Endpoint.Tls.NONE, "a literal of 999999999");
  }

  @Test
  void speakSlowly() {
    server(client -> {
      say(client, "* OK ");
      while (true) {
        say(client, "x");
        try {
          Thread.sleep(50);
        } catch (InterruptedException e) {
          return;
        }
      }
    });
    assertThatThrownBy(() -> login(Endpoint.Protocol.IMAP, Endpoint.Tls.NONE, SHORT))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the login took too long");
  }

  @ParameterizedTest
  @CsvSource({
    "IMAP,* PREAUTH welcome",
    "IMAP,* BYE not now",
    "IMAP,+OK another protocol",
    "POP3,* OK another protocol",
    "POP3,-ERR not now"
  })
  void greetWithSomethingElse(Endpoint.Protocol protocol, String greeting) {
    server(client -> say(client, greeting + "\r\n"));
    fails(protocol, Endpoint.Tls.NONE, "it does not greet");
  }

  @Test
  void hearNoPasswordWithoutTheTlsThatIsWanted() {
    AtomicReference<String> heard = new AtomicReference<>("");
    server(client -> {
      say(client, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\nh1 NO not here\r\n");
      heard.set(new String(client.getInputStream().readNBytes(13), ISO_8859_1));
    });
    fails(Endpoint.Protocol.IMAP, Endpoint.Tls.STARTTLS, "it does not do STARTTLS");
    assertThat(heard.get()).doesNotContain("secret");
  }

  @Test
  void slipNothingInAheadOfTls() {
    server(client -> say(client, "* OK hello\r\nh1 OK begin\r\n* CAPABILITY AUTH=PLAIN\r\n"));
    fails(Endpoint.Protocol.IMAP, Endpoint.Tls.STARTTLS, "it said something ahead of TLS");
  }

  @ParameterizedTest
  @CsvSource({
    "[AUTHENTICATIONFAILED] no,BadCredentials",
    "no code,BadCredentials",
    "[AUTHORIZATIONFAILED] no,NotAuthorized",
    "[CONTACTADMIN] no,Suspended",
    "[LIMIT] many,TooManySessions",
    "[UNAVAILABLE] later\u0085,Unavailable",
    "[INUSE] now,Unavailable"
  })
  void refuseImap(String text, String expected) throws Exception {
    server(client ->
        say(client, "* OK hello\r\n* CAPABILITY IMAP4rev1\r\nh1 OK\r\nh2 NO " + text + "\r\n"));
    assertThat(login(Endpoint.Protocol.IMAP, Endpoint.Tls.NONE))
        .hasValueSatisfying(why -> assertThat(why.getClass().getSimpleName()).isEqualTo(expected));
  }

  @ParameterizedTest
  @CsvSource({
    "[AUTH] no,BadCredentials",
    "no code,BadCredentials",
    "[SYS/PERM] no,NotAuthorized",
    "[IN-USE] locked,TooManySessions",
    "[SYS/TEMP] later\u0085,Unavailable",
    "[LOGIN-DELAY] later,Unavailable"
  })
  void refusePop3(String text, String expected) throws Exception {
    server(client -> say(client, "+OK hello\r\n-ERR no CAPA\r\n+OK\r\n-ERR " + text + "\r\n"));
    assertThat(login(Endpoint.Protocol.POP3, Endpoint.Tls.NONE))
        .hasValueSatisfying(why -> assertThat(why.getClass().getSimpleName()).isEqualTo(expected));
  }
}
