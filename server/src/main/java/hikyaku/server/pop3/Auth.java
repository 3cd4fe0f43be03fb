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
      session.error("No such mechanism");
      return;
    }
    try (SaslExchange exchange = started.get()) {
      converse(session, exchange, exchange.begin(command.initialResponse()));
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
      case SaslExchange.Step.Done(LoginResult result) -> Login.conclude(session, result);
      case SaslExchange.Step.Challenge(byte[] octets) -> {
        session.reply(new Reply.Challenge(octets));
        session.settle(exchange.state());
        respond(session, exchange);
      }
    }
  }

  /** Waits for the response to a challenge. */
  private static void respond(Session session, SaslExchange exchange) throws IOException {
    if (!session.awaitLine()) {
      return;
    }
    switch (answer(session)) {
      case SaslResponse.Response(byte[] response) ->
          converse(session, exchange, exchange.respond(response));
      case SaslResponse.Cancelled _ -> session.error("Authentication cancelled");
      case SaslResponse.NotBase64 _ -> session.error("Not base64");
      case SaslResponse.TooLong _ -> session.error("Authentication response too long");
    }
  }

  private static SaslResponse answer(Session session) throws IOException {
    session.connection.hideInput();
    try {
      return SaslResponse.parse(
          session.connection.in().readLine(CommandLine.LONGEST_SASL, LineEnding.LENIENT));
    } catch (WireException.LineTooLong e) {
      return new SaslResponse.TooLong();
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
