package hikyaku.server.front;

import hikyaku.server.net.Refusal;
import hikyaku.server.net.TurnProtocol;
import java.util.List;

/**
 * A service as a front offers it: its sessions are carried to nodes. Logins are the nodes' affair,
 * so their limits on clients that have not logged in count there.
 */
public final class FrontProtocol implements TurnProtocol {
  private final Service service;
  private final Nodes nodes;
  private final FrontSettings settings;
  private final FrontMetrics metrics;

  /** What can be carried, by the name of its protocol, and how it refuses. */
  public enum Service {
    /** SMTP on the MX port. */
    SMTP("smtp", "421 4.3.2 ", "421 4.7.0 ", List.of()),
    /** Submission. */
    SUBMISSION("submission", "421 4.3.2 ", "421 4.7.0 ", List.of()),
    /** POP3. */
    POP3("pop3", "-ERR [SYS/TEMP] ", "-ERR [IN-USE] ", List.of("pop3")),
    /** IMAP. */
    IMAP("imap", "* BYE [UNAVAILABLE] ", "* BYE [UNAVAILABLE] ", List.of("imap")),
    /** ManageSieve. */
    MANAGESIEVE("managesieve", "BYE (TRYLATER) \"", "BYE (TRYLATER) \"", List.of("managesieve"));

    private final String protocol;
    private final String prefix;
    private final String tooMany;
    private final List<String> alpn;

    Service(String protocol, String prefix, String tooMany, List<String> alpn) {
      this.protocol = protocol;
      this.prefix = prefix;
      this.tooMany = tooMany;
      this.alpn = alpn;
    }

    public String protocol() {
      return protocol;
    }

    /** Whether several commands, each answered in few lines, are settled together. */
    boolean isSettledByTransaction() {
      return this == SMTP || this == SUBMISSION;
    }

    /** Whether it matters that a client speaks before it is greeted, as only robots do. */
    boolean listensFirst() {
      return this == SMTP;
    }

    /** A line that turns a client away for now, between commands or in place of the greeting. */
    String refusal(String text) {
      return prefix + text + lineEnd();
    }

    /** A line that turns a client away who takes too much. */
    String refusalOfClient(String text) {
      return tooMany + text + lineEnd();
    }

    private String lineEnd() {
      return this == MANAGESIEVE ? "\"\r\n" : "\r\n";
    }
  }

  public FrontProtocol(Service service, Nodes nodes, FrontSettings settings, FrontMetrics metrics) {
    this.service = service;
    this.nodes = nodes;
    this.settings = settings;
    this.metrics = metrics;
  }

  @Override
  public String name() {
    return service.protocol();
  }

  @Override
  public Turns begin(TurnConnection connection) {
    return new Passage(connection, service, nodes, settings, metrics);
  }

  @Override
  public String refusal(Refusal reason) {
    return switch (reason) {
      case ADDRESS -> service.refusalOfClient("Too many connections from your address");
      case TOTAL, PROTOCOL, UNAUTHENTICATED -> service.refusal("The server is busy");
      case STOPPING -> service.refusal("The server is stopping");
      case INTERNAL_ERROR -> service.refusal("Internal error");
    };
  }

  @Override
  public List<String> alpn() {
    return service.alpn;
  }

  @Override
  public boolean authenticates() {
    return false;
  }
}
