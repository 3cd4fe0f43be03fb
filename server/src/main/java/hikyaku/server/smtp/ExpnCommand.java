package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Command;

/** EXPN (RFC 5321 §3.5.2): tells nobody who is behind an alias. */
final class ExpnCommand {
  private ExpnCommand() {}

  static Answer handle(SmtpSession session, Command.Expn command) {
    return Answer.of(Replies.NOT_IMPLEMENTED);
  }
}
