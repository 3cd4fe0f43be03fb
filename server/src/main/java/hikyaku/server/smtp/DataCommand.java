package hikyaku.server.smtp;

import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.smtp.Command;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.wire.WireReader;
import java.io.IOException;

/** DATA (RFC 5321 §4.1.1.4): the message, up to the final dot. */
final class DataCommand {
  private DataCommand() {}

  static Answer handle(SmtpSession session, Command.Data command) throws IOException {
    Transaction transaction = session.requireTransaction();
    if (transaction.message() != null) {
      return Answer.of(Replies.CHUNKS_BEGUN);
    }
    if (transaction.mail().parameters().body() == MailParameters.Body.BINARYMIME) {
      return Answer.of(Replies.BINARY_NEEDS_BDAT);
    }
    IncomingMessage message;
    try {
      message = session.receive(transaction);
    } catch (StoreException e) {
      session.endTransaction();
      return Answer.of(session.storeFailure("begin a message", e));
    }
    session.write(Replies.GO_AHEAD);
    WireReader.Dotted text;
    session.connection().state("DATA");
    session.connection().setReadTimeout(session.limits().data());
    text = session.connection().in().readDotted(message);
    return MessageEnd.finish(session, transaction, message, text.bareLineEnding());
  }
}
