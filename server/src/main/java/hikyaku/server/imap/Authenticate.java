package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.SaslExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** AUTHENTICATE (RFC 9051 §6.2.2, RFC 4959). */
final class Authenticate {
  private Authenticate() {}

  static Reply execute(Session session, Command.Authenticate command) throws IOException {
    Optional<SaslExchange> started =
        session.server.authenticator.start(session.authContext(), command.mechanism());
    if (started.isEmpty()) {
      return Reply.no(ResponseCode.Plain.CANNOT, "Mechanism is not supported");
    }
    byte[] initial = null;
    if (command.initialResponse() != null) {
      initial =
          command.initialResponse().equals("=") ? new byte[0] : decode(command.initialResponse());
      if (initial == null) {
        return Reply.bad("Initial response is not base64");
      }
    }
    try (SaslExchange exchange = started.get()) {
      return converse(session, exchange, initial);
    }
  }

  private static Reply converse(Session session, SaslExchange exchange, byte @Nullable [] initial)
      throws IOException {
    SaslExchange.Step step = exchange.begin(initial);
    while (true) {
      switch (step) {
        case SaslExchange.Step.Done(LoginResult result) -> {
          return Login.conclude(session, result);
        }
        case SaslExchange.Step.Challenge(byte[] octets) -> {
          session.out.challenge(Base64.getEncoder().encodeToString(octets));
          String answer = session.secretAnswer();
          if (answer == null) {
            return Reply.bad("Authentication response is missing or too long");
          }
          if (answer.equals("*")) {
            return Reply.bad("Authentication cancelled");
          }
          byte[] response = decode(answer);
          if (response == null) {
            return Reply.bad("Authentication response is not base64");
          }
          step = exchange.respond(response);
        }
      }
    }
  }

  private static byte @Nullable [] decode(String base64) {
    try {
      byte[] octets = Base64.getDecoder().decode(base64.getBytes(StandardCharsets.ISO_8859_1));
      return octets.length > SaslExchange.MAX_RESPONSE ? null : octets;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
