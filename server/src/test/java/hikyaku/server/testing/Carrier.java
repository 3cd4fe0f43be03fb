package hikyaku.server.testing;

import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Store;
import hikyaku.server.net.Connection;
import hikyaku.server.net.Protocol;
import hikyaku.server.net.Redaction;
import hikyaku.server.net.Refusal;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Carries sessions between nodes that work on one store: away from a node whenever it has settled,
 * and when the node dies, which it does where the plan says. What a client hears of an answer that
 * is repeated must be what it has heard of it already.
 */
public final class Carrier implements Protocol {
  /**
   * How sessions travel.
   *
   * @param kills one of how many chances to die at is taken; 0 for none
   * @param buffer octets of an answer that are gathered before the client gets them
   * @param seed decides where nodes die
   */
  public record Plan(int kills, int buffer, long seed) {
    /** From node to node after each command. */
    public static final Plan MOVES = new Plan(0, 16 * 1024, 0);

    /** The same, and nodes die in the middle of commands. */
    public static Plan deaths(long seed) {
      return new Plan(4, 16 * 1024, seed);
    }

    /** The same, with answers that reach the client piece by piece. */
    public static Plan deathsInAnswers(long seed) {
      return new Plan(6, 50, seed);
    }

    @Override
    public String toString() {
      return kills == 0 ? "moved" : "killed, buffer " + buffer + ", seed " + seed;
    }
  }

  /** The node is dead: what a session meets there. */
  static final class Killed extends IOException {
    Killed() {
      super("this node is dead");
    }
  }

  /** The same in the middle of the store. */
  private static final class KilledInStore extends RuntimeException {}

  private static final ThreadLocal<Leg> AT_WORK = new ThreadLocal<>();

  private final List<Protocol> nodes;
  private final Plan plan;
  private final AtomicInteger sessions = new AtomicInteger();
  private final AtomicInteger moves = new AtomicInteger();
  private final AtomicInteger deaths = new AtomicInteger();
  private final AtomicInteger largest = new AtomicInteger();
  private volatile boolean spared;
  private volatile Runnable mourner = () -> {};
  private volatile IntConsumer traveller = number -> {};
  private final Queue<String> problems = new ConcurrentLinkedQueue<>();

  public Carrier(List<Protocol> nodes, Plan plan) {
    this.nodes = nodes;
    this.plan = plan;
  }

  /** A store that may kill the node of the session that has just written to one of its logs. */
  public static Store mortal(Store store) {
    LogStore logs = watched(LogStore.class, store.logs());
    return (Store)
        Proxy.newProxyInstance(
            Store.class.getClassLoader(),
            new Class<?>[] {Store.class},
            (_, method, arguments) ->
                method.getName().equals("logs") ? logs : call(method, store, arguments));
  }

  private static <T> T watched(Class<T> type, T logs) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) -> {
              Object result = call(method, logs, arguments);
              Leg leg = AT_WORK.get();
              boolean writes = method.getName().equals("append") || method.getName().equals("drop");
              if (leg != null && writes && leg.diesNow()) {
                throw new KilledInStore();
              }
              return result;
            }));
  }

  private static Object call(Method method, Object on, Object[] arguments) throws Throwable {
    try {
      return method.invoke(on, arguments);
    } catch (InvocationTargetException thrown) {
      throw thrown.getCause();
    }
  }

  @Override
  public void serve(Connection client) throws IOException {
    Journey journey =
        new Journey(this, client, plan, new Random(plan.seed() * 31 + sessions.incrementAndGet()));
    int node = sessions.get();
    while (true) {
      Leg leg = new Leg(journey);
      AT_WORK.set(leg);
      try {
        Protocol protocol = nodes.get(Math.floorMod(node++, nodes.size()));
        if (journey.position == null) {
          protocol.serve(leg);
        } else {
          protocol.resume(leg, journey.position);
        }
        if (leg.hasMoved()) {
          traveller.accept(moves.incrementAndGet());
        } else if (leg.isDead()) {
          died(leg);
        } else {
          leg.end();
          return;
        }
      } catch (Killed | KilledInStore e) {
        died(leg);
      } catch (AssertionError e) {
        problems.add(e.getMessage());
        throw e;
      } finally {
        AT_WORK.remove();
        largest.accumulateAndGet(journey.position == null ? 0 : journey.position.length, Math::max);
      }
    }
  }

  private void died(Leg leg) {
    deaths.incrementAndGet();
    leg.bury();
    AT_WORK.remove();
    mourner.run();
  }

  /**
   * While this holds no node dies: for where a repeat learns what the first attempt could not know,
   * and rightly says something else.
   */
  public void spare(boolean now) {
    spared = now;
  }

  /** What happens between a node's death and the next node. */
  public void onDeath(Runnable action) {
    mourner = action;
  }

  /** What happens between two nodes, told how many moves there were. */
  public void onMove(IntConsumer action) {
    traveller = action;
  }

  boolean isSpared() {
    return spared;
  }

  /** How often sessions changed nodes in peace. */
  public int moves() {
    return moves.get();
  }

  /** How often they did because a node died. */
  public int deaths() {
    return deaths.get();
  }

  /** Octets of the largest position. */
  public int largestPosition() {
    return largest.get();
  }

  /** What clients heard and should not have. */
  public List<String> problems() {
    return List.copyOf(problems);
  }

  @Override
  public void resume(Connection connection, byte[] position) {
    throw new UnsupportedOperationException();
  }

  @Override
  public String name() {
    return nodes.getFirst().name();
  }

  @Override
  public String refusal(Refusal reason) {
    return nodes.getFirst().refusal(reason);
  }

  @Override
  public Redaction redaction() {
    return nodes.getFirst().redaction();
  }

  @Override
  public List<String> alpn() {
    return nodes.getFirst().alpn();
  }

  @Override
  public boolean authenticates() {
    return nodes.getFirst().authenticates();
  }

  /** What the carrier knows of a session, whichever node has it. */
  static final class Journey {
    final Carrier carrier;
    final Connection client;
    final Plan plan;
    final Random random;

    /** As last settled; null before. */
    byte[] position;

    /** Place in the input that is settled, and what has come since. */
    long settled;

    final Octets input = new Octets();

    /** What the client has got of the answer that is not settled. */
    final Octets told = new Octets();

    /** How much of the input was given to a node that died. */
    long tried;

    OptionalLong pin = OptionalLong.empty();

    /** Where in the input a node died last: it does not die there again. */
    long grave = -1;

    Journey(Carrier carrier, Connection client, Plan plan, Random random) {
      this.carrier = carrier;
      this.client = client;
      this.plan = plan;
      this.random = random;
    }
  }
}
