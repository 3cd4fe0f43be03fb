package hikyaku.server.link;

import hikyaku.server.link.proto.Report;
import hikyaku.server.net.CarriedSession;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.TlsContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node's side: takes links from fronts and hands their sessions to the node's server. */
public final class LinkServer implements AutoCloseable {
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(LinkServer.class);

  private static final int BACKLOG = 50;

  private final String name;
  private final ServerSocketChannel listener;
  private final LinkKeys keys;
  private final LinkSettings settings;
  private final NetServer server;
  private final Map<String, Protocol> services;
  private final Map<String, Offer> probes = new ConcurrentHashMap<>();
  private final Supplier<Report> report;
  private final Tickets tickets;
  private final SecureRandom random;
  private final Semaphore strangers;
  private final @Nullable TlsContext tls;
  private volatile boolean leaving;
  private volatile Answerer answerer = Answerer.NOBODY;
  private final Set<FrontLink> fronts = ConcurrentHashMap.newKeySet();
  private final Set<AskedLink> askers = ConcurrentHashMap.newKeySet();

  /**
   * Binds; nothing is taken before {@link #start}.
   *
   * @param name the node's, unique in the cluster
   * @param services what is served, by {@link Protocol#name()}
   * @param report what the node says of itself, asked about once a second for each front
   * @throws IOException naming the address that cannot be bound
   */
  public LinkServer(
      String name,
      InetSocketAddress address,
      LinkKeys keys,
      LinkSettings settings,
      NetServer server,
      Map<String, Protocol> services,
      Supplier<Report> report,
      InstantSource clock,
      SecureRandom random)
      throws IOException {
    this.name = name;
    this.keys = keys;
    this.settings = settings;
    this.server = server;
    this.services = Map.copyOf(services);
    this.report = report;
    this.tickets = new Tickets(keys, settings.ticket(), clock);
    this.random = random;
    this.strangers = new Semaphore(settings.strangers());
    this.tls = settings.tls() ? LinkTls.ofNode(name) : null;
    listener = ServerSocketChannel.open();
    try {
      listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      listener.bind(address, BACKLOG);
    } catch (IOException e) {
      listener.close();
      throw new IOException(
          "listener link on "
              + address.getHostString()
              + ":"
              + address.getPort()
              + " cannot be bound: "
              + e.getMessage(),
          e);
    }
  }

  public void start() {
    Thread.ofPlatform().daemon().name("accept-link").start(this::accept);
  }

  public InetSocketAddress address() {
    try {
      return (InetSocketAddress) listener.getLocalAddress();
    } catch (IOException e) {
      throw new IllegalStateException("the link listener is closed", e);
    }
  }

  /** Has what other nodes and fronts ask answered by this one from now on. */
  public void answerBy(Answerer who) {
    answerer = who;
  }

  Answerer answerer() {
    return answerer;
  }

  /** The fronts that are linked now. */
  public List<LinkedFront> fronts() {
    return fronts.stream().map(FrontLink::about).toList();
  }

  /**
   * Asks a front.
   *
   * @param run its number, as {@link #fronts} tells it
   * @param patience how long each part of the answer may take
   * @throws LinkException if there is none of that number, or no answer came
   */
  public Answer ask(long run, Question question, Duration patience)
      throws LinkException, InterruptedException {
    for (FrontLink front : fronts) {
      if (front.about().run() == run && run != 0) {
        return front.ask(question, patience);
      }
    }
    throw new LinkException("the front is no longer linked here");
  }

  /** Sessions that came over links. */
  public int sessions() {
    return fronts.stream().mapToInt(FrontLink::sessions).sum();
  }

  private void accept() {
    while (listener.isOpen()) {
      try {
        LinkChannel socket = new LinkChannel(listener.accept());
        if (strangers.tryAcquire()) {
          Thread.ofVirtual().name("link-greeting").start(() -> greet(socket));
        } else {
          socket.close();
        }
      } catch (IOException e) {
        if (listener.isOpen()) {
          LOG.atWarn().setCause(e).log("cannot accept a link");
          rest();
        }
      }
    }
  }

  /** Mostly descriptors have run out: asking again at once would only burn the processor. */
  private static void rest() {
    try {
      TimeUnit.MILLISECONDS.sleep(200);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void greet(LinkChannel channel) {
    CountDownLatch over = new CountDownLatch(1);
    Thread.ofVirtual().name("link-greeting-watch").start(() -> watch(channel, over));
    Socket socket = channel.channel().socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) settings.greeting().toMillis());
      byte[] binding = tls == null ? new byte[0] : channel.startTls(LinkTls.ofNode(tls));
      Greeting greeting = new Greeting(channel.in(), channel.out(), keys, binding, random);
      Greeting.Peer peer = greeting.asNode(name);
      over.countDown();
      if (peer.purpose() == Greeting.Purpose.QUESTIONS) {
        AskedLink.start(this, peer.name(), channel, settings);
        return;
      }
      String front = peer.name();
      FrontLink mine = new FrontLink(this, front);
      Link link = new Link(channel, front, settings, settings.patience(), mine);
      mine.link(link);
      fronts.add(mine);
      link.start();
      LOG.atInfo()
          .addKeyValue("front", front)
          .addKeyValue("address", socket.getRemoteSocketAddress())
          .log("a front is linked");
      if (!listener.isOpen()) {
        link.close();
      }
    } catch (IOException | RuntimeException e) {
      LOG.atWarn()
          .addKeyValue("address", socket.getRemoteSocketAddress())
          .addKeyValue("cause", e.getMessage())
          .log("a link was refused");
      close(channel);
    } finally {
      over.countDown();
      strangers.release();
    }
  }

  /** The time limit of a read alone would let a stranger stay that sends an octet now and then. */
  private void watch(LinkChannel stranger, CountDownLatch over) {
    try {
      if (!over.await(settings.greeting().toNanos(), TimeUnit.NANOSECONDS)) {
        close(stranger);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void close(LinkChannel socket) {
    try {
      socket.close();
    } catch (IOException e) {
      LOG.atDebug().setCause(e).log("closing a link");
    }
  }

  String name() {
    return name;
  }

  LinkKeys keys() {
    return keys;
  }

  Tickets tickets() {
    return tickets;
  }

  /**
   * Takes sessions of probes as well, before {@link #start}. They are served apart from clients'
   * sessions, so that they neither count among these nor wait behind them.
   *
   * @param beside serves them; it bounds how many there are
   * @param offered what probes may speak, by {@link Protocol#name()}
   */
  public void offerProbes(NetServer beside, Map<String, Protocol> offered) {
    offered.forEach(
        (service, protocol) -> probes.put(Probes.SERVICE + service, new Offer(beside, protocol)));
  }

  /**
   * A service, and who serves it.
   *
   * @throws LinkException if there is none of that name here
   */
  Offer offer(String service) throws LinkException {
    Protocol protocol = services.get(service);
    Offer offer = protocol == null ? probes.get(service) : new Offer(server, protocol);
    if (offer == null) {
      throw new LinkException("no service " + service + " here");
    }
    return offer;
  }

  /** What a session asked for. */
  record Offer(NetServer server, Protocol service) {}

  Report report() {
    Report now = report.get().toBuilder().addAllServices(probes.keySet()).build();
    // One that drains takes sessions where there is no other; one that leaves would only be waited
    // for.
    return leaving ? now.toBuilder().setState(Report.State.DRAINING).clearServices().build() : now;
  }

  void gone(FrontLink front) {
    fronts.remove(front);
  }

  /** Links for questions are bounded as strangers are. */
  void add(AskedLink asker) throws LinkException {
    if (askers.size() >= settings.strangers() || !listener.isOpen()) {
      throw new LinkException("there are too many links for questions");
    }
    askers.add(asker);
  }

  void gone(AskedLink asker) {
    askers.remove(asker);
  }

  /** Tells every front what the node says of itself, now. */
  public void announce() {
    fronts.forEach(FrontLink::announce);
  }

  /**
   * Has every session that came over a link leave for another node where it is settled, at the pace
   * of {@link LinkSettings#drain()}; returns when all have been told to.
   */
  public void letGo() throws InterruptedException {
    long began = System.nanoTime();
    long told = 0;
    for (FrontLink front : fronts) {
      for (CarriedSession.Reins session : front.carried()) {
        session.letGo();
        told++;
        long due = began + told * TimeUnit.SECONDS.toNanos(1) / settings.drain();
        long early = due - System.nanoTime();
        if (early > 0) {
          TimeUnit.NANOSECONDS.sleep(early);
        }
      }
    }
  }

  /**
   * Lets sessions go for as long as that is wanted. A session that no other node takes comes back,
   * and others may come when no node but this one is left: they are told to leave again, after a
   * second at first, then ever more seldom.
   */
  public void drain(BooleanSupplier wanted) throws InterruptedException {
    Duration pause = FIRST_PAUSE;
    while (!leaving && wanted.getAsBoolean()) {
      letGo();
      Thread.sleep(pause);
      pause = sessions() == 0 ? FIRST_PAUSE : min(pause.multipliedBy(2), LONGEST_PAUSE);
    }
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /**
   * Takes no more links. Sessions that are there leave for other nodes, those in a command when it
   * is done; what is left after the grace is cut off, and repeats its command elsewhere.
   */
  public void close(Duration grace) {
    leaving = true;
    closeListener();
    announce();
    try {
      long deadline = System.nanoTime() + grace.toNanos();
      letGo();
      while (sessions() > 0 && deadline - System.nanoTime() > 0) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    fronts.forEach(front -> front.end(CloseReason.MOVED));
    askers.forEach(AskedLink::close);
  }

  private void closeListener() {
    try {
      listener.close();
    } catch (IOException e) {
      LOG.atWarn().setCause(e).log("closing the link listener");
    }
  }

  @Override
  public void close() {
    close(server.grace());
  }
}
