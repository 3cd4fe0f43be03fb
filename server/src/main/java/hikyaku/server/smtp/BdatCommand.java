package hikyaku.server.smtp;

import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.smtp.Command;
import hikyaku.protocol.smtp.Reply;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * BDAT (RFC 3030 §2): a piece of the message. A piece that is refused ends the transaction; those
 * sent behind it meet 503 and are read over.
 */
final class BdatCommand {
  private BdatCommand() {}

  static Answer handle(SmtpSession session, Command.Bdat command) throws IOException {
    Transaction transaction = session.requireTransaction();
    session.connection().state("BDAT");
    IncomingMessage message = transaction.message();
    if (message == null) {
      try {
        message = session.receive(transaction);
      } catch (StoreException e) {
        session.endTransaction();
        session.skip(command.size());
        Reply failed = session.storeFailure("begin a message", e);
        return command.last()
            ? new EndReplies(session, transaction).forAll(failed)
            : Answer.of(failed);
      }
    }
    session.connection().setReadTimeout(session.limits().data());
    session.connection().in().readCounted(command.size(), message);
    if (command.last()) {
      return MessageEnd.finish(session, transaction, message, false);
    }
    Reply refusal = refusal(session, message);
    if (refusal == null) {
      return Answer.of(Replies.CHUNK_OK);
    }
    session.endTransaction();
    return Answer.of(refusal);
  }

  private static @Nullable Reply refusal(SmtpSession session, IncomingMessage message) {
    StoreException failure = message.failure();
    if (failure != null) {
      return session.storeFailure("store a message", failure);
    }
    return message.isTooBig() ? Replies.TOO_BIG : null;
  }
}
