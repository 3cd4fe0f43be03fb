package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Command;
import java.io.IOException;

/** STARTTLS (RFC 3207): after it the session is as new, and nothing received before it counts. */
final class StartTlsCommand {
  private StartTlsCommand() {}

  static Answer handle(SmtpSession session, Command.StartTls command) throws IOException {
    if (session.connection().isTls()) {
      return Answer.of(Replies.TLS_ON);
    }
    if (!session.connection().canStartTls()) {
      return Answer.of(Replies.NOT_IMPLEMENTED);
    }
    if (session.account() != null) {
      // What was proved in the clear must not count under TLS (RFC 3207 §4.2).
      return Answer.of(Replies.LOGGED_IN_ALREADY);
    }
    session.write(Replies.TLS_READY);
    session.connection().startTls();
    session.forgetClient();
    return Answer.NONE;
  }
}
