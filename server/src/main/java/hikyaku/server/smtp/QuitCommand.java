package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Command;

/** QUIT (RFC 5321 §4.1.1.10). */
final class QuitCommand {
  private QuitCommand() {}

  static Answer handle(SmtpSession session, Command.Quit command) {
    return Answer.closing(Replies.BYE);
  }
}
