package hikyaku.server.net;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Counts the connections that are open and says whether there may be one more. Thread-safe. */
final class Admission {
  private final NetLimits limits;
  private final int connections;
  private final Map<String, Integer> byProtocol = new HashMap<>();
  private final Map<Client, Integer> byClient = new HashMap<>();
  private int total;
  private int unauthenticated;

  /**
   * Nobody is here yet.
   *
   * @param connections all that may be open, at most {@link NetLimits#connections()}
   */
  Admission(NetLimits limits, int connections) {
    this.limits = limits;
    this.connections = connections;
  }

  /** Who counts as one client: an IPv4 address or an IPv6 /64, per protocol. */
  private record Client(String protocol, String network) {
    static Client of(String protocol, InetAddress address) {
      if (address instanceof Inet6Address) {
        byte[] prefix = Arrays.copyOf(Arrays.copyOf(address.getAddress(), 8), 16);
        return new Client(protocol, Arrays.toString(prefix));
      }
      return new Client(protocol, Arrays.toString(address.getAddress()));
    }
  }

  /** The answer to a new connection. */
  sealed interface Answer {
    /** It may come in; the ticket is handed back at its end. */
    record Admitted(Ticket ticket) implements Answer {}

    /** It may not. */
    record Refused(Refusal reason) implements Answer {}
  }

  synchronized Answer admit(Protocol protocol, InetAddress remote) {
    String name = protocol.name();
    Optional<Client> client =
        remote.isLoopbackAddress() && limits.loopbackExempt()
            ? Optional.empty()
            : Optional.of(Client.of(name, remote));
    if (total >= connections) {
      return new Answer.Refused(Refusal.TOTAL);
    }
    if (byProtocol.getOrDefault(name, 0) >= limits.connectionsPerProtocol()) {
      return new Answer.Refused(Refusal.PROTOCOL);
    }
    if (client.isPresent()
        && byClient.getOrDefault(client.get(), 0) >= limits.connectionsPerAddress()) {
      return new Answer.Refused(Refusal.ADDRESS);
    }
    if (protocol.authenticates() && unauthenticated >= limits.unauthenticated()) {
      return new Answer.Refused(Refusal.UNAUTHENTICATED);
    }
    return new Answer.Admitted(place(protocol, client));
  }

  /** Counts one that was let in before and comes from another node: no limit turns it away. */
  synchronized Ticket readmit(Protocol protocol, InetAddress remote) {
    return place(protocol, Optional.of(Client.of(protocol.name(), remote)));
  }

  private Ticket place(Protocol protocol, Optional<Client> client) {
    String name = protocol.name();
    total++;
    byProtocol.merge(name, 1, Integer::sum);
    client.ifPresent(one -> byClient.merge(one, 1, Integer::sum));
    if (protocol.authenticates()) {
      unauthenticated++;
    }
    return new Place(name, client, protocol.authenticates());
  }

  /** A place taken. */
  interface Ticket {
    /** Of one that was refused. */
    Ticket NONE =
        new Ticket() {
          @Override
          public void authenticated() {}

          @Override
          public void unauthenticated() {}

          @Override
          public void release() {}
        };

    /** The client has logged in. */
    void authenticated();

    /** The client has logged out, and stays. */
    void unauthenticated();

    /** The connection has ended; told again, nothing happens. */
    void release();
  }

  private final class Place implements Ticket {
    private final String protocol;
    private final Optional<Client> client;
    private boolean unauthenticatedHere;
    private boolean released;

    private Place(String protocol, Optional<Client> client, boolean unauthenticatedHere) {
      this.protocol = protocol;
      this.client = client;
      this.unauthenticatedHere = unauthenticatedHere;
    }

    @Override
    public void authenticated() {
      synchronized (Admission.this) {
        if (unauthenticatedHere) {
          unauthenticatedHere = false;
          unauthenticated--;
        }
      }
    }

    @Override
    public void unauthenticated() {
      synchronized (Admission.this) {
        if (!released && !unauthenticatedHere) {
          unauthenticatedHere = true;
          unauthenticated++;
        }
      }
    }

    @Override
    public void release() {
      synchronized (Admission.this) {
        if (released) {
          return;
        }
        released = true;
        authenticated();
        total--;
        less(byProtocol, protocol);
        client.ifPresent(one -> less(byClient, one));
      }
    }
  }

  /** Counts of zero are not kept: the map follows the clients that are here. */
  private static <K> void less(Map<K, Integer> counts, K key) {
    counts.computeIfPresent(key, (ignored, count) -> count == 1 ? null : count - 1);
  }

  /** Open connections by protocol; protocols without one are left out. */
  synchronized Map<String, Integer> byProtocol() {
    return Map.copyOf(byProtocol);
  }

  synchronized int total() {
    return total;
  }
}
