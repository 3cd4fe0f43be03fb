package hikyaku.server.managesieve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import hikyaku.protocol.managesieve.Command;
import hikyaku.protocol.managesieve.Reply;
import hikyaku.protocol.wire.Base64Text;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.SaslExchange;
import java.io.IOException;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** AUTHENTICATE (RFC 5804 §2.1). */
final class Authenticate {
  private static final Logger log = LoggerFactory.getLogger(Authenticate.class);

  private Authenticate() {}

  static void execute(Session session, Command.Authenticate command) throws IOException {
    session.connection.hideInput();
    byte[] initial = command.initialResponse();
    Optional<byte[]> response = initial == null ? Optional.empty() : decoded(initial);
    if (initial != null && response.isEmpty()) {
      session.error("Not base64");
      return;
    }
    Optional<SaslExchange> started =
        session.authenticator().start(session.authContext(), command.mechanism());
    if (started.isEmpty()) {
      session.error("No such mechanism");
      return;
    }
    try (SaslExchange exchange = started.get()) {
      converse(session, exchange, exchange.begin(response.orElse(null)));
    }
  }

  /** Takes the response to a challenge of another node. */
  static void resume(Session session, byte[] state) throws IOException {
    try (SaslExchange exchange = session.authenticator().carryOn(session.authContext(), state)) {
      respond(session, exchange);
    }
  }

  private static void converse(Session session, SaslExchange exchange, SaslExchange.Step step)
      throws IOException {
    switch (step) {
      case SaslExchange.Step.Done(LoginResult result) -> conclude(session, result, null);
      case SaslExchange.Step.Challenge(byte[] octets) when exchange.isLast() -> {
        if (exchange.respond(new byte[0]) instanceof SaslExchange.Step.Done(LoginResult result)) {
          conclude(session, result, "SASL " + Reply.string(base64(octets)));
        } else {
          throw new IllegalStateException("a challenge behind the last one");
        }
      }
      case SaslExchange.Step.Challenge(byte[] octets) -> {
        session.connection.out().writeHidden(Reply.string(base64(octets)) + "\r\n");
        session.settle(exchange.state());
        respond(session, exchange);
      }
    }
  }

  /** Waits for the response to a challenge. */
  private static void respond(Session session, SaslExchange exchange) throws IOException {
    if (!session.awaitInput()) {
      return;
    }
    session.connection.hideInput();
    Optional<byte[]> answer = session.reader().readString(Session.LARGEST_RESPONSE);
    if (answer.isEmpty()) {
      session.error("A response is a string of at most " + Session.LARGEST_RESPONSE + " octets");
      return;
    }
    if (answer.filter(text -> new String(text, US_ASCII).equals("*")).isPresent()) {
      session.error("Authentication cancelled");
      return;
    }
    Optional<byte[]> response = answer.flatMap(Authenticate::decoded);
    if (response.isEmpty()) {
      session.error("Not base64");
      return;
    }
    converse(session, exchange, exchange.respond(response.get()));
  }

  private static Optional<byte[]> decoded(byte[] base64) {
    return Optional.ofNullable(Base64Text.decode(new String(base64, ISO_8859_1)));
  }

  private static String base64(byte[] octets) {
    return Base64.getEncoder().encodeToString(octets);
  }

  /**
   * @param data what goes with success, as a response code (RFC 5804 §1.3); null for nothing
   */
  private static void conclude(Session session, LoginResult result, @Nullable String data)
      throws IOException {
    switch (result) {
      case LoginResult.Success success when success.elsewhere() != null -> {
        success.elsewhere().close();
        success.lease().close();
        session.refusedLogin();
        session.reply(Reply.no(null, "Another server has this account"));
      }
      case LoginResult.Success success -> {
        session.loggedIn(success);
        // As in the example of RFC 5804 §2.1, without a text: not every client looks behind the
        // code.
        session.reply(new Reply(Reply.Kind.OK, data, data == null ? "Logged in" : ""));
      }
      case LoginResult.Refused refused -> refuse(session, refused);
    }
  }

  private static void refuse(Session session, LoginResult.Refused refused) throws IOException {
    log.atInfo()
        .addKeyValue("session", session.id())
        .addKeyValue("result", refused.getClass().getSimpleName())
        .log("ManageSieve login refused");
    session.refusedLogin();
    String code =
        switch (refused) {
          case LoginResult.TlsRequired _ -> "ENCRYPT-NEEDED";
          case LoginResult.Throttled _, LoginResult.TooManySessions _, LoginResult.Unavailable _ ->
              "TRYLATER";
          case LoginResult.BadCredentials _,
              LoginResult.Malformed _,
              LoginResult.NotAuthorized _,
              LoginResult.Suspended _ ->
              null;
        };
    if (refused instanceof LoginResult.Throttled) {
      session.end();
      session.reply(Reply.bye(code, refused.text()));
    } else {
      session.reply(Reply.no(code, refused.text()));
    }
  }
}
