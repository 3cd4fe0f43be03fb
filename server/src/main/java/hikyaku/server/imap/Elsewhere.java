package hikyaku.server.imap;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.server.auth.ForeignSession;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.imap.proto.ImapPositionRecord;
import hikyaku.server.net.Connection;
import hikyaku.server.net.PassThrough;
import hikyaku.server.net.Refusal;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session that a foreign server serves: from the login on, octets are passed through. */
final class Elsewhere {
  private static final Logger log = LoggerFactory.getLogger(Elsewhere.class);

  private static final int BETWEEN = 1;
  private static final int PERHAPS_INSIDE = 2;

  private Elsewhere() {}

  /** Serves the rest of the session. */
  static void run(Session session, LoginResult.Success success, ForeignSession there)
      throws IOException {
    Connection connection = session.connection;
    ResponseEdges edges = new ResponseEdges();
    try (there) {
      connection.settle(() -> position(BETWEEN));
      connection.state("at " + there.backend());
      PassThrough.End end =
          PassThrough.run(
              connection,
              there.in(),
              there.out(),
              session.server.settings.idle(),
              edges,
              () -> position(edges.areKnown() ? BETWEEN : PERHAPS_INSIDE));
      boolean farewell = end == PassThrough.End.IDLE || end == PassThrough.End.STOPPING;
      if (farewell && edges.isBetween()) {
        connection
            .out()
            .write(
                end == PassThrough.End.IDLE
                    ? "* BYE Nothing heard for too long\r\n"
                    : session.server.refusal(Refusal.STOPPING));
      }
      log.atInfo()
          .addKeyValue("session", session.id())
          .addKeyValue("account", success.account().primary())
          .addKeyValue("backend", there.backend())
          .addKeyValue("end", end)
          .log("IMAP session elsewhere ended");
    } finally {
      success.lease().close();
    }
  }

  private static byte[] position(int where) {
    return ImapPositionRecord.newBuilder().setElsewhere(where).build().toByteArray();
  }

  /** Ends a session that nobody can carry on; says whether it is one. */
  static boolean ends(ImapProtocol server, Connection connection, byte[] position)
      throws IOException {
    int where;
    try {
      where = ImapPositionRecord.parseFrom(position).getElsewhere();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("no position of an IMAP session", e);
    }
    if (where == BETWEEN && !connection.isRepeat()) {
      connection.out().write(server.refusal(Refusal.STOPPING));
    }
    return where != 0;
  }
}
