package hikyaku.server.flow;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.auth.LoginGate;
import hikyaku.server.auth.LoginLease;
import hikyaku.server.directory.Address;
import hikyaku.server.net.Flow;
import hikyaku.server.net.Refusal;
import hikyaku.server.testing.TestClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Nodes over one store, with a time of their own. */
final class FlowRig {
  static final Duration HEARTBEAT = Duration.ofSeconds(2);
  static final FlowSettings SETTINGS =
      new FlowSettings(1000, 1000, 1000, 1000, Duration.ofSeconds(10), Duration.ofSeconds(20));

  final MemoryStore store = new MemoryStore(new TestClock());
  final LimitBook book = new LimitBook(store.logs());
  final Map<String, Node> nodes = new TreeMap<>();
  final TestClock clock = new TestClock();
  private long now = 42;
  private int sessions;

  long nanoTime() {
    return now;
  }

  void pass(Duration time) {
    now += time.toNanos();
    clock.advance(time);
  }

  Node node(String name) {
    return node(name, SETTINGS);
  }

  Node node(String name, FlowSettings settings) {
    return nodes.computeIfAbsent(name, _ -> new Node(name, settings));
  }

  void limit(String subject, Dimension dimension, long value) {
    set(Limit.of(Subject.parse(subject), dimension, value));
  }

  void limit(String subject, Dimension dimension, long value, long burst) {
    set(new Limit(Subject.parse(subject), dimension, value, burst));
  }

  private void set(Limit limit) {
    book.set(limit);
    nodes.values().forEach(node -> node.flow.look());
  }

  /** A heartbeat passes, in which these live and hear of each other; of nobody else. */
  void beat(Node... living) {
    pass(HEARTBEAT);
    for (Node each : living) {
      each.told = each.flow.published();
      each.sign = clock.instant();
    }
    hear(living);
  }

  /** These hear again what all of these have told last. */
  void hear(Node... living) {
    for (Node each : living) {
      List<Peer> peers = new ArrayList<>();
      for (Node other : living) {
        if (other != each) {
          peers.add(new Peer(other.name, other.sign, other.told));
        }
      }
      each.flow.heard(peers);
    }
  }

  /** A node. */
  final class Node {
    final String name;
    final FlowControl flow;
    Map<String, Integer> told = Map.of();
    Instant sign = clock.instant();

    private Node(String name, FlowSettings settings) {
      this.name = name;
      this.flow =
          new FlowControl(
              name,
              settings,
              new LimitBook(store.logs()),
              false,
              HEARTBEAT,
              FlowRig.this::nanoTime,
              FlowRig.this::pass,
              new SimpleMeterRegistry());
      flow.look();
    }

    Flow.Answer arrive(String session, String address, boolean moved) {
      try {
        return flow.arrive(
            new Flow.Newcomer(session, "imap", "imaps", InetAddress.getByName(address), moved));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** One that must get in at once. */
    Client come(String address) {
      String session = "s" + ++sessions;
      return admitted(session, arrive(session, address, false));
    }

    /** The session, from another node. */
    Client take(Client client) {
      Client here = admitted(client.session, arrive(client.session, "192.0.2.1", true));
      if (client.account != null) {
        here.passage.account(client.account);
        here.account = client.account;
      }
      return here;
    }

    private Client admitted(String session, Flow.Answer answer) {
      assertThat(answer).isInstanceOf(Flow.Answer.Admitted.class);
      var admitted = (Flow.Answer.Admitted) answer;
      assertThat(admitted.holdNanos()).isZero();
      return new Client(this, session, admitted.passage());
    }

    String refused(String address, Refusal reply) {
      String session = "s" + ++sessions;
      Flow.Answer answer = arrive(session, address, false);
      assertThat(answer).isInstanceOf(Flow.Answer.Refused.class);
      var refused = (Flow.Answer.Refused) answer;
      assertThat(refused.reply()).isEqualTo(reply);
      return refused.limit();
    }

    /** How many of an account may log in now, each in a session of its own. */
    int logins(String account, int attempts) {
      int in = 0;
      for (int i = 0; i < attempts; i++) {
        in += come("192.0.2.1").login(account) ? 1 : 0;
      }
      return in;
    }

    long inside(String subject) {
      return flow.standing(Subject.parse(subject)).getFirst().here();
    }

    long elsewhere(String subject) {
      return flow.standing(Subject.parse(subject)).getFirst().elsewhere();
    }
  }

  /** A client that is inside. */
  static final class Client {
    final Node node;
    final String session;
    final Flow.Passage passage;
    @Nullable String account;
    @Nullable LoginLease lease;

    Client(Node node, String session, Flow.Passage passage) {
      this.node = node;
      this.session = session;
      this.passage = passage;
    }

    boolean login(String address) {
      LoginGate.Answer answer = node.flow.enter(session, Address.parse(address).orElseThrow());
      if (answer instanceof LoginGate.Answer.Admitted(LoginLease given)) {
        lease = given;
        account = address;
        passage.account(address);
        return true;
      }
      assertThat(answer).isInstanceOf(LoginGate.Answer.TooMany.class);
      return false;
    }

    void leave() {
      if (lease != null) {
        lease.close();
      }
      passage.end();
    }
  }
}
