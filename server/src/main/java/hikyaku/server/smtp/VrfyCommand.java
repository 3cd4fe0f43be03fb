package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Command;

/** VRFY (RFC 5321 §3.5.3): tells nobody who has a mailbox here. */
final class VrfyCommand {
  private VrfyCommand() {}

  static Answer handle(SmtpSession session, Command.Vrfy command) {
    return Answer.of(Replies.CANNOT_VERIFY);
  }
}
