package hikyaku.server.link;

import hikyaku.server.link.proto.Report;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.NetServer;
import hikyaku.server.net.Protocol;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node's side: takes links from fronts and hands their sessions to the node's server. */
public final class LinkServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LinkServer.class);

  private final String name;
  private final ServerSocket listener;
  private final LinkKeys keys;
  private final LinkSettings settings;
  private final NetServer server;
  private final Map<String, Protocol> services;
  private final Supplier<Report> report;
  private final Tickets tickets;
  private final SecureRandom random;
  private final Semaphore strangers;
  private final Set<FrontLink> fronts = ConcurrentHashMap.newKeySet();

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
    listener = new ServerSocket();
    try {
      listener.setReuseAddress(true);
      listener.bind(address);
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
    return (InetSocketAddress) listener.getLocalSocketAddress();
  }

  /** Sessions that came over links. */
  public int sessions() {
    return fronts.stream().mapToInt(FrontLink::sessions).sum();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        if (strangers.tryAcquire()) {
          Thread.ofVirtual().name("link-greeting").start(() -> greet(socket));
        } else {
          socket.close();
        }
      } catch (SocketException e) {
        if (!listener.isClosed()) {
          LOG.atWarn().setCause(e).log("cannot accept a link");
        }
      } catch (IOException e) {
        LOG.atWarn().setCause(e).log("cannot accept a link");
      }
    }
  }

  private void greet(Socket socket) {
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) settings.greeting().toMillis());
      Greeting greeting =
          new Greeting(
              socket.getInputStream(), socket.getOutputStream(), keys, new byte[0], random);
      String front = greeting.asNode(name);
      FrontLink mine = new FrontLink(this, front);
      Link link =
          new Link(
              socket,
              socket.getInputStream(),
              socket.getOutputStream(),
              front,
              settings,
              settings.patience(),
              mine);
      mine.link(link);
      fronts.add(mine);
      link.start();
      LOG.atInfo()
          .addKeyValue("front", front)
          .addKeyValue("address", socket.getRemoteSocketAddress())
          .log("a front is linked");
      if (listener.isClosed()) {
        link.close();
      }
    } catch (IOException | RuntimeException e) {
      LOG.atWarn()
          .addKeyValue("address", socket.getRemoteSocketAddress())
          .addKeyValue("cause", e.getMessage())
          .log("a link was refused");
      close(socket);
    } finally {
      strangers.release();
    }
  }

  private static void close(Socket socket) {
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

  NetServer server() {
    return server;
  }

  Map<String, Protocol> services() {
    return services;
  }

  Report report() {
    return report.get();
  }

  void gone(FrontLink front) {
    fronts.remove(front);
  }

  /** Tells every front what the node says of itself, now. */
  public void announce() {
    fronts.forEach(FrontLink::announce);
  }

  /** Has every session that came over a link leave for another node, where it is settled. */
  public void letGo() {
    fronts.forEach(FrontLink::letGo);
  }

  /** Takes no more links, and cuts those that are there: what sessions are left go elsewhere. */
  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      LOG.atWarn().setCause(e).log("closing the link listener");
    }
    fronts.forEach(front -> front.end(CloseReason.MOVED));
  }
}
