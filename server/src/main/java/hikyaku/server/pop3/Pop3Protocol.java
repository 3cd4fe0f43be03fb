package hikyaku.server.pop3;

import hikyaku.mailbox.MailStore;
import hikyaku.protocol.pop3.CommandLine;
import hikyaku.protocol.pop3.Reply;
import hikyaku.protocol.pop3.ResponseCode;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.net.Connection;
import hikyaku.server.net.FailureLog;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.Redaction;
import hikyaku.server.net.Refusal;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.List;

/** POP3 on a listener. One instance serves all its connections. */
public final class Pop3Protocol implements Protocol {
  final String hostname;
  final Pop3Settings settings;
  final Authenticator authenticator;
  final MailStore mail;
  final Admission admission;
  final Pop3Metrics metrics;
  final FailureLog failures = new FailureLog();

  /**
   * @param hostname this host's name, for the timestamp of APOP
   * @param nodes who else serves the store
   */
  public Pop3Protocol(
      String hostname,
      Pop3Settings settings,
      Authenticator authenticator,
      MailStore mail,
      LiveNodes nodes,
      MeterRegistry registry) {
    this.hostname = hostname;
    this.settings = settings;
    this.authenticator = authenticator;
    this.mail = mail;
    this.admission =
        new Admission(settings, mail.store().logs(), nodes, mail.clock(), Admission.AFTER_GRACE);
    this.metrics = new Pop3Metrics(registry);
  }

  @Override
  public String name() {
    return "pop3";
  }

  /** RFC 7595 and IANA's registry of ALPN identifiers. */
  @Override
  public List<String> alpn() {
    return List.of("pop3");
  }

  @Override
  public void serve(Connection connection) throws IOException {
    Session.run(this, connection);
  }

  @Override
  public void resume(Connection connection, byte[] position) throws IOException {
    if (!Elsewhere.isIn(position)) {
      Session.resume(this, connection, Pop3Position.decode(position));
    }
  }

  @Override
  public String refusal(Refusal reason) {
    Reply reply =
        switch (reason) {
          case ADDRESS ->
              Reply.err(ResponseCode.SYS_TEMP, "Too many connections from your address");
          case TOTAL, PROTOCOL, UNAUTHENTICATED ->
              Reply.err(ResponseCode.SYS_TEMP, "The server is busy, try again later");
          case STOPPING -> Reply.err(ResponseCode.SYS_TEMP, "The server is stopping");
          case INTERNAL_ERROR -> Reply.err(ResponseCode.SYS_TEMP, "Internal error");
        };
    return reply.toWire();
  }

  @Override
  public Redaction redaction() {
    return line -> {
      String shown = CommandLine.redacted(line);
      return new Redaction.Shown(shown, shown.startsWith("AUTH "));
    };
  }
}
