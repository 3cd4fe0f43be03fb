package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Command;
import java.io.IOException;

/** Carries out one command, in a state in which the table allows it. */
@FunctionalInterface
interface Handler<C extends Command> {
  /** An IOException ends the session. */
  Answer handle(SmtpSession session, C command) throws IOException;
}
