package hikyaku.server.pop3;

import hikyaku.protocol.pop3.Capability;
import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.Authenticator;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** CAPA (RFC 2449 §5). */
final class Capa {
  private Capa() {}

  static void execute(Session session) throws IOException {
    session.multiline(
        "Capabilities follow",
        out -> {
          for (Capability capability : capabilities(session)) {
            out.line(capability.line());
          }
        });
  }

  private static List<Capability> capabilities(Session session) {
    List<Capability> all = new ArrayList<>();
    all.add(Capability.TOP);
    all.add(Capability.UIDL);
    all.add(Capability.RESP_CODES);
    all.add(Capability.AUTH_RESP_CODE);
    all.add(Capability.PIPELINING);
    all.add(Capability.EXPIRE_NEVER);
    Duration delay = session.server.settings.loginDelay();
    if (!delay.isZero()) {
      all.add(new Capability("LOGIN-DELAY", Long.toString(delay.toSeconds())));
    }
    all.add(Capability.UTF8_USER);
    all.add(Capability.LANG);
    addLogin(session, all);
    all.add(new Capability("IMPLEMENTATION", "Hikyaku"));
    return all;
  }

  /** What can be used only before login, and is told behind it all the same (RFC 2449 §5). */
  private static void addLogin(Session session, List<Capability> all) {
    AuthContext context = session.authContext();
    Authenticator authenticator = session.authenticator();
    if (authenticator.plainTextAllowed(context)) {
      all.add(Capability.USER);
    }
    List<String> mechanisms = authenticator.mechanisms(context);
    if (!mechanisms.isEmpty()) {
      all.add(new Capability("SASL", mechanisms));
    }
    // Of this alone it is said that it is told where it can be used (RFC 2595 §4, §8).
    if (session.state() == State.AUTHORIZATION && session.connection.canStartTls()) {
      all.add(Capability.STLS);
    }
  }
}
