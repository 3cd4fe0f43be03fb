package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Reply;
import hikyaku.server.net.Connection;
import hikyaku.server.net.FailureLog;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.Redaction;
import hikyaku.server.net.Refusal;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** SMTP on the MX port, LMTP, or submission: one instance for each. */
public final class SmtpServer implements Protocol {
  private final SmtpFace face;
  private final SmtpSettings settings;
  private final SmtpServices services;
  private final SmtpMetrics metrics;
  private final FailureLog failures = new FailureLog();

  public SmtpServer(SmtpFace face, SmtpSettings settings, SmtpServices services) {
    this.face = face;
    this.settings = settings;
    this.services = services;
    this.metrics = new SmtpMetrics(services.meters(), face);
  }

  @Override
  public String name() {
    return face.protocolName();
  }

  @Override
  public void serve(Connection connection) throws IOException {
    session(connection, ErrorBudget.Counts.NONE).run();
  }

  @Override
  public void resume(Connection connection, byte[] position) throws IOException {
    SmtpPosition from = SmtpPosition.decode(position);
    session(connection, from.counts()).resume(from);
  }

  private SmtpSession session(Connection connection, ErrorBudget.Counts counts) {
    return new SmtpSession(connection, face, settings, services, metrics, failures, counts);
  }

  @Override
  public String refusal(Refusal reason) {
    Reply reply =
        switch (reason) {
          case TOTAL, PROTOCOL, UNAUTHENTICATED ->
              Reply.of(421, "4.3.2", settings.hostName() + " is busy, try again later");
          case ADDRESS -> Reply.of(421, "4.7.0", "Too many connections from your address");
          case STOPPING -> Replies.STOPPING;
          case INTERNAL_ERROR ->
              Reply.of(421, "4.3.0", settings.hostName() + " failed, try again later");
        };
    return reply.wire();
  }

  /** Everything but AUTH may be seen; message text is none of it. */
  @Override
  public Redaction redaction() {
    Set<String> open =
        CommandTable.RULES.stream()
            .map(rule -> rule.verb().name())
            .filter(verb -> !verb.equals("AUTH"))
            .collect(Collectors.toSet());
    return Redaction.byCommand(0, open, Set.of("AUTH"));
  }

  /** None is registered for SMTP and its kin, so what a client offers is ignored. */
  @Override
  public List<String> alpn() {
    return List.of();
  }

  @Override
  public boolean authenticates() {
    return face == SmtpFace.SUBMISSION;
  }
}
