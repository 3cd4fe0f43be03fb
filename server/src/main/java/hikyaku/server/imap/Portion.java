package hikyaku.server.imap;

import hikyaku.protocol.imap.Condition;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The messages that a command deals with, of those that it names: all of them, or those with the
 * highest UIDs.
 *
 * @param code null if that is all of them, else what tells the client so (RFC 9738 §3.1)
 */
record Portion<T extends @Nullable Object>(T messages, ResponseCode.@Nullable MessageLimit code) {
  static <T extends @Nullable Object> Portion<T> whole(T messages) {
    return new Portion<>(messages, null);
  }

  boolean isCutShort() {
    return code != null;
  }

  /**
   * A command's completion, which says so if not all was done. A code that it has already stays,
   * and this one goes untagged before it (RFC 9738 §3.1, of EXPUNGEISSUED).
   */
  Reply completion(Session session, Reply reply) throws IOException {
    if (code == null) {
      return reply;
    }
    if (reply.condition() == Condition.OK && reply.code() == null) {
      return Reply.ok(code, reply.text() + " in part");
    }
    session.out.untagged(Reply.no(code, "Not all of the messages were dealt with"));
    return reply;
  }
}
