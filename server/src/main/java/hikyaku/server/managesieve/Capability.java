package hikyaku.server.managesieve;

import hikyaku.protocol.managesieve.Reply;
import hikyaku.protocol.sieve.Extension;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** CAPABILITY (RFC 5804 §1.7, §2.4, RFC 6134 §2.8). */
final class Capability {
  private static final String EXTENSIONS =
      Arrays.stream(Extension.values()).map(Extension::wire).collect(Collectors.joining(" "));

  private Capability() {}

  static void execute(Session session) throws IOException {
    tell(session);
    session.ok();
  }

  /** All capabilities, as the greeting and the answer to STARTTLS have them too. */
  static void tell(Session session) throws IOException {
    value(session, "IMPLEMENTATION", "Hikyaku");
    value(
        session,
        "SASL",
        session.isLoggedIn()
            ? ""
            : String.join(" ", session.authenticator().mechanisms(session.authContext())));
    value(session, "SIEVE", EXTENSIONS);
    value(session, "NOTIFY", "mailto");
    value(session, "EXTLISTS", "tag urn");
    if (session.connection.canStartTls() && !session.isLoggedIn()) {
      session.line("\"STARTTLS\"");
    }
    session.line("\"UNAUTHENTICATE\"");
    value(session, "MAXREDIRECTS", Integer.toString(session.filter().settings().redirects()));
    if (session.isLoggedIn()) {
      value(session, "OWNER", session.accountName());
    }
    value(session, "VERSION", "1.0");
  }

  private static void value(Session session, String name, String value) throws IOException {
    session.line(Reply.string(name) + " " + Reply.string(value));
  }
}
