package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.app.config.StoreSettings;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.auth.KeyFile;
import hikyaku.server.auth.Passwords;
import hikyaku.server.auth.SecretSealer;
import hikyaku.server.cluster.Cluster;
import hikyaku.server.cluster.KeyAgreement;
import hikyaku.server.cluster.Roster;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.EmbeddedDirectory;
import hikyaku.server.directory.EmbeddedDirectoryAdmin;
import hikyaku.server.dkim.DkimKeys;
import hikyaku.server.dkim.DomainSigner;
import hikyaku.server.dkim.Signer;
import hikyaku.server.dmarc.ReceivedReports;
import hikyaku.server.dns.CachingDns;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.Onward;
import hikyaku.server.filter.ScriptAllowance;
import hikyaku.server.flow.Dimension;
import hikyaku.server.flow.FlowControl;
import hikyaku.server.flow.LimitBook;
import hikyaku.server.flow.Subject;
import hikyaku.server.foreign.BackendBook;
import hikyaku.server.link.Answerer;
import hikyaku.server.link.AskerLink;
import hikyaku.server.link.LinkKeys;
import hikyaku.server.lists.Forgery;
import hikyaku.server.lists.ListBook;
import hikyaku.server.lists.ListDesk;
import hikyaku.server.mtasts.OwnPolicies;
import hikyaku.server.net.NetLimits;
import hikyaku.server.ops.AccountOperations;
import hikyaku.server.ops.AdminApi;
import hikyaku.server.ops.BackendOperations;
import hikyaku.server.ops.ClusterOperations;
import hikyaku.server.ops.DkimOperations;
import hikyaku.server.ops.DmarcOperations;
import hikyaku.server.ops.DomainOperations;
import hikyaku.server.ops.Everywhere;
import hikyaku.server.ops.JournalSearch;
import hikyaku.server.ops.LimitOperations;
import hikyaku.server.ops.LinkAnswers;
import hikyaku.server.ops.ListOperations;
import hikyaku.server.ops.MailboxOperations;
import hikyaku.server.ops.Neighbours;
import hikyaku.server.ops.NodeOperations;
import hikyaku.server.ops.NodeStatus;
import hikyaku.server.ops.QueueOperations;
import hikyaku.server.ops.RoutingOperations;
import hikyaku.server.ops.SearchOperations;
import hikyaku.server.ops.SendingOperations;
import hikyaku.server.ops.SessionOperations;
import hikyaku.server.ops.SieveOperations;
import hikyaku.server.ops.StoryOperations;
import hikyaku.server.ops.TlsOperations;
import hikyaku.server.origin.OnwardProof;
import hikyaku.server.published.Lookup;
import hikyaku.server.queue.QueueView;
import hikyaku.server.queue.Senders;
import hikyaku.server.queue.Wordings;
import hikyaku.server.queue.WorkedParts;
import hikyaku.server.search.MailIndex;
import hikyaku.server.sending.Allowance;
import hikyaku.server.sending.Allowance.Window;
import hikyaku.server.sending.SendingBook;
import hikyaku.server.srs.SenderRewriting;
import hikyaku.stores.postgres.PostgresStore;
import hikyaku.stores.rocksdb.RocksStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A data directory opened: its store, and who and what is in it. A node adds listeners to it; a
 * command on a data directory whose node does not run needs no more.
 */
final class Core implements AutoCloseable {
  private static final String KEY_REMEDY =
      "Give this node the installation's key: 'hikyaku key show --secret' on a node that has it"
          + " prints what 'hikyaku key install' here reads. If it is lost, 'hikyaku key adopt' goes"
          + " on with another.";

  private final Opened opened = new Opened();
  private final Configuration configuration;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final DataDirectory data;
  private final KeyFile key;
  private final Store store;
  private final Passwords passwords;
  private final EmbeddedDirectory directory;
  private final EmbeddedDirectoryAdmin directoryAdmin;
  private final DkimKeys dkim;
  private final DomainSigner signer;
  private final LimitBook limits;
  private final BackendBook backends;
  private final MailStore mail;
  private final Filter filter;
  private volatile Allowance allowance = Allowance.UNLIMITED;
  private final ListBook lists;
  private final ListDesk listDesk;
  private final SendingBook sending;
  private final WorkedParts workedParts = new WorkedParts();
  private final ReceivedReports received;

  private Core(DataDirectory data, Configuration configuration, MeterRegistry meters, Clock clock)
      throws IOException, Failure {
    this.clock = clock;
    this.configuration = configuration;
    this.data = opened.add(data);
    try {
      store = opened.add(openStore(data, configuration, clock));
      key = key(data, configuration, new KeyAgreement(store.logs()));
      passwords =
          opened.add(
              new Passwords(
                  configuration.passwords().argon2(),
                  configuration.passwords().hashing(),
                  key,
                  random,
                  meters));
      directory =
          new EmbeddedDirectory(
              store.logs(), configuration.directory(), configuration.login().defaultDomain());
      directoryAdmin = new EmbeddedDirectoryAdmin(directory, passwords, random);
      dkim = new DkimKeys(store.logs(), new SecretSealer(key, "DKIM keys", random), clock);
      signer = new DomainSigner(directory, dkim, clock, meters);
      limits = new LimitBook(store.logs());
      backends = new BackendBook(store.logs());
      mail = opened.add(new MailStore(store, clock, configuration.mailboxes()));
      sending = new SendingBook(store.logs());
      filter =
          Filter.of(
              mail,
              directory,
              configuration.sieve(),
              new Onward(
                  new SenderRewriting(configuration.srs(), key, directory, clock),
                  signer,
                  signer,
                  this::forScripts),
              new Wordings(directory, configuration.queue().reportLanguage()));
      received = new ReceivedReports(store.logs());
      lists = new ListBook(store.logs(), configuration.lists(), random, clock);
      listDesk =
          new ListDesk(
              configuration.hostname(),
              configuration.lists(),
              lists,
              mail,
              key,
              signer,
              signer,
              forgery(configuration, clock),
              clock);
    } catch (IOException | RuntimeException | Failure e) {
      opened.close();
      throw e;
    }
  }

  /** As DNS has it, which most commands on a data directory never ask, nor need. */
  private static Forgery forgery(Configuration configuration, Clock clock) {
    return new Forgery() {
      private @Nullable OnwardProof proof;

      private synchronized OnwardProof proof() {
        OnwardProof known = proof;
        if (known == null) {
          known =
              new OnwardProof(configuration.origin(), new CachingDns(configuration.dns()), clock);
          proof = known;
        }
        return known;
      }

      @Override
      public boolean isSuspected(String domain, Signer.Content message) throws IOException {
        return proof().isMissing(domain, message::copyTo);
      }
    };
  }

  /** The engine that the configuration names. */
  static Store openStore(DataDirectory data, Configuration configuration, Clock clock)
      throws IOException {
    StoreSettings settings = configuration.store();
    Optional<StoreSettings.Engine> noted = data.engine();
    if (settings.engine() == StoreSettings.Engine.EMBEDDED
        && noted.equals(Optional.of(StoreSettings.Engine.POSTGRES))) {
      throw new IOException(
          "its mail is in PostgreSQL, and the configuration does not say so (store.engine); name"
              + " the right one with --config");
    }
    data.noteEngine(settings.engine());
    return openStore(data, settings, clock);
  }

  /** An engine, whatever the directory was used with. */
  static Store openStore(DataDirectory data, StoreSettings settings, Clock clock) {
    return switch (settings.engine()) {
      case EMBEDDED -> RocksStore.open(data.store(), settings.embedded(), clock);
      case POSTGRES -> PostgresStore.open(settings.postgres(), clock);
    };
  }

  /** Where the key of the installation is. */
  static Path keyFile(DataDirectory data, Configuration configuration) {
    return configuration.node().keyFile().orElse(data.key());
  }

  /** The key of the installation, which the first node on a store makes. */
  private static KeyFile key(
      DataDirectory data, Configuration configuration, KeyAgreement agreement)
      throws IOException, Failure {
    Path file = keyFile(data, configuration);
    Optional<String> agreed = agreement.fingerprint();
    if (!Files.exists(file) && (agreed.isPresent() || configuration.node().keyFile().isPresent())) {
      throw new Failure(
          "There is no key in "
              + file
              + agreed
                  .map(print -> ", and this installation has one, of the fingerprint " + print)
                  .orElse("")
              + ". "
              + KEY_REMEDY);
    }
    KeyFile key = KeyFile.open(file);
    String needed = agreement.propose(key.fingerprint());
    if (!needed.equals(key.fingerprint())) {
      throw new Failure(
          "The key in "
              + file
              + " has the fingerprint "
              + key.fingerprint()
              + ", and that of this installation has "
              + needed
              + ". "
              + KEY_REMEDY);
    }
    return key;
  }

  /**
   * Opens what is in the directory; closing it closes the directory.
   *
   * @throws Failure saying why it cannot be opened
   */
  static Core open(
      DataDirectory data, Configuration configuration, MeterRegistry meters, Clock clock)
      throws Failure {
    try {
      return new Core(data, configuration, meters, clock);
    } catch (StoreException.Corrupt e) {
      throw new Failure(
          "The data in "
              + data.path()
              + " is damaged: "
              + Reason.of(e)
              + ". Look after the disk, then restore the files from a backup.",
          e);
    } catch (IOException | StoreException e) {
      throw new Failure(
          "The data in " + data.path() + " cannot be opened: " + Reason.of(e) + ".", e);
    }
  }

  /**
   * Who says whose mail may go out.
   *
   * @param flow knows the limits; without it there are none
   */
  Senders senders(Optional<FlowControl> flow, MeterRegistry meters) {
    Allowance known = flow.<Allowance>map(Core::allowance).orElse(Allowance.UNLIMITED);
    allowance = known;
    return new Senders(
        configuration.hostname(),
        configuration.sending(),
        sending,
        known,
        queueView(),
        mail,
        directory,
        signer,
        meters,
        clock);
  }

  /** What waits to go out. */
  private QueueView queueView() {
    return new QueueView(store.logs(), clock, configuration.queue(), workedParts);
  }

  /** The parts of the queue that this node works. */
  WorkedParts workedParts() {
    return workedParts;
  }

  /**
   * How many mails the scripts of an account may send: none if it is stopped, else as many as it
   * may send itself.
   */
  private long forScripts(Account account, Duration length) {
    if (sending.ledger(account.id()).stopped().isPresent()) {
      return 0;
    }
    Window window = length.equals(ScriptAllowance.HOUR) ? Window.HOUR : Window.DAY;
    return allowance.most(account.primary(), window).orElse(Long.MAX_VALUE);
  }

  /** What an account has used of a limit on recipients. */
  private long recipients(String address, Dimension dimension) {
    Window window = dimension == Dimension.RECIPIENTS_HOUR ? Window.HOUR : Window.DAY;
    return Address.parse(address)
        .flatMap(directory::accountByAddress)
        .map(account -> sending.ledger(account.id()).sent(window.length(), clock.instant()))
        .orElse(0L);
  }

  private static Allowance allowance(FlowControl flow) {
    return (account, window) ->
        flow.most(
            account,
            switch (window) {
              case HOUR -> Dimension.RECIPIENTS_HOUR;
              case DAY -> Dimension.RECIPIENTS_DAY;
            });
  }

  /**
   * All operations on this data.
   *
   * @param node the node that runs on it, if one does
   * @param cluster the nodes that share the store
   * @param flow who counts its sessions
   * @param index the texts of its mail
   * @param everywhere the same of all processes of the cluster
   */
  AdminApi adminApi(
      @Nullable NodeStatus node,
      Cluster cluster,
      @Nullable FlowControl flow,
      @Nullable MailIndex index,
      Everywhere everywhere) {
    return new AdminApi(
        List.of(
            everywhere,
            new DomainOperations(directory, directoryAdmin, dkim),
            new DkimOperations(
                directory,
                dkim,
                hosts ->
                    Publication.plan(
                        configuration, hosts, cluster.members(), ownPolicies(), data.tls(), clock),
                () -> Lookup.in(new CachingDns(configuration.dns())),
                random,
                clock),
            new AccountOperations(directory, directoryAdmin, mail, node),
            new RoutingOperations(directory, directoryAdmin, cluster, backends),
            new BackendOperations(backends, passwords),
            new MailboxOperations(directory, mail),
            new SieveOperations(directory, filter),
            new ListOperations(
                directory,
                directoryAdmin,
                lists,
                listDesk,
                domain -> !configuration.lists().url().isEmpty() && !dkim.hasActive(domain)),
            new QueueOperations(queueView(), directory, InstantSource.system()),
            new TlsOperations(
                domain -> OutgoingTls.look(configuration, store.logs(), domain, clock)),
            new SendingOperations(
                directory,
                sending,
                senders(Optional.ofNullable(flow), new SimpleMeterRegistry()),
                flow == null ? Allowance.UNLIMITED : allowance(flow),
                InstantSource.system()),
            new DmarcOperations(received, clock),
            new NodeOperations(store, mail, node),
            new SessionOperations(node),
            new ClusterOperations(cluster),
            new SearchOperations(index),
            new LimitOperations(limits, flow, bounds(), this::recipients)));
  }

  /** What the configuration says of sessions, whatever limits are set. */
  private Map<Subject.Kind, LimitOperations.Bound> bounds() {
    NetLimits net = configuration.connections();
    return Map.of(
        Subject.Kind.ACCOUNT,
        new LimitOperations.Bound("login.sessions.total", configuration.login().sessions().total()),
        Subject.Kind.ADDRESS,
        new LimitOperations.Bound(
            "connections.connections-per-address", net.connectionsPerAddress()),
        Subject.Kind.PROTOCOL,
        new LimitOperations.Bound(
            "connections.connections-per-protocol", net.connectionsPerProtocol()),
        Subject.Kind.NODE,
        new LimitOperations.Bound("connections.connections", net.connections()));
  }

  /** All operations on this data, while no node runs on it. */
  AdminApi adminApi() {
    Cluster roster = new Roster(store.logs(), configuration.cluster(), clock);
    Neighbours neighbours = new NodeNeighbours(configuration.node().name(), roster, List.of());
    AdminApi askable =
        new AdminApi(
            List.of(
                new SessionOperations(null),
                new StoryOperations(new JournalSearch(data.journal(), null))));
    return adminApi(
        null, roster, null, null, everywhere(new LinkAnswers(askable, neighbours), neighbours));
  }

  /**
   * Operations on all processes of the cluster.
   *
   * @param answerer of this data
   */
  Everywhere everywhere(Answerer answerer, Neighbours neighbours) {
    String name = configuration.node().name();
    LinkKeys keys = LinkKeys.ofNode(key::derive);
    return new Everywhere(
        new Everywhere.Self(name, "node", 0, answerer),
        neighbours,
        address ->
            AskerLink.connect(
                address, name, keys, configuration.link(), Everywhere.TO_LINK, random));
  }

  /** Whether no other process can open the store while this one has it. */
  boolean isAlone() {
    return configuration.store().engine() == StoreSettings.Engine.EMBEDDED;
  }

  Configuration configuration() {
    return configuration;
  }

  Clock clock() {
    return clock;
  }

  SecureRandom random() {
    return random;
  }

  DataDirectory data() {
    return data;
  }

  KeyFile key() {
    return key;
  }

  Store store() {
    return store;
  }

  Passwords passwords() {
    return passwords;
  }

  EmbeddedDirectory directory() {
    return directory;
  }

  EmbeddedDirectoryAdmin directoryAdmin() {
    return directoryAdmin;
  }

  /** Signs what goes out. */
  DomainSigner signer() {
    return signer;
  }

  LimitBook limits() {
    return limits;
  }

  BackendBook backends() {
    return backends;
  }

  /** What others report of domains here. */
  ReceivedReports received() {
    return received;
  }

  MailStore mail() {
    return mail;
  }

  Filter filter() {
    return filter;
  }

  /** What domains here demand of whoever sends them mail. */
  OwnPolicies ownPolicies() {
    return new OwnPolicies(
        configuration.mtaStsPolicy(),
        configuration.hostname(),
        domain -> directory.domain(domain).isPresent());
  }

  ListDesk lists() {
    return listDesk;
  }

  @Override
  public void close() {
    opened.close();
  }
}
