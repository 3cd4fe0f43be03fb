package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.app.config.Housekeeping;
import hikyaku.app.config.Listen;
import hikyaku.app.config.ThisNode;
import hikyaku.mailbox.text.TextIndex;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.auth.Pause;
import hikyaku.server.auth.StandardAuthenticator;
import hikyaku.server.cluster.ClusterException;
import hikyaku.server.cluster.Identity;
import hikyaku.server.cluster.Member;
import hikyaku.server.cluster.Membership;
import hikyaku.server.cluster.Role;
import hikyaku.server.cluster.Wish;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dns.CachingDns;
import hikyaku.server.dns.Dns;
import hikyaku.server.filter.LateDelivery;
import hikyaku.server.flow.FlowControl;
import hikyaku.server.flow.Peer;
import hikyaku.server.foreign.Backends;
import hikyaku.server.imap.ImapProtocol;
import hikyaku.server.link.LinkKeys;
import hikyaku.server.link.LinkServer;
import hikyaku.server.link.proto.Report;
import hikyaku.server.managesieve.ManageSieveLimits;
import hikyaku.server.managesieve.ManageSieveProtocol;
import hikyaku.server.mtasts.StsPolicies;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.SessionIds;
import hikyaku.server.net.TlsContext;
import hikyaku.server.net.TlsMode;
import hikyaku.server.net.Traces;
import hikyaku.server.ops.AdminApi;
import hikyaku.server.ops.AdminServer;
import hikyaku.server.ops.ClusterOperations;
import hikyaku.server.ops.DestinationOperations;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.Health;
import hikyaku.server.ops.HereOperations;
import hikyaku.server.ops.JournalSearch;
import hikyaku.server.ops.LinkAnswers;
import hikyaku.server.ops.MailMetrics;
import hikyaku.server.ops.Neighbours;
import hikyaku.server.ops.PublicPages;
import hikyaku.server.ops.SessionOperations;
import hikyaku.server.ops.StatusPage;
import hikyaku.server.ops.StoryOperations;
import hikyaku.server.origin.Origin;
import hikyaku.server.origin.OriginSettings;
import hikyaku.server.pop3.Pop3Protocol;
import hikyaku.server.queue.MailQueue;
import hikyaku.server.queue.Outbox;
import hikyaku.server.queue.QueueSettings;
import hikyaku.server.queue.Senders;
import hikyaku.server.queue.Standing;
import hikyaku.server.search.MailIndex;
import hikyaku.server.search.SearchSettings;
import hikyaku.server.smtp.SmtpFace;
import hikyaku.server.smtp.SmtpServer;
import hikyaku.server.smtp.SmtpServices;
import hikyaku.server.smtp.SmtpSettings;
import hikyaku.server.smtpclient.SmtpClient;
import hikyaku.server.smtpclient.TlsMetrics;
import hikyaku.server.smtpclient.TlsObserver;
import hikyaku.server.tlsrpt.TlsReportSettings;
import hikyaku.server.tlsrpt.TlsReporter;
import hikyaku.server.tlsrpt.TlsResults;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A node that runs. Its start is the constructor, from the store up to the listeners; its stop is
 * {@link #close}, the same in reverse: no new connections, idle sessions told goodbye, busy ones
 * given their grace, and the store last.
 */
final class Node implements AutoCloseable {
  /** Rows of the status page that tell of mail that goes out. */
  private static final int DESTINATIONS_SHOWN = 30;

  private final Opened opened = new Opened();
  private final Core core;
  private final FlowControl flow;
  private final NetServer net;
  private final NodeProbes probes;
  private final List<LinkServer> links = new CopyOnWriteArrayList<>();

  /** How often it was heard what is wanted of the node. */
  private final AtomicInteger wishes = new AtomicInteger();

  private volatile @Nullable Membership membership;
  private volatile @Nullable MailQueue queue;
  private final List<AdminServer> admin = new ArrayList<>();
  private final RunningNode status;

  /**
   * Starts a node on the data directory and returns when it serves. The directory is closed with
   * the node, or when the start fails.
   *
   * @throws Failure saying what is in the way
   */
  Node(Configuration configuration, DataDirectory data) throws Failure {
    this(configuration, data, Clock.systemUTC());
  }

  Node(Configuration configuration, DataDirectory data, Clock clock) throws Failure {
    String hostname = configuration.hostname();
    refusePools(configuration.listen());
    PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    core = opened.add(Core.open(data, configuration, meters, clock));
    try {
      MailMetrics.register(core.mail(), meters);
      JournalSearch journal = Journals.open(opened, data, configuration.log());
      flow = opened.add(flow(meters));
      Backends backends =
          opened.add(
              new Backends(core.backends(), configuration.foreign(), core.passwords(), meters));
      Authenticator authenticator =
          new StandardAuthenticator(
              core.directory(),
              configuration.login(),
              core.passwords(),
              core.key(),
              new SteadyClock(clock.instant(), System::nanoTime),
              Pause.SLEEP,
              flow,
              backends,
              core.random(),
              meters);

      CachingDns dns = dns(configuration);
      Outbox outbox = new Outbox(core.store().logs());
      outbox.open();
      Signer signer = core.signer();
      SmtpServices mailIn =
          SmtpServices.of(
              core.directory(),
              authenticator,
              core.mail(),
              core.filter(),
              Optional.of(outbox),
              signer,
              meters);
      Senders senders = core.senders(Optional.of(flow), meters);
      DmarcReports dmarc = DmarcReports.of(core, dns, signer, meters);
      mailIn =
          mailIn.with(
              senders,
              origin(configuration.origin(), dns, meters),
              dmarc.results(),
              dmarc.inbox(),
              core.lists());
      Protocol smtp = new SmtpServer(SmtpFace.MX, configuration.smtp(), mailIn);
      Protocol lmtp = new SmtpServer(SmtpFace.LMTP, configuration.smtp(), mailIn);
      Protocol submission = new SmtpServer(SmtpFace.SUBMISSION, configuration.smtp(), mailIn);
      Runs runs = new Runs(() -> Objects.requireNonNull(membership));
      Protocol pop3 =
          new Pop3Protocol(
              hostname, configuration.pop3(), authenticator, core.mail(), runs, meters);
      MailIndex index = index(meters);
      Protocol imap =
          new ImapProtocol(
              configuration.imap(),
              authenticator,
              core.directory(),
              Optional.of(core.directoryAdmin()::setQuota),
              core.mail(),
              index == null ? TextIndex.NONE : index,
              meters);

      Protocol manageSieve =
          new ManageSieveProtocol(ManageSieveLimits.DEFAULTS, authenticator, core.filter(), meters);

      Listen listen = configuration.listen();
      Listeners listeners = new Listeners(listen, configuration.node());
      listeners.add(Role.MX, "smtp", listen.smtp(), 25, smtp, TlsMode.STARTTLS);
      listeners.addIfFree(Role.LMTP, "lmtp", listen.lmtp(), 24, lmtp, TlsMode.NONE);
      listeners.add(
          Role.SUBMISSION, "submission", listen.submission(), 587, submission, TlsMode.STARTTLS);
      listeners.add(
          Role.SUBMISSION, "submissions", listen.submissions(), 465, submission, TlsMode.IMPLICIT);
      listeners.add(Role.POP3, "pop3", listen.pop3(), 110, pop3, TlsMode.STARTTLS);
      listeners.add(Role.POP3, "pop3s", listen.pop3s(), 995, pop3, TlsMode.IMPLICIT);
      listeners.add(Role.IMAP, "imap", listen.imap(), 143, imap, TlsMode.STARTTLS);
      listeners.add(Role.IMAP, "imaps", listen.imaps(), 993, imap, TlsMode.IMPLICIT);
      listeners.addIfFree(
          Role.MANAGESIEVE,
          "managesieve",
          listen.managesieve(),
          4190,
          manageSieve,
          TlsMode.STARTTLS);

      Traces traces = new Traces();
      SessionIds ids = new SessionIds(clock);
      Certificates certificates =
          new Certificates(configuration.tls(), data.tls(), hostname, clock);
      net =
          opened.add(
              new NetServer(
                  listeners.specs(),
                  configuration.connections(),
                  traces,
                  ids,
                  flow,
                  meters,
                  clock));
      TlsContext tls = context(certificates);
      net.useTls(tls);
      List<PublicPages> pages = new ArrayList<>();
      if (listen.web().enabled()) {
        for (InetSocketAddress at : listeners.addresses(listen.web(), 443)) {
          pages.add(
              opened.add(new PublicPages(at, tls.context(), core.lists(), core.ownPolicies())));
        }
      }

      status =
          new RunningNode(
              configuration.node().name(),
              configuration,
              net,
              () -> links.stream().mapToInt(LinkServer::sessions).sum(),
              flow::published,
              traces,
              certificates,
              listeners.specs(),
              meters,
              clock);
      pages.forEach(each -> status.onTls(context -> each.useTls(context.context())));
      probes = opened.add(new NodeProbes(core, ids));
      if (listen.link().enabled()) {
        for (InetSocketAddress at : listeners.addresses(listen.link(), 90)) {
          links.add(
              opened.add(
                  linkServer(at, List.of(smtp, submission, pop3, imap, manageSieve), clock)));
        }
      }
      Membership joined = opened.add(join(listeners));
      membership = joined;
      var unused = joined.onChange(members -> flow.heard(peers(members)));
      flow.heard(peers(joined.members()));
      Supplier<List<String>> problems =
          () ->
              Stream.of(status.listenerProblems(), joined.problems())
                  .flatMap(List::stream)
                  .toList();
      Health health = new Health(core.store().logs(), problems, clock);
      StatusPage page =
          new StatusPage(
              status,
              health::problems,
              () -> StatusTables.cards(status.work(), core.store().statistics()),
              () ->
                  List.of(
                      StatusTables.nodes(joined.members(), clock.instant()),
                      StatusTables.queue(standings(DESTINATIONS_SHOWN))),
              clock);
      Neighbours neighbours = new NodeNeighbours(configuration.node().name(), joined, links);
      LinkAnswers answers =
          new LinkAnswers(askable(joined, health, neighbours, journal), neighbours);
      links.forEach(link -> link.answerBy(answers));
      AdminApi api =
          core.adminApi(status, joined, flow, index, core.everywhere(answers, neighbours));
      String token = DataDirectory.newToken();
      for (InetSocketAddress at : listeners.addresses(listen.admin(), 80)) {
        admin.add(opened.add(new AdminServer(at, token, api, status, health::problems, page)));
      }
      net.start();
      pages.forEach(PublicPages::start);
      links.forEach(LinkServer::start);
      joined.onWish(this::wished);
      joined.live(core.isAlone());
      StsPolicies policies =
          new StsPolicies(
              dns,
              opened.add(OutgoingTls.policyHost(configuration.mtaSts())),
              core.store().logs(),
              configuration.mtaSts(),
              clock);
      SmtpClient client =
          OutgoingTls.client(configuration, dns, policies, observer(new TlsMetrics(meters)));
      MailQueue started =
          queue(new QueueWorkers(joined, runs, core.isAlone()), client, signer, senders, meters);
      queue = started;
      started.start();
      admin.forEach(AdminServer::start);
      if (index != null) {
        index.start();
      }
      Optional<TlsReporter> reporter = reporter(dns, signer);
      opened.add(housekeeping(configuration.housekeeping(), policies, reporter));
      // Closed before, as that waits for the task at hand.
      reporter.ifPresent(opened::add);
      opened.add(dmarc.start(configuration.housekeeping()));
      data.publish(adminAddress(), token);
    } catch (IOException e) {
      opened.close();
      throw failure("node", e);
    } catch (Failure | RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /** What other processes of the cluster may ask this one. */
  private AdminApi askable(
      Membership joined, Health health, Neighbours neighbours, JournalSearch journal) {
    return new AdminApi(
        List.of(
            new SessionOperations(status),
            new ClusterOperations(joined),
            new StoryOperations(journal),
            new DestinationOperations(this::standings),
            new HereOperations(status, "node", health::problems, List::of, neighbours)));
  }

  /** A node serves who connects to it, and chooses nobody. */
  private static void refusePools(Listen listen) throws Failure {
    for (String listener : listen.pools().keySet()) {
      throw new Failure(
          "listen."
              + listener
              + ".pool is for fronts, which choose nodes. What a node is one of is said with"
              + " 'hikyaku node pools'.");
    }
  }

  /** Limits and who is counted; in force when this returns. */
  private FlowControl flow(MeterRegistry meters) {
    Configuration configuration = core.configuration();
    FlowControl made =
        new FlowControl(
            configuration.node().name(),
            configuration.flow(),
            core.limits(),
            configuration.connections().loopbackExempt(),
            configuration.cluster().heartbeat(),
            System::nanoTime,
            Pause.SLEEP,
            meters);
    made.start();
    return made;
  }

  /** The index of texts, if this node is to keep one; it works once it is started. */
  private @Nullable MailIndex index(MeterRegistry meters) {
    SearchSettings settings = core.configuration().search();
    if (!settings.enabled()) {
      return null;
    }
    Path folder = settings.folder().toString().isEmpty() ? core.data().search() : settings.folder();
    return opened.add(
        new MailIndex(core.store(), core.mail().limits(), settings.in(folder), meters));
  }

  /** What the other nodes that live have told of their sessions. */
  private List<Peer> peers(List<Member> members) {
    String self = core.configuration().node().name();
    return members.stream()
        .filter(member -> member.isAlive() && !member.name().equals(self))
        .map(member -> new Peer(member.name(), member.seen(), member.vitals().usage()))
        .toList();
  }

  /** What finds out whom mail is from, if anything is to. */
  private Optional<Origin> origin(OriginSettings settings, Dns dns, MeterRegistry meters) {
    return settings.enabled()
        ? Optional.of(
            opened.add(
                new Origin(
                    settings.named(core.configuration().hostname()), dns, core.clock(), meters)))
        : Optional.empty();
  }

  private static CachingDns dns(Configuration configuration) throws Failure {
    try {
      return new CachingDns(configuration.dns());
    } catch (IllegalArgumentException e) {
      throw new Failure("DNS cannot be asked: " + e.getMessage() + ".", e);
    }
  }

  /** Who hears how TLS with other servers goes. */
  private TlsObserver observer(TlsMetrics metrics) {
    if (!core.configuration().tlsReports().enabled()) {
      return metrics;
    }
    TlsResults results = opened.add(new TlsResults(core.store().logs(), core.clock(), metrics));
    results.start();
    return results;
  }

  /** What tells other domains of it, if anything does. */
  private Optional<TlsReporter> reporter(Dns dns, Signer signer) {
    TlsReportSettings settings = core.configuration().tlsReports();
    return settings.enabled()
        ? Optional.of(
            new TlsReporter(
                core.configuration().hostname(),
                settings,
                core.mail(),
                dns,
                signer,
                OutgoingTls.reports(settings),
                core.configuration().node().name(),
                core.clock()))
        : Optional.empty();
  }

  private List<Standing> standings(int most) {
    MailQueue working = queue;
    return working == null ? List.of() : working.standings(most);
  }

  /** What sends out the mail that is for others. */
  private MailQueue queue(
      QueueWorkers workers, SmtpClient client, Signer signer, Senders senders, MeterRegistry meters)
      throws Failure {
    Configuration configuration = core.configuration();
    QueueSettings settings = configuration.queue();
    try {
      return opened.add(
          new MailQueue(
              configuration.hostname(),
              settings,
              core.mail(),
              core.directory(),
              core.lists(),
              workers,
              client,
              signer,
              senders,
              new LateDelivery(
                  core.filter(),
                  core.lists(),
                  configuration.hostname(),
                  configuration.smtp().overQuota() == SmtpSettings.OverQuota.PERMANENT),
              core.workedParts(),
              meters,
              core.clock()));
    } catch (IllegalArgumentException e) {
      throw new Failure("The queue cannot start: " + e.getMessage() + ".", e);
    }
  }

  private Membership join(Listeners listeners) throws Failure, IOException {
    Configuration configuration = core.configuration();
    ThisNode node = configuration.node();
    Identity identity =
        new Identity(
            node.name(),
            core.data().id(),
            Version.PROGRAM,
            Set.copyOf(node.roles()),
            links.stream().findFirst().map(link -> node.address() + ":" + link.address().getPort()),
            Figures.address(listeners.addresses(configuration.listen().admin(), 80).getFirst()),
            status.started(),
            configuration.connections().connections(),
            configuration.connections().connectionsPerProtocol(),
            configuration.queue().client().used().stream()
                .map(InetAddress::getHostAddress)
                .toList());
    try {
      return Membership.join(
          core.store().logs(),
          configuration.cluster(),
          new SteadyClock(core.clock().instant(), System::nanoTime),
          identity,
          status::vitals);
    } catch (ClusterException e) {
      throw new Failure("The node cannot start: " + e.getMessage() + ".", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted.", e);
    }
  }

  private LinkServer linkServer(InetSocketAddress at, List<Protocol> services, Clock clock)
      throws IOException {
    ThisNode node = core.configuration().node();
    Map<String, Protocol> served =
        services.stream()
            .filter(service -> node.roles().stream().anyMatch(role -> isFor(role, service)))
            .collect(Collectors.toMap(Protocol::name, service -> service));
    LinkServer made =
        new LinkServer(
            node.name(),
            at,
            LinkKeys.ofNode(core.key()::derive),
            core.configuration().link(),
            net,
            served,
            () -> report(served.keySet()),
            clock,
            core.random());
    probes.offer(made, served.keySet());
    return made;
  }

  private static boolean isFor(Role role, Protocol service) {
    return role.protocol().equals(service.name());
  }

  /** What fronts are told. */
  private Report report(Set<String> services) {
    Report.Builder report =
        Report.newBuilder()
            .setNode(core.configuration().node().name())
            .setVersion(Version.PROGRAM)
            .addAllServices(services)
            .setSessions(net.connectionCount())
            .setCapacity(core.configuration().connections().connections());
    Membership joined = membership;
    if (joined != null) {
      Member self = joined.self();
      report
          .setState(self.state() == Member.State.UP ? Report.State.UP : Report.State.DRAINING)
          .setWeight(self.wish().weight())
          .addAllPools(self.wish().pools())
          .setLoad((int) Math.round(self.vitals().load() * 100));
      for (Member member : joined.members()) {
        if (member.isAlive() && !member.name().equals(self.name())) {
          member.identity().link().ifPresent(report::addPeers);
        }
      }
    }
    return report.build();
  }

  /** Fronts hear of it before the sessions leave, so that these do not come back. */
  private void wished(Wish wish) {
    links.forEach(LinkServer::announce);
    int mine = wishes.incrementAndGet();
    if (wish.draining()) {
      for (LinkServer link : links) {
        Thread.ofVirtual().name("drain").start(() -> drain(link, mine));
      }
    }
  }

  /** Where fronts link to it; empty if it takes no links. */
  List<InetSocketAddress> linkAddresses() {
    return links.stream().map(LinkServer::address).toList();
  }

  /**
   * Has the sessions that fronts carry leave where they are settled, until something else is
   * wanted.
   */
  private void drain(LinkServer link, int wish) {
    try {
      link.drain(() -> wishes.get() == wish);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Has the sessions that fronts carry leave where they are settled, once. */
  void letGo() throws InterruptedException {
    for (LinkServer link : links) {
      link.letGo();
    }
  }

  private static TlsContext context(Certificates certificates) throws Failure {
    try {
      return certificates.readAndWarn().context();
    } catch (IOException e) {
      throw new Failure("The certificate cannot be used: " + Reason.of(e) + ".", e);
    }
  }

  /** Why a node or a front did not start. */
  static Failure failure(String what, IOException e) {
    boolean port = e instanceof BindException || e.getCause() instanceof BindException;
    String remedy =
        port
            ? " Stop the program that has the port, or set listen.NAME.port in the configuration."
            : "";
    return new Failure("The " + what + " cannot start: " + Reason.of(e) + "." + remedy, e);
  }

  private hikyaku.server.ops.Housekeeping housekeeping(
      Housekeeping settings, StsPolicies policies, Optional<TlsReporter> reporter) {
    var tasks =
        List.of(
            new hikyaku.server.ops.Housekeeping.Task(
                "compact mailboxes", settings.compactEvery(), core.mail()::housekeeping),
            new hikyaku.server.ops.Housekeeping.Task(
                "sweep contents",
                settings.sweepEvery(),
                () -> core.store().blobs().sweep(settings.sweepGrace()).removed()),
            new hikyaku.server.ops.Housekeeping.Task(
                "renew policies", settings.compactEvery(), policies::tidy),
            new hikyaku.server.ops.Housekeeping.Task(
                "report TLS",
                settings.compactEvery(),
                () -> reporter.map(TlsReporter::send).orElse(0L)),
            new hikyaku.server.ops.Housekeeping.Task(
                "sweep probes", settings.compactEvery(), probes::sweep),
            new hikyaku.server.ops.Housekeeping.Task(
                "trim changes",
                settings.sweepEvery(),
                () -> {
                  core.store().logs().trimChanges(settings.changesKept());
                  return 1;
                }));
    return new hikyaku.server.ops.Housekeeping(tasks);
  }

  Core core() {
    return core;
  }

  RunningNode status() {
    return status;
  }

  InetSocketAddress adminAddress() {
    return admin.getFirst().reachableAddress();
  }

  @Override
  public void close() {
    opened.close();
  }
}
