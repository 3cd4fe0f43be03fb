package hikyaku.server.pop3;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.server.auth.ForeignSession;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.directory.Account;
import hikyaku.server.net.Connection;
import hikyaku.server.net.Home;
import hikyaku.server.net.PassThrough;
import hikyaku.server.pop3.proto.Pop3PositionRecord;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session that a foreign server serves: from the login on, octets are passed through. */
final class Elsewhere {
  private static final Logger log = LoggerFactory.getLogger(Elsewhere.class);

  private Elsewhere() {}

  /** Answers the login and serves the rest of the session. */
  static void run(Session session, LoginResult.Success success, ForeignSession there)
      throws IOException {
    Connection connection = session.connection;
    Account account = success.account();
    try (there) {
      session.end();
      connection.describe(account.primary().toString(), Home.WHERE_IT_IS);
      connection.state("at " + there.backend());
      session.server.metrics.loginsAccepted.increment();
      log.atInfo()
          .addKeyValue("session", session.id())
          .addKeyValue("account", account.primary())
          .addKeyValue("backend", there.backend())
          .log("POP3 login");
      session.ok("Logged in");
      connection.settle(Elsewhere::position);
      // A front must not say anything in the middle of a message: nothing is settled any more.
      PassThrough.End end =
          PassThrough.run(
              connection,
              there.in(),
              there.out(),
              session.server.settings.limits().idle(),
              PassThrough.Edges.NONE,
              Elsewhere::position);
      log.atInfo()
          .addKeyValue("session", session.id())
          .addKeyValue("account", account.primary())
          .addKeyValue("backend", there.backend())
          .addKeyValue("end", end)
          .log("POP3 session elsewhere ended");
    } finally {
      success.lease().close();
    }
  }

  private static byte[] position() {
    return Pop3PositionRecord.newBuilder().setElsewhere(true).build().toByteArray();
  }

  /** Whether this is a session that nobody can carry on. */
  static boolean isIn(byte[] position) {
    try {
      return Pop3PositionRecord.parseFrom(position).getElsewhere();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("no position of a POP3 session", e);
    }
  }
}
