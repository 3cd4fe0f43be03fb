package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.app.config.Listen;
import hikyaku.server.auth.KeyFile;
import hikyaku.server.cluster.Role;
import hikyaku.server.front.FrontMetrics;
import hikyaku.server.front.FrontProtocol;
import hikyaku.server.front.FrontSettings;
import hikyaku.server.front.Health;
import hikyaku.server.front.Nodes;
import hikyaku.server.link.AskerLink;
import hikyaku.server.link.LinkKeys;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.SessionIds;
import hikyaku.server.net.TlsMode;
import hikyaku.server.net.Traces;
import hikyaku.server.ops.AdminApi;
import hikyaku.server.ops.AdminServer;
import hikyaku.server.ops.Everywhere;
import hikyaku.server.ops.HereOperations;
import hikyaku.server.ops.JournalSearch;
import hikyaku.server.ops.LinkAnswers;
import hikyaku.server.ops.Neighbours;
import hikyaku.server.ops.SessionOperations;
import hikyaku.server.ops.StatusPage;
import hikyaku.server.ops.StoryOperations;
import hikyaku.server.probe.Prober;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A front that runs: listeners as a node has them, and links to nodes in place of a store. */
final class FrontNode implements AutoCloseable {
  private final Opened opened = new Opened();
  private final DataDirectory data;
  private final NetServer net;
  private final Nodes nodes;
  private final Health health;
  private final List<AdminServer> admin = new ArrayList<>();
  private final RunningNode status;

  /**
   * Starts a front and returns when it listens. The directory is closed with it, or when the start
   * fails.
   *
   * @throws Failure saying what is in the way
   */
  FrontNode(Configuration configuration, DataDirectory directory) throws Failure {
    data = opened.add(directory);
    try {
      JournalSearch journal = Journals.open(opened, data, configuration.log());
      Clock clock = Clock.systemUTC();
      SecureRandom random = new SecureRandom();
      PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      String hostname = configuration.hostname();
      FrontSettings settings =
          configuration.front().settings(configuration.listen().pools(), data.spool());
      nodes =
          opened.add(
              new Nodes(
                  configuration.front().name().orElse(hostname),
                  LinkKeys.ofFront(key(configuration)::derive),
                  configuration.link(),
                  settings,
                  clock,
                  random));
      FrontMetrics metrics = new FrontMetrics(meters);
      FrontProtocol smtp = service(FrontProtocol.Service.SMTP, settings, metrics);
      FrontProtocol submission = service(FrontProtocol.Service.SUBMISSION, settings, metrics);
      FrontProtocol pop3 = service(FrontProtocol.Service.POP3, settings, metrics);
      FrontProtocol imap = service(FrontProtocol.Service.IMAP, settings, metrics);
      FrontProtocol manageSieve = service(FrontProtocol.Service.MANAGESIEVE, settings, metrics);

      Listen listen = configuration.listen();
      Listeners listeners = new Listeners(listen, configuration.node());
      listeners.add(Role.MX, "smtp", listen.smtp(), 25, smtp, TlsMode.STARTTLS);
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
      Certificates certificates =
          new Certificates(configuration.tls(), data.tls(), hostname, clock);
      net =
          opened.add(
              new NetServer(
                  listeners.specs(),
                  configuration.connections(),
                  traces,
                  new SessionIds(clock),
                  meters,
                  clock));
      net.useTls(certificates.readAndWarn().context());
      health = new Health(configuration.health(), meters, clock);
      status =
          new RunningNode(
              configuration.front().name().orElse(hostname),
              configuration,
              net,
              () -> 0,
              Map::of,
              traces,
              certificates,
              listeners.specs(),
              meters,
              clock);
      StatusPage page =
          new StatusPage(
              status,
              this::problems,
              () -> StatusTables.cards(metrics),
              () ->
                  List.of(
                      StatusTables.links(nodes.links()), FrontNodeOperations.table(nodes, health)),
              clock);
      AdminApi api = api(configuration, random, health, journal);
      String token = DataDirectory.newToken();
      for (InetSocketAddress at : listeners.addresses(listen.admin(), 80)) {
        admin.add(opened.add(new AdminServer(at, token, api, status, this::problems, page)));
      }
      if (configuration.health().enabled()) {
        nodes.weighBy(health::factor);
        opened.add(prober(configuration, clock, random)).start();
      }
      configuration.front().nodes().forEach(nodes::add);
      net.start();
      admin.forEach(AdminServer::start);
      data.publish(adminAddress(), token);
    } catch (IOException e) {
      opened.close();
      throw Node.failure("front", e);
    } catch (Failure | RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /** What can be done to this front, and, for all processes of the cluster, by way of it. */
  private AdminApi api(
      Configuration configuration, SecureRandom random, Health health, JournalSearch journal)
      throws Failure {
    Neighbours neighbours = new FrontNeighbours(nodes);
    SessionOperations sessions = new SessionOperations(status);
    HereOperations here =
        new HereOperations(status, "front", this::problems, () -> links(health), neighbours);
    LinkAnswers answers =
        new LinkAnswers(
            new AdminApi(List.of(sessions, here, new StoryOperations(journal))), neighbours);
    nodes.answerBy(answers);
    LinkKeys keys = LinkKeys.ofFront(key(configuration)::derive);
    Everywhere everywhere =
        new Everywhere(
            new Everywhere.Self(status.name(), "front", nodes.run(), answers),
            neighbours,
            address ->
                AskerLink.connect(
                    address,
                    status.name(),
                    keys,
                    configuration.link(),
                    Everywhere.TO_LINK,
                    random));
    return new AdminApi(
        List.of(sessions, here, everywhere, new FrontNodeOperations(nodes, health)));
  }

  /** The nodes that this front knows, with what it thinks of them. */
  private List<HereOperations.Link> links(Health health) {
    Map<String, FrontNodeOperations.View> views =
        FrontNodeOperations.views(nodes, health).stream()
            .collect(Collectors.toMap(FrontNodeOperations.View::name, view -> view));
    return nodes.known().stream()
        .map(node -> {
          FrontNodeOperations.View view = views.get(node.name());
          String name = node.name().isEmpty() ? node.address() : node.name();
          return view == null
              ? new HereOperations.Link(name, "not linked", 0)
              : new HereOperations.Link(name, thought(view), view.carried());
        })
        .toList();
  }

  private static String thought(FrontNodeOperations.View view) {
    boolean bad = view.standing().equals("slow") || view.standing().equals("failing");
    return bad ? view.standing() : view.state();
  }

  /** The nodes' key: a front makes none of its own. */
  private KeyFile key(Configuration configuration) throws Failure {
    Path file = Core.keyFile(data, configuration);
    try {
      return KeyFile.read(file);
    } catch (NoSuchFileException e) {
      throw new Failure(
          "There is no key in "
              + file
              + ". A front needs the nodes' key: run 'hikyaku key show --secret' on a node, and give"
              + " what it prints to 'hikyaku key install' here.",
          e);
    } catch (IOException e) {
      throw new Failure("The key cannot be read: " + Reason.of(e) + ".", e);
    }
  }

  private Prober prober(Configuration configuration, Clock clock, SecureRandom random) {
    return new Prober(
        configuration.front().name().orElse(configuration.hostname()),
        nodes,
        health,
        configuration.health(),
        new SessionIds(clock),
        clock,
        random);
  }

  private FrontProtocol service(
      FrontProtocol.Service service, FrontSettings settings, FrontMetrics metrics) {
    return new FrontProtocol(service, nodes, settings, metrics);
  }

  private List<String> problems() {
    List<String> problems = new ArrayList<>(status.listenerProblems());
    if (nodes.links().isEmpty()) {
      problems.add("no node is reached");
    }
    problems.addAll(health.problems());
    return problems;
  }

  RunningNode status() {
    return status;
  }

  DataDirectory data() {
    return data;
  }

  Nodes nodes() {
    return nodes;
  }

  InetSocketAddress adminAddress() {
    return admin.getFirst().reachableAddress();
  }

  @Override
  public void close() {
    opened.close();
  }
}
