package hikyaku.server.net;

import hikyaku.protocol.proxy.ProxyHeader;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where connections of proxies wait until their header has come (PROXY §2), each on a virtual
 * thread of its own. One whose header does not come or is none is closed without a word: the
 * protocol has not begun, nor TLS.
 */
final class ProxyGate {
  private static final Logger LOG = LoggerFactory.getLogger(ProxyGate.class);

  /** Lines on proxies that do not say whom they bring at most this often. */
  private static final Duration LOG_EVERY = Duration.ofSeconds(5);

  private final Muffler log = new Muffler(LOG_EVERY);
  private final Duration patience;
  private final NetMetrics metrics;
  private final Map<SocketLayer, Thread> waiting = new ConcurrentHashMap<>();

  /** Connections that take a place here: those that wait, until they have one elsewhere. */
  private final AtomicInteger places = new AtomicInteger();

  /** What becomes of a connection when its header has come. */
  interface Next {
    /**
     * Has it served, or turns it away; does not wait for either.
     *
     * @param placed called once it is counted elsewhere or not let in, before its client can see
     *     either
     */
    void arrived(Arrival client, Runnable placed);
  }

  /** What became of a connection here, for metrics. */
  enum Outcome {
    /** The header names a client. */
    PROXIED,
    /** The header says that the connection is the proxy's own. */
    UNPROXIED,
    /** What came is no header. */
    MALFORMED,
    /** The header did not come in time. */
    LATE,
    /** The proxy went away before it said anything: mostly to see whether the port is open. */
    GONE
  }

  /** What was read in place of a header. */
  private static final class NoHeaderException extends Exception {
    private static final long serialVersionUID = 1L;
    private final Outcome outcome;

    NoHeaderException(Outcome outcome, String reason) {
      super(reason, null, false, false);
      this.outcome = outcome;
    }
  }

  /**
   * Nobody waits yet.
   *
   * @param patience the longest time that a header may take, however its octets drip
   */
  ProxyGate(Duration patience, NetMetrics metrics) {
    this.patience = patience;
    this.metrics = metrics;
  }

  /** How many connections are here and nowhere else. */
  int waiting() {
    return places.get();
  }

  /**
   * Reads the header and hands the connection on, with the addresses that it says; does not wait
   * for either.
   *
   * @param next called on a thread of the connection's own
   */
  void receive(Arrival arrival, Next next) {
    SocketLayer ground = arrival.ground();
    AtomicBoolean placed = new AtomicBoolean();
    Runnable leave =
        () -> {
          if (!placed.getAndSet(true)) {
            places.decrementAndGet();
          }
        };
    Thread thread =
        Thread.ofVirtual()
            .name(arrival.sessionId())
            .unstarted(() -> {
              try {
                meet(arrival, client -> next.arrived(client, leave));
              } finally {
                leave.run();
                waiting.remove(ground);
              }
            });
    places.incrementAndGet();
    waiting.put(ground, thread);
    thread.start();
  }

  private void meet(Arrival arrival, Consumer<Arrival> next) {
    NetMetrics.OfProtocol counts = metrics.of(arrival.listener().protocol());
    boolean handedOn = false;
    try {
      Arrival client = client(arrival);
      counts.proxied(client == arrival ? Outcome.UNPROXIED : Outcome.PROXIED);
      handedOn = true;
      next.accept(client);
    } catch (NoHeaderException e) {
      counts.proxied(e.outcome);
      tell(arrival, e);
    } catch (RuntimeException e) {
      counts.bug();
      LOG.atError().addKeyValue("session", arrival.sessionId()).setCause(e).log("bug at a proxy");
    } finally {
      if (!handedOn) {
        arrival.ground().close(CloseReason.REFUSED);
      }
    }
  }

  /** The connection with the addresses that count. */
  private Arrival client(Arrival arrival) throws NoHeaderException {
    try {
      return switch (header(arrival.ground())) {
        case ProxyHeader.Proxied proxied -> {
          LOG.atDebug()
              .addKeyValue("session", arrival.sessionId())
              .addKeyValue("listener", arrival.listener().name())
              .addKeyValue("proxy", arrival.remote())
              .addKeyValue("remote", proxied.source())
              .log("proxied");
          yield arrival.onBehalfOf(proxied.source(), proxied.destination());
        }
        case ProxyHeader.Unproxied _ -> arrival;
        case ProxyHeader.Malformed(String reason) ->
            throw new NoHeaderException(Outcome.MALFORMED, reason);
        case ProxyHeader.Incomplete _ -> throw new IllegalStateException("read to its end");
      };
    } catch (NetException.ReadTimeout e) {
      throw new NoHeaderException(Outcome.LATE, "no PROXY header in time");
    } catch (IOException e) {
      throw new NoHeaderException(Outcome.GONE, "connection broken");
    }
  }

  /** Reads the header and no octet behind it. */
  private ProxyHeader header(SocketLayer ground) throws IOException, NoHeaderException {
    long deadline = Deadline.after(patience);
    byte[] octets = {};
    int length = 0;
    ProxyHeader header = ProxyHeader.parse(octets, length);
    while (header instanceof ProxyHeader.Incomplete(int wanted)) {
      int count = -1;
      if (ground.fill(deadline)) {
        if (octets.length < wanted) {
          octets = Arrays.copyOf(octets, Math.max(wanted, ProxyHeader.LONGEST_V1));
        }
        count = ground.read(octets, length, wanted - length, deadline);
      }
      if (count < 0) {
        throw length == 0
            ? new NoHeaderException(Outcome.GONE, "closed without a word")
            : new NoHeaderException(Outcome.MALFORMED, "a PROXY header that breaks off");
      }
      length += count;
      header = ProxyHeader.parse(octets, length);
    }
    return header;
  }

  private void tell(Arrival arrival, NoHeaderException why) {
    boolean gone = why.outcome == Outcome.GONE;
    long heldBack = gone ? 0 : log.admit();
    if (heldBack >= 0) {
      (gone ? LOG.atDebug() : LOG.atWarn())
          .addKeyValue("session", arrival.sessionId())
          .addKeyValue("listener", arrival.listener().name())
          .addKeyValue("proxy", arrival.remote())
          .addKeyValue("reason", why.getMessage())
          .addKeyValue("heldBack", heldBack)
          .log("a proxy did not say whom it brings");
    }
  }

  /**
   * Closes the connections that wait, and returns when each of them has ended or was handed on.
   * Nothing may arrive any more.
   */
  void close() {
    Map<SocketLayer, Thread> ending = Map.copyOf(waiting);
    ending.keySet().forEach(ground -> ground.close(CloseReason.STOPPING));
    ending.values().forEach(Threads::join);
  }
}
