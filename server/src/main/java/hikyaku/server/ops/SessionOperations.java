package hikyaku.server.ops;

import hikyaku.server.flow.Subject;
import hikyaku.server.net.ConnectionInfo;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What runs, node or front: sessions, traces, certificate, log, configuration. */
public final class SessionOperations implements AdminApi.Group {
  private final @Nullable NodeStatus node;

  /**
   * @param node what runs; null when a data directory is looked at whose node does not run
   */
  public SessionOperations(@Nullable NodeStatus node) {
    this.node = node;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "sessions", this::sessions);
    table.add("DELETE", "sessions/*", this::endSession);
    table.add("DELETE", "connections/*", this::endAll);
    table.add("POST", "moves/*", this::moveAll);
    table.add("PUT", "trace/*", this::trace);
    table.add("POST", "tls/reload", _ -> reloadTls());
    table.add("PUT", "log/level", this::logLevel);
    table.add("GET", "config", _ -> AdminResponse.ok(new Text(running().configuration())));
  }

  private NodeStatus running() throws AdminException {
    if (node == null) {
      throw new AdminException(409, "the node of this data directory does not run; start it first");
    }
    return node;
  }

  private AdminResponse sessions(AdminRequest request) throws AdminException {
    Subject subject = subject(request.parameter("of").orElse(Subject.TOTAL.toString()));
    NodeStatus running = running();
    return AdminResponse.ok(
        running.sessions().stream()
            .map(session -> SessionView.of(running.name(), session))
            .filter(session -> session.isOf(subject))
            .toList());
  }

  private static Subject subject(String text) throws AdminException {
    try {
      return Subject.parse(text);
    } catch (IllegalArgumentException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  private AdminResponse endSession(AdminRequest request) throws AdminException {
    if (!running().endSession(request.part(1))) {
      throw AdminException.notFound("there is no session " + request.part(1));
    }
    return AdminResponse.done();
  }

  private AdminResponse endAll(AdminRequest request) throws AdminException {
    Subject subject = subject(request.part(1));
    if (subject.isDefault()) {
      throw AdminException.badRequest("nobody has sessions as " + subject);
    }
    NodeStatus running = running();
    List<String> ended =
        running.sessions().stream()
            .filter(session -> SessionView.of(running.name(), session).isOf(subject))
            .map(ConnectionInfo::sessionId)
            .filter(running::endSession)
            .toList();
    return AdminResponse.ok(new Ended(ended.size(), ended));
  }

  private AdminResponse moveAll(AdminRequest request) throws AdminException {
    Subject subject = subject(request.part(1));
    NodeStatus running = running();
    return AdminResponse.ok(
        new Moved(
            running.moveSessions(
                session -> SessionView.of(running.name(), session).isOf(subject))));
  }

  private AdminResponse trace(AdminRequest request) throws AdminException {
    if (!running().trace(request.part(1), request.json(Switch.class).on())) {
      throw AdminException.notFound(
          request.part(1)
              + " is no live session, no IP address and no account's address, or was not traced");
    }
    return AdminResponse.done();
  }

  private AdminResponse reloadTls() throws AdminException {
    Optional<String> problem = running().reloadTls();
    if (problem.isPresent()) {
      throw new AdminException(409, problem.get());
    }
    return AdminResponse.done();
  }

  private AdminResponse logLevel(AdminRequest request) throws AdminException {
    String wanted = request.json(Text.class).text();
    Optional<String> level = running().logLevel(wanted);
    return AdminResponse.ok(
        new Text(
            level.orElseThrow(() ->
                AdminException.badRequest(
                    "there is no level \""
                        + wanted
                        + "\"; there are error, warn, info, debug, trace"))));
  }

  /** A text, alone. */
  public record Text(String text) {}

  /** On or off. */
  public record Switch(boolean on) {}

  /** How many sessions were told to leave. */
  public record Moved(int moved) {}

  /**
   * How many sessions were ended, and their ids: one that a front carries has the same on the front
   * and on its node.
   */
  public record Ended(int ended, List<String> sessions) {}

  /**
   * A session as it is shown.
   *
   * @param node which has it, or the front
   * @param address what its client is counted as
   * @param prefix what its client's network is counted as
   */
  public record SessionView(
      String id,
      String node,
      String protocol,
      String listener,
      String client,
      String address,
      String prefix,
      @Nullable String account,
      String state,
      boolean waiting,
      String since,
      boolean tls,
      boolean compressed,
      long octetsReceived,
      long octetsSent) {
    static SessionView of(String node, ConnectionInfo session) {
      return new SessionView(
          session.sessionId(),
          node,
          session.protocol(),
          session.listener(),
          Figures.address(session.remote()),
          Subject.address(session.remote().getAddress()).name(),
          Subject.prefix(session.remote().getAddress()).name(),
          session.account().orElse(null),
          session.state(),
          session.waiting(),
          session.since().toString(),
          session.tls(),
          session.compressed(),
          session.bytesIn(),
          session.bytesOut());
    }

    /** Whether it is one of the subject's. */
    public boolean isOf(Subject subject) {
      return switch (subject.kind()) {
        case ACCOUNT -> subject.name().equals(account);
        case DOMAIN -> account != null && account.endsWith("@" + subject.name());
        case ADDRESS -> subject.name().equals(address);
        case PREFIX -> subject.name().equals(prefix);
        case PROTOCOL -> subject.name().equals(protocol);
        case LISTENER -> subject.name().equals(listener);
        case NODE -> subject.name().equals(node);
        case TOTAL -> true;
      };
    }
  }
}
