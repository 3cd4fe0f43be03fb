package hikyaku.server.auth;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts failed logins by name and by source, and says how long the next one has to wait.
 *
 * <p>The wait comes before the password is looked at, so hanging up early gains nothing, and logins
 * under way count like failures once there have been any, so trying many at once gains nothing
 * either. A source from which the account has logged in answers only for its own failures: others
 * cannot lock the owner out.
 *
 * <p>Each node counts what fails on itself. With {@code n} nodes a failure beyond the free ones
 * weighs {@code n}, so that who guesses on all of them, or is spread by a front, has no more tries
 * than on one but for the free ones of each.
 *
 * <p>One lock, held for no more than a few look-ups.
 */
final class Throttle {
  /** Sources told apart for one name; failures from more are counted all the same. */
  private static final int SOURCES_OF_A_NAME = 16;

  private final ThrottleSettings settings;
  private final InstantSource clock;
  private final IntSupplier nodes;
  private final Map<String, NameCount> names;
  private final Map<AddressBlock, Count> sources;
  private int parked;

  /**
   * Counts nothing yet.
   *
   * @param nodes how many nodes there are for a guesser to try at, this one included
   */
  Throttle(ThrottleSettings settings, InstantSource clock, IntSupplier nodes) {
    this.settings = settings;
    this.clock = clock;
    this.nodes = nodes;
    this.names = new Bounded<>(settings.accounts());
    this.sources = new Bounded<>(settings.sources());
  }

  /** Failures of a source, or of a name from everywhere. */
  private static class Count {
    int failures;
    int underWay;
    Instant last = Instant.EPOCH;

    /** Failures that a login has before it, others under way counted as far as they do. */
    int weight(int past, int concurrentFree) {
      int others = underWay - 1;
      return past > 0 ? past + others : Math.max(0, others - concurrentFree);
    }

    void forget() {
      failures = 0;
    }
  }

  private static final class NameCount extends Count {
    final Map<AddressBlock, Integer> bySource = new Bounded<>(SOURCES_OF_A_NAME);
    final SequencedSet<ByteBuffer> wrongPasswords = new LinkedHashSet<>();
    final SequencedSet<AddressBlock> known = new LinkedHashSet<>();

    @Override
    void forget() {
      super.forget();
      bySource.clear();
    }
  }

  /**
   * A login under way. Ends by exactly one of the last three methods; a second end does nothing.
   */
  final class Ticket {
    private final AddressBlock source;
    private final NameCount name;
    private final @Nullable Count from;
    private boolean ended;

    private Ticket(AddressBlock source, NameCount name, @Nullable Count from) {
      this.source = source;
      this.name = name;
      this.from = from;
    }

    /**
     * How long to wait; empty if the login is refused. After a wait of more than nothing, {@link
     * #waited} follows.
     */
    Optional<Duration> delay() {
      synchronized (Throttle.this) {
        expire(name);
        int ofName = everywhere(nameWeight(source, name), settings.accountFree());
        int ofSource = 0;
        if (from != null) {
          expire(from);
          int here = from.weight(from.failures, settings.concurrentFree());
          ofSource = everywhere(here, settings.sourceFree());
        }
        if (ofName >= settings.accountLimit() || ofSource >= settings.sourceLimit()) {
          return Optional.empty();
        }
        Duration delay =
            longer(step(ofName - settings.accountFree()), step(ofSource - settings.sourceFree()));
        if (!delay.isZero()) {
          if (parked >= settings.parked()) {
            return Optional.empty();
          }
          parked++;
        }
        return Optional.of(delay);
      }
    }

    /** The wait is over. Says whether the login may be judged now. */
    boolean waited() {
      synchronized (Throttle.this) {
        parked--;
        int ofName = everywhere(nameFailures(source, name), settings.accountFree());
        int ofSource = from == null ? 0 : everywhere(from.failures, settings.sourceFree());
        return ofName < settings.accountLimit() && ofSource < settings.sourceLimit();
      }
    }

    /**
     * It failed.
     *
     * @param fingerprint a keyed digest of the wrong password, or null if it is not known
     */
    void failed(byte @Nullable [] fingerprint) {
      synchronized (Throttle.this) {
        if (!end()) {
          return;
        }
        if (fingerprint != null && repeated(name, ByteBuffer.wrap(fingerprint))) {
          return;
        }
        count(name);
        name.bySource.merge(source, 1, Integer::sum);
        if (from != null) {
          count(from);
        }
      }
    }

    /** It succeeded: what this source has failed at this name is forgiven. */
    void succeeded() {
      synchronized (Throttle.this) {
        if (!end()) {
          return;
        }
        Integer forgiven = name.bySource.remove(source);
        if (forgiven != null) {
          name.failures = Math.max(0, name.failures - forgiven);
          if (from != null) {
            from.failures = Math.max(0, from.failures - forgiven);
          }
        }
        remember(name.known, source, settings.knownSources());
      }
    }

    /** It was never judged. */
    void abandoned() {
      synchronized (Throttle.this) {
        boolean _ = end();
      }
    }

    private boolean end() {
      if (ended) {
        return false;
      }
      ended = true;
      name.underWay--;
      if (from != null) {
        from.underWay--;
      }
      return true;
    }
  }

  /** A login begins. */
  Ticket begin(String name, InetAddress remote) {
    AddressBlock source = AddressBlock.source(remote);
    boolean trusted = settings.trusted().stream().anyMatch(block -> block.contains(remote));
    synchronized (this) {
      NameCount ofName = names.computeIfAbsent(name, _ -> new NameCount());
      Count ofSource = trusted ? null : sources.computeIfAbsent(source, _ -> new Count());
      Ticket ticket = new Ticket(source, ofName, ofSource);
      ofName.underWay++;
      if (ofSource != null) {
        ofSource.underWay++;
      }
      return ticket;
    }
  }

  /** Names and sources counted now, for metrics. */
  synchronized int size() {
    return names.size() + sources.size();
  }

  /** What failures here stand for, with those that other nodes may have seen. */
  private int everywhere(int here, int free) {
    return here <= free ? here : free + (here - free) * nodes.getAsInt();
  }

  private int nameWeight(AddressBlock source, NameCount name) {
    int past = nameFailures(source, name);
    return name.known.contains(source) ? past : name.weight(past, settings.concurrentFree());
  }

  private static int nameFailures(AddressBlock source, NameCount name) {
    return name.known.contains(source) ? name.bySource.getOrDefault(source, 0) : name.failures;
  }

  private Duration step(int failures) {
    return failures <= 0
        ? Duration.ZERO
        : settings.delays().get(Math.min(failures, settings.delays().size()) - 1);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) >= 0 ? one : other;
  }

  private void expire(Count count) {
    if (count.failures > 0 && count.last.plus(settings.forget()).isBefore(clock.instant())) {
      count.forget();
    }
  }

  private void count(Count count) {
    expire(count);
    count.failures++;
    count.last = clock.instant();
  }

  /** Whether the wrong password is one of the last few; it is now the last. */
  private boolean repeated(NameCount name, ByteBuffer fingerprint) {
    boolean known = name.wrongPasswords.contains(fingerprint);
    remember(name.wrongPasswords, fingerprint, settings.rememberedPasswords());
    return known;
  }

  private static <T> void remember(SequencedSet<T> set, T element, int limit) {
    set.addLast(element);
    Iterator<T> oldest = set.iterator();
    while (set.size() > limit && oldest.hasNext()) {
      oldest.next();
      oldest.remove();
    }
  }

  /** Forgets what has been unused for longest. */
  private static final class Bounded<K, V> extends LinkedHashMap<K, V> {
    private static final long serialVersionUID = 1L;
    private final int limit;

    Bounded(int limit) {
      super(16, 0.75f, true);
      this.limit = limit;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
      return size() > limit;
    }
  }
}
