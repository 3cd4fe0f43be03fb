package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.directory.Directory;
import hikyaku.server.imap.ImapProtocol;
import hikyaku.server.link.LinkServer;
import hikyaku.server.link.Probes;
import hikyaku.server.net.NetLimits;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.Traces;
import hikyaku.server.pop3.LiveNodes;
import hikyaku.server.pop3.Pop3Protocol;
import hikyaku.server.pop3.Pop3Settings;
import hikyaku.server.smtp.SmtpFace;
import hikyaku.server.smtp.SmtpServer;
import hikyaku.server.smtp.SmtpServices;
import hikyaku.server.smtp.SmtpSettings;
import hikyaku.server.synthetic.SyntheticAccounts;
import hikyaku.server.synthetic.SyntheticAuthenticator;
import hikyaku.server.synthetic.SyntheticDirectory;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What a node has for the probes of fronts: the servers that clients have, over the same store, for
 * synthetic users alone. Their sessions are on a network server of their own, where no limit on
 * clients holds them up and no figure counts them.
 */
final class NodeProbes implements AutoCloseable {
  /** Three at a time for each front. */
  private static final int SESSIONS = 200;

  private static final NetLimits LIMITS =
      new NetLimits(
          SESSIONS,
          SESSIONS,
          SESSIONS,
          true,
          SESSIONS,
          1,
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          1024,
          Duration.ofSeconds(30),
          Duration.ofSeconds(1),
          Duration.ofSeconds(1),
          1);

  private final SyntheticAccounts accounts;
  private final NetServer net;
  private final Map<String, Protocol> services;

  NodeProbes(Core core, Supplier<String> ids) throws IOException {
    Configuration configuration = core.configuration();
    MeterRegistry uncounted = new SimpleMeterRegistry();
    accounts =
        new SyntheticAccounts(Probes.DOMAIN, core.store(), configuration.mailboxes(), core.clock());
    Directory directory = new SyntheticDirectory(accounts);
    Authenticator authenticator = new SyntheticAuthenticator(accounts);
    SmtpServices mailIn =
        SmtpServices.of(directory, authenticator, accounts.mail(), Optional.empty(), uncounted);
    // Without what an operator may have set to slow clients down.
    SmtpSettings smtp =
        SmtpSettings.of(configuration.hostname()).withLimits(configuration.smtp().limits());
    services =
        List.of(
                new SmtpServer(SmtpFace.MX, smtp, mailIn),
                new SmtpServer(SmtpFace.SUBMISSION, smtp, mailIn),
                new Pop3Protocol(
                    configuration.hostname(),
                    Pop3Settings.DEFAULTS,
                    authenticator,
                    accounts.mail(),
                    LiveNodes.alone(),
                    uncounted),
                new ImapProtocol(
                    configuration.imap(), authenticator, directory, accounts.mail(), uncounted))
            .stream()
            .collect(Collectors.toMap(Protocol::name, service -> service));
    net = new NetServer(List.of(), LIMITS, new Traces(), ids, uncounted, core.clock());
    net.start();
  }

  /**
   * Has a link server take probes.
   *
   * @param offered the names of the services that it has for clients
   */
  void offer(LinkServer link, Set<String> offered) {
    link.offerProbes(
        net,
        services.entrySet().stream()
            .filter(each -> offered.contains(each.getKey()))
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
  }

  /** Drops what is left of past hours; says how many accounts. */
  int sweep() {
    return accounts.sweep();
  }

  @Override
  public void close() {
    net.close();
    accounts.close();
  }
}
