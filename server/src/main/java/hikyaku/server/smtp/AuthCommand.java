package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.protocol.smtp.Command;
import hikyaku.protocol.smtp.CommandParser;
import hikyaku.protocol.smtp.Reply;
import hikyaku.protocol.wire.Base64Text;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.SaslExchange;
import java.io.IOException;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** AUTH (RFC 4954). */
final class AuthCommand {
  private AuthCommand() {}

  static Answer handle(SmtpSession session, Command.Auth command) throws IOException {
    if (session.account() != null) {
      return Answer.of(Replies.LOGGED_IN_ALREADY);
    }
    Optional<SaslExchange> started = session.startSasl(command.mechanism());
    if (started.isEmpty()) {
      return Answer.of(Replies.NO_SUCH_MECHANISM);
    }
    try (SaslExchange exchange = started.get()) {
      return exchange(session, exchange, command.initialResponse());
    }
  }

  private static Answer exchange(
      SmtpSession session, SaslExchange exchange, @Nullable String initialResponse)
      throws IOException {
    byte[] initial = null;
    if (initialResponse != null) {
      initial = Base64Text.decode(initialResponse);
      if (initial == null) {
        return Answer.of(Replies.NOT_BASE64);
      }
    }
    return converse(session, exchange, exchange.begin(initial));
  }

  /** Takes the response to a challenge of another node. */
  static Answer resume(SmtpSession session, byte[] state) throws IOException {
    try (SaslExchange exchange = session.carryOnSasl(state)) {
      return respond(session, exchange);
    }
  }

  private static Answer converse(SmtpSession session, SaslExchange exchange, SaslExchange.Step step)
      throws IOException {
    return switch (step) {
      case SaslExchange.Step.Done(LoginResult result) -> finish(session, result);
      case SaslExchange.Step.Challenge(byte[] challenge) -> {
        session.writeChallenge(Base64.getEncoder().encodeToString(challenge));
        session.settle(exchange.state());
        yield respond(session, exchange);
      }
    };
  }

  /** Waits for the response to a challenge. */
  private static Answer respond(SmtpSession session, SaslExchange exchange) throws IOException {
    Answer gone = session.awaitInput();
    if (gone != null) {
      return gone;
    }
    byte[] line;
    try {
      line = readResponse(session);
    } catch (WireException.LineTooLong e) {
      return Answer.of(Replies.LINE_TOO_LONG);
    } catch (WireException.BareLineEnding e) {
      return Answer.of(Replies.BARE_LINE_ENDING);
    }
    if (line.length == 1 && line[0] == '*') {
      return Answer.of(Replies.LOGIN_CANCELLED);
    }
    byte[] response = Base64Text.decode(new String(line, ISO_8859_1));
    return response == null
        ? Answer.of(Replies.NOT_BASE64)
        : converse(session, exchange, exchange.respond(response));
  }

  private static byte[] readResponse(SmtpSession session) throws IOException {
    return session
        .connection()
        .in()
        .readLine(CommandParser.MAX_AUTH_LINE, WireReader.LineEnding.STRICT);
  }

  /** The replies of RFC 4954 §6. */
  private static Answer finish(SmtpSession session, LoginResult result) {
    return switch (result) {
      case LoginResult.Success success -> {
        session.login(success);
        yield Answer.of(Replies.LOGGED_IN);
      }
      case LoginResult.Refused refused ->
          switch (refused) {
            case LoginResult.BadCredentials _ -> refuse(535, "5.7.8", refused);
            case LoginResult.Suspended _ -> refuse(525, "5.7.13", refused);
            case LoginResult.NotAuthorized _ -> refuse(535, "5.7.1", refused);
            case LoginResult.TlsRequired _ -> refuse(538, "5.7.11", refused);
            case LoginResult.Unavailable _ -> refuse(454, "4.7.0", refused);
            case LoginResult.Malformed _ -> refuse(501, "5.5.2", refused);
            case LoginResult.Throttled _, LoginResult.TooManySessions _ ->
                Answer.closing(Reply.of(421, "4.7.0", refused.text()));
          };
    };
  }

  private static Answer refuse(int code, String enhanced, LoginResult.Refused refused) {
    return Answer.of(Reply.of(code, enhanced, refused.text()));
  }
}
