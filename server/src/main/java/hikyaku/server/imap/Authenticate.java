package hikyaku.server.imap;

import com.google.protobuf.ByteString;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.wire.Base64Text;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.SaslExchange;
import java.io.IOException;
import java.util.Base64;
import java.util.Optional;

/** AUTHENTICATE (RFC 9051 §6.2.2, RFC 4959). */
final class Authenticate {
  private Authenticate() {}

  static Reply execute(Session session, String tag, Command.Authenticate command)
      throws IOException {
    Optional<SaslExchange> started =
        session.server.authenticator.start(session.authContext(), command.mechanism());
    if (started.isEmpty()) {
      session.mistake();
      return Reply.no(ResponseCode.Plain.CANNOT, "Mechanism is not supported");
    }
    byte[] initial = null;
    if (command.initialResponse() != null) {
      initial =
          command.initialResponse().equals("=")
              ? new byte[0]
              : Base64Text.decode(command.initialResponse());
      if (initial == null) {
        return Reply.bad("Initial response is not base64");
      }
    }
    try (SaslExchange exchange = started.get()) {
      return converse(session, tag, exchange, exchange.begin(initial));
    }
  }

  /** Takes the response to a challenge of another node. */
  static Reply resume(Session session, ImapPosition.InExchange at) throws IOException {
    try (SaslExchange exchange =
        session.server.authenticator.carryOn(session.authContext(), at.exchange().toByteArray())) {
      return respond(session, at.tag(), exchange);
    }
  }

  private static Reply converse(
      Session session, String tag, SaslExchange exchange, SaslExchange.Step step)
      throws IOException {
    return switch (step) {
      case SaslExchange.Step.Done(LoginResult result) -> Login.conclude(session, result);
      case SaslExchange.Step.Challenge(byte[] octets) -> {
        session.out.challenge(Base64.getEncoder().encodeToString(octets));
        session.settle(new ImapPosition.InExchange(tag, ByteString.copyFrom(exchange.state())));
        yield respond(session, tag, exchange);
      }
    };
  }

  /** Waits for the response to a challenge. */
  private static Reply respond(Session session, String tag, SaslExchange exchange)
      throws IOException {
    String answer = session.secretAnswer();
    if (answer == null) {
      return Reply.bad("Authentication response is missing or too long");
    }
    if (answer.equals("*")) {
      return Reply.bad("Authentication cancelled");
    }
    byte[] response = Base64Text.decode(answer);
    return response == null
        ? Reply.bad("Authentication response is not base64")
        : converse(session, tag, exchange, exchange.respond(response));
  }
}
