package hikyaku.server.imap;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.text.TextIndex;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.directory.Directory;
import hikyaku.server.net.Connection;
import hikyaku.server.net.FailureLog;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.Redaction;
import hikyaku.server.net.Refusal;
import hikyaku.server.sharing.Access;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** IMAP on a listener. One instance serves all its connections. */
public final class ImapProtocol implements Protocol {
  private static final Set<String> SECRET = Set.of("LOGIN", "AUTHENTICATE");

  final ImapSettings settings;
  final MessageLimit messageLimit;
  final Authenticator authenticator;
  final MailStore mail;
  final TextIndex index;
  final Access access;

  /** Sets quotas; empty where accounts come from elsewhere. */
  final Optional<QuotaAdmin> quotaAdmin;

  final ImapMetrics metrics;
  final Workspace workspace;
  final KeptOrders orders;
  final FailureLog failures = new FailureLog();
  private final Redaction redaction;

  public ImapProtocol(
      ImapSettings settings,
      Authenticator authenticator,
      Directory directory,
      MailStore mail,
      MeterRegistry registry) {
    this(settings, authenticator, directory, Optional.empty(), mail, TextIndex.NONE, registry);
  }

  /**
   * @param quotaAdmin changes the directory for who looks after a domain
   * @param index what is known of the texts of this mail
   */
  public ImapProtocol(
      ImapSettings settings,
      Authenticator authenticator,
      Directory directory,
      Optional<QuotaAdmin> quotaAdmin,
      MailStore mail,
      TextIndex index,
      MeterRegistry registry) {
    this(
        settings,
        MessageLimit.of(settings),
        Workspace.ofHeap(),
        authenticator,
        directory,
        quotaAdmin,
        mail,
        index,
        registry);
  }

  /** The same with limits that no operator may set. */
  ImapProtocol(
      ImapSettings settings,
      MessageLimit messageLimit,
      Workspace workspace,
      Authenticator authenticator,
      Directory directory,
      Optional<QuotaAdmin> quotaAdmin,
      MailStore mail,
      TextIndex index,
      MeterRegistry registry) {
    this.settings = settings;
    this.messageLimit = messageLimit;
    this.workspace = workspace;
    this.orders = KeptOrders.ofHeap();
    this.authenticator = authenticator;
    this.mail = mail;
    this.index = index;
    this.quotaAdmin = quotaAdmin;
    this.access = new Access(directory, mail);
    this.metrics = new ImapMetrics(registry);
    Set<String> open = new TreeSet<>(CommandTable.names());
    open.removeAll(SECRET);
    open.add("UID");
    this.redaction = Redaction.byCommand(1, open, SECRET);
  }

  @Override
  public String name() {
    return "imap";
  }

  /** RFC 7595 and IANA's registry of ALPN identifiers. */
  @Override
  public List<String> alpn() {
    return List.of("imap");
  }

  @Override
  public void serve(Connection connection) throws IOException {
    Session.run(this, connection);
  }

  @Override
  public void resume(Connection connection, byte[] position) throws IOException {
    if (!Elsewhere.ends(this, connection, position)) {
      Session.resume(this, connection, ImapPosition.decode(position));
    }
  }

  /** No code that makes a client ask for the password (RFC 9051 §7.1). */
  @Override
  public String refusal(Refusal reason) {
    return switch (reason) {
      case ADDRESS -> "* BYE [UNAVAILABLE] Too many connections from your address\r\n";
      case TOTAL, PROTOCOL, UNAUTHENTICATED -> "* BYE [UNAVAILABLE] The server is busy\r\n";
      case STOPPING -> "* BYE [UNAVAILABLE] The server is stopping\r\n";
      case INTERNAL_ERROR -> "* BYE [SERVERBUG] Internal error\r\n";
    };
  }

  @Override
  public Redaction redaction() {
    return redaction;
  }
}
