package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Command;

/** RSET (RFC 5321 §4.1.1.5). */
final class RsetCommand {
  private RsetCommand() {}

  static Answer handle(SmtpSession session, Command.Rset command) {
    session.endTransaction();
    return Answer.of(Replies.OK);
  }
}
