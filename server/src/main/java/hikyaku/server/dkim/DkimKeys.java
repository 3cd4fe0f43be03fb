package hikyaku.server.dkim;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.auth.SecretSealer;
import hikyaku.server.directory.Credentials;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * The keys of all domains, the same for all nodes. Reading is current; a change is durable when its
 * method returns. Every method may throw {@link StoreException}. Domains are named in A-labels and
 * lower case. Safe for use by many threads.
 */
public final class DkimKeys {
  /** Keys that a domain may have. */
  public static final int MOST = 20;

  private static final int PAGE = 200;

  /** Domains whose keys are held in memory; of each about 4 KiB. */
  private static final int CACHED = 2_000;

  private final LogStore logs;
  private final SecretSealer sealer;
  private final InstantSource clock;
  private final Cache<String, Held> held = Caffeine.newBuilder().maximumSize(CACHED).build();

  public DkimKeys(LogStore logs, SecretSealer sealer, InstantSource clock) {
    this.logs = logs;
    this.sealer = sealer;
    this.clock = clock;
  }

  /**
   * A key ready to sign.
   *
   * @param key nothing if the private one cannot be read: it is under another installation's key
   */
  record Signing(DkimKey of, Optional<PrivateKey> key) {}

  /** A fold, and what signs by it. */
  private record Held(KeyRing ring, List<Signing> signing) {}

  static LogName log(String domain) {
    return new LogName("dkim/" + domain);
  }

  /** The keys of a domain, in the order in which they came. */
  public List<DkimKey> keys(String domain) {
    return List.copyOf(look(domain).ring.keys().values());
  }

  /** Whether mail of a domain is signed now. */
  public boolean hasActive(String domain) {
    return !signing(domain).isEmpty();
  }

  /** The key of this selector. */
  public Optional<DkimKey> key(String domain, String selector) {
    return Optional.ofNullable(look(domain).ring.keys().get(selector));
  }

  /** Those that sign now, at most one of each algorithm. */
  List<Signing> signing(String domain) {
    return look(domain).signing;
  }

  // ---- changes

  /**
   * Keeps a key, which does not sign yet.
   *
   * @param selector empty for one that names the day
   * @param imported whether it was made elsewhere
   * @throws DkimException if the selector is taken or no selector, or there are too many keys
   */
  public DkimKey add(
      String domain, Optional<String> selector, KeyMaterial material, boolean imported)
      throws DkimException {
    while (true) {
      KeyRing ring = look(domain).ring;
      if (ring.keys().size() >= MOST) {
        throw new DkimException(domain + " has " + MOST + " keys already; delete old ones first");
      }
      String name =
          selector.isPresent()
              ? Selector.checked(selector.get(), domain)
              : Selector.checked(
                  Selector.dated(clock.instant(), material.algorithm(), ring.keys()::containsKey),
                  domain);
      if (ring.keys().containsKey(name)) {
        throw new DkimException(domain + " has a key of the selector " + name + " already");
      }
      Instant now = clock.instant();
      DkimKey key =
          new DkimKey(
              domain,
              name,
              material.algorithm(),
              DkimKey.State.NEW,
              material.publicKey(),
              sealed(domain, name, material),
              imported,
              now,
              now);
      if (appended(ring, List.of(KeyRing.added(key)))) {
        return key;
      }
    }
  }

  private Credentials.Sealed sealed(String domain, String selector, KeyMaterial material) {
    byte[] secret = material.pkcs8();
    try {
      return sealer.seal(DkimKey.recordName(selector, domain), secret);
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }

  /** Lets a key sign from now on, and retires the one of its algorithm that did. */
  public void activate(String domain, String selector) throws DkimException {
    while (true) {
      KeyRing ring = look(domain).ring;
      DkimKey key = existing(ring, selector);
      if (key.state() == DkimKey.State.ACTIVE) {
        return;
      }
      List<Event> events = new ArrayList<>();
      ring.active(key.algorithm())
          .ifPresent(old -> events.add(KeyRing.moved(old.selector(), DkimKey.State.RETIRED)));
      events.add(KeyRing.moved(selector, DkimKey.State.ACTIVE));
      if (appended(ring, events)) {
        return;
      }
    }
  }

  /** Lets a key sign no longer. */
  public void retire(String domain, String selector) throws DkimException {
    while (true) {
      KeyRing ring = look(domain).ring;
      DkimKey key = existing(ring, selector);
      if (key.state() == DkimKey.State.RETIRED
          || appended(ring, List.of(KeyRing.moved(selector, DkimKey.State.RETIRED)))) {
        return;
      }
    }
  }

  /**
   * Forgets a key, its private half too.
   *
   * @throws DkimException if it signs
   */
  public void delete(String domain, String selector) throws DkimException {
    while (true) {
      KeyRing ring = look(domain).ring;
      if (existing(ring, selector).state() == DkimKey.State.ACTIVE) {
        throw new DkimException(
            "the key " + selector + " signs; activate another or retire it before");
      }
      if (appended(ring, List.of(KeyRing.deleted(selector)))) {
        compact(domain);
        return;
      }
    }
  }

  /** Forgets all keys of a domain. */
  public void forget(String domain) {
    KeyRing ring = look(domain).ring;
    while (!ring.keys().isEmpty() && !appended(ring, List.of(KeyRing.forgotten()))) {
      ring = look(domain).ring;
    }
    if (ring.seq() > 0) {
      compact(domain);
    }
  }

  /** Lets go of entries, so that a private key that was deleted is not kept in the log. */
  private void compact(String domain) {
    KeyRing ring = look(domain).ring;
    logs.saveSnapshot(log(domain), new Snapshot(ring.seq(), ring.snapshot()));
    logs.compact(log(domain), LongStream.rangeClosed(1, ring.seq()).toArray());
  }

  private static DkimKey existing(KeyRing ring, String selector) throws DkimException {
    DkimKey key = ring.keys().get(selector);
    if (key == null) {
      throw new DkimException(ring.domain() + " has no key of the selector " + selector);
    }
    return key;
  }

  private boolean appended(KeyRing ring, List<Event> events) {
    Append append = new Append(log(ring.domain()), events, Append.Expect.at(ring.seq()), null);
    return logs.append(append) instanceof Appended;
  }

  // ---- reading

  private Held look(String domain) {
    LogName log = log(domain);
    Head head = logs.head(log);
    if (!head.exists()) {
      return new Held(KeyRing.none(domain), List.of());
    }
    Held known = held.getIfPresent(domain);
    if (known != null && known.ring.seq() == head.seq()) {
      return known;
    }
    // The logs are short, so a fold is made anew rather than brought up to date.
    Held now = held(fold(domain, log));
    held.put(domain, now);
    return now;
  }

  private KeyRing fold(String domain, LogName log) {
    while (true) {
      Optional<Snapshot> snapshot = logs.snapshot(log);
      try {
        KeyRing ring =
            snapshot.isPresent() ? KeyRing.of(domain, snapshot.get()) : KeyRing.none(domain);
        boolean whole = true;
        long head = logs.head(log).seq();
        while (whole && ring.seq() < head) {
          List<Entry> page = logs.read(log, ring.seq(), head, PAGE);
          // If another node compacts the log meanwhile, entries lack that its snapshot has.
          whole = !page.isEmpty();
          for (Entry entry : page) {
            whole &= entry.seq() == ring.seq() + 1;
            if (whole) {
              ring = ring.with(entry);
            }
          }
        }
        if (whole) {
          return ring;
        }
      } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
        throw new StoreException.Corrupt("log " + log + " makes no sense", e);
      }
      if (snapshot.equals(logs.snapshot(log))) {
        throw new StoreException.Corrupt("log " + log + " has a gap", null);
      }
    }
  }

  private Held held(KeyRing ring) {
    List<Signing> signing = new ArrayList<>();
    for (Algorithm algorithm : Algorithm.values()) {
      ring.active(algorithm).ifPresent(key -> signing.add(new Signing(key, open(key))));
    }
    return new Held(ring, List.copyOf(signing));
  }

  private Optional<PrivateKey> open(DkimKey key) {
    Optional<byte[]> secret = sealer.open(key.recordName(), key.sealed());
    try {
      return secret.isEmpty()
          ? Optional.empty()
          : Optional.of(KeyMaterial.privateKey(key.algorithm(), secret.get()));
    } catch (GeneralSecurityException e) {
      throw new StoreException.Corrupt("the key " + key.recordName() + " makes no sense", e);
    } finally {
      secret.ifPresent(octets -> Arrays.fill(octets, (byte) 0));
    }
  }
}
