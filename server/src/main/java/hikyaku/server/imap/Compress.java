package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.net.Connection;

/** COMPRESS (RFC 4978). */
final class Compress {
  private Compress() {}

  static Reply execute(Session session, Command.Compress command) {
    Connection connection = session.connection;
    if (!command.algorithm().equals("DEFLATE")) {
      return Reply.bad("Unknown compression algorithm");
    }
    if (connection.isCompressed()) {
      return Reply.no(ResponseCode.Plain.COMPRESSIONACTIVE, "Compression is on already");
    }
    session.afterReply(connection::startCompression);
    // What is not offered any more is UNAUTHENTICATE, which the login has told.
    return Reply.ok(
        new ResponseCode.Capability(Capabilities.of(session, true)), "DEFLATE from now on");
  }
}
