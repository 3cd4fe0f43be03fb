package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.server.imap.SessionState.Extension;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * ENABLE (RFC 9051 §6.3.1, RFC 5161). What is not known, or not offered, is passed over. What was
 * on before, as CONDSTORE is after many a command, is told like the rest: the client asks whether
 * it may rely on it. Only what it did not name now is left out (RFC 9051 §6.3.1).
 */
final class Enable {
  private Enable() {}

  static Reply execute(Session session, Command.Enable command) throws IOException {
    List<String> enabled = new ArrayList<>();
    for (String capability : command.capabilities()) {
      switch (capability) {
        case "CONDSTORE" -> enable(session, Extension.CONDSTORE, "CONDSTORE", enabled);
        case "QRESYNC" -> {
          // RFC 7162 §3.2.3: the one brings the other.
          session.state.enable(Extension.CONDSTORE);
          enable(session, Extension.QRESYNC, "QRESYNC", enabled);
        }
        case "IMAP4REV2" -> enable(session, Extension.IMAP4REV2, "IMAP4rev2", enabled);
        case "UTF8=ACCEPT" -> enable(session, Extension.UTF8_ACCEPT, "UTF8=ACCEPT", enabled);
        case "UIDONLY" -> {
          if (session.server.settings.uidOnly()) {
            enable(session, Extension.UIDONLY, "UIDONLY", enabled);
          }
        }
        default -> {
          // RFC 5161 §3.1: an argument that names nothing the server can enable is ignored.
        }
      }
    }
    if (session.state.utf8()) {
      session.out.useUtf8(true);
    }
    session.out.data(new Data.Enabled(enabled));
    return Reply.ok("ENABLE completed");
  }

  private static void enable(
      Session session, Extension extension, String name, List<String> enabled) {
    session.state.enable(extension);
    if (!enabled.contains(name)) {
      enabled.add(name);
    }
  }
}
