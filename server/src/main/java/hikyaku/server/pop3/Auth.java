package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Command;
import hikyaku.protocol.pop3.CommandLine;
import hikyaku.protocol.pop3.Reply;
import hikyaku.protocol.pop3.SaslResponse;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader.LineEnding;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.SaslExchange;
import java.io.IOException;
import java.util.Optional;

/** AUTH (RFC 5034 §4). */
final class Auth {
  private Auth() {}

  static void execute(Session session, Command.Auth command) throws IOException {
    Optional<SaslExchange> started =
        session.authenticator().start(session.authContext(), command.mechanism());
    if (started.isEmpty()) {
      session.err("No such mechanism");
      return;
    }
    try (SaslExchange exchange = started.get()) {
      SaslExchange.Step step = exchange.begin(command.initialResponse());
      while (step instanceof SaslExchange.Step.Challenge(byte[] octets)) {
        session.reply(new Reply.Challenge(octets));
        if (!session.awaitLine()) {
          return;
        }
        SaslResponse answer = answer(session);
        if (answer instanceof SaslResponse.Response(byte[] response)) {
          step = exchange.respond(response);
        } else {
          boolean cancelled = answer instanceof SaslResponse.Cancelled;
          session.error(cancelled ? "Authentication cancelled" : "Not base64");
          return;
        }
      }
      if (step instanceof SaslExchange.Step.Done(LoginResult result)) {
        Login.conclude(session, result);
      }
    }
  }

  private static SaslResponse answer(Session session) throws IOException {
    session.connection.hideInput();
    try {
      return SaslResponse.parse(
          session.connection.in().readLine(CommandLine.LONGEST_SASL_RESPONSE, LineEnding.LENIENT));
    } catch (WireException.LineTooLong e) {
      return new SaslResponse.NotBase64();
    }
  }

  /** AUTH alone lists the mechanisms. */
  static void list(Session session) throws IOException {
    session.multiline(
        "Mechanisms follow",
        out -> {
          for (String mechanism : session.authenticator().mechanisms(session.authContext())) {
            out.line(mechanism);
          }
        });
  }
}
