package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Command;

/** NOOP (RFC 5321 §4.1.1.9). */
final class NoopCommand {
  private NoopCommand() {}

  static Answer handle(SmtpSession session, Command.Noop command) {
    return Answer.of(Replies.OK);
  }
}
