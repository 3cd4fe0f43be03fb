package hikyaku.server.managesieve;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.managesieve.Reply;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.filter.Filter;
import hikyaku.server.net.Connection;
import hikyaku.server.net.FailureLog;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.Redaction;
import hikyaku.server.net.Refusal;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** ManageSieve on a listener. One instance serves all its connections. */
public final class ManageSieveProtocol implements Protocol {
  private static final Redaction REDACTION =
      Redaction.byCommand(
          0,
          Set.of(
              "CAPABILITY",
              "DELETESCRIPT",
              "GETSCRIPT",
              "HAVESPACE",
              "LISTSCRIPTS",
              "LOGOUT",
              "NOOP",
              "RENAMESCRIPT",
              "SETACTIVE",
              "STARTTLS",
              "UNAUTHENTICATE"),
          Set.of("AUTHENTICATE", "CHECKSCRIPT", "PUTSCRIPT"));

  final ManageSieveLimits limits;
  final Authenticator authenticator;
  final Filter filter;
  final ManageSieveMetrics metrics;
  final FailureLog failures = new FailureLog();

  public ManageSieveProtocol(
      ManageSieveLimits limits,
      Authenticator authenticator,
      Filter filter,
      MeterRegistry registry) {
    this.limits = limits;
    this.authenticator = authenticator;
    this.filter = filter;
    this.metrics = new ManageSieveMetrics(registry);
  }

  @Override
  public String name() {
    return "managesieve";
  }

  /** IANA's registry of ALPN identifiers. */
  @Override
  public List<String> alpn() {
    return List.of("managesieve");
  }

  @Override
  public void serve(Connection connection) throws IOException {
    Session.run(this, connection);
  }

  @Override
  public void resume(Connection connection, byte[] position) throws IOException {
    Session.resume(this, connection, position);
  }

  @Override
  public String refusal(Refusal reason) {
    String text =
        switch (reason) {
          case ADDRESS -> "Too many connections from your address";
          case TOTAL, PROTOCOL, UNAUTHENTICATED -> "The server is busy, try again later";
          case STOPPING -> "The server is stopping";
          case INTERNAL_ERROR -> "Internal error";
        };
    return new String(Reply.bye("TRYLATER", text).toWire(), UTF_8);
  }

  @Override
  public Redaction redaction() {
    return REDACTION;
  }
}
