package hikyaku.server.mtasts;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.dns.Dns;
import hikyaku.server.dns.DnsException;
import hikyaku.server.mtasts.StsPolicy.Mode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The policies of other domains. Safe for many threads. */
public final class StsPolicies {
  private static final Logger LOG = LoggerFactory.getLogger(StsPolicies.class);

  /** How exactly it is known when there last was mail for a domain. */
  private static final Duration DAY = Duration.ofDays(1);

  private static final int REMEMBERED = 20_000;
  private static final int PAGE = 500;

  private final Dns dns;
  private final PolicyHost host;
  private final PolicyBook book;
  private final StsSettings settings;
  private final InstantSource clock;

  /** Policies that could not be had lately, and since when. */
  private final Cache<String, Trouble> troubles =
      Caffeine.newBuilder().maximumSize(REMEMBERED).build();

  /** Domains whose policy is being fetched while their mail goes on by the one that is known. */
  private final Set<String> renewed = ConcurrentHashMap.newKeySet();

  /** Of domains whose policy is being fetched: a slow policy host delays nobody else's mail. */
  private final Cache<String, ReentrantLock> locks = Caffeine.newBuilder().weakValues().build();

  public StsPolicies(
      Dns dns, PolicyHost host, LogStore logs, StsSettings settings, InstantSource clock) {
    this.dns = dns;
    this.host = host;
    this.book = new PolicyBook(logs);
    this.settings = settings;
    this.clock = clock;
  }

  private record Trouble(StsException cause, Instant since) {}

  /**
   * What is known of a domain.
   *
   * @param policy the one that holds now, of mode none too
   * @param id as DNS had it when the policy was fetched; empty without one
   * @param expires when it ends; the beginning of time without one
   * @param trouble why it, or a newer one, could not be had
   */
  public record Found(
      Optional<StsPolicy> policy, String id, Instant expires, Optional<StsException> trouble) {
    public static final Found NOTHING =
        new Found(Optional.empty(), "", Instant.EPOCH, Optional.empty());

    /** The policy that demands something. */
    public Optional<StsPolicy> demanding() {
      return policy.filter(each -> each.mode() != Mode.NONE);
    }
  }

  /**
   * The policy for mail to a domain. Waits for DNS, and for the policy host if nothing that holds
   * is known or DNS tells of a newer one.
   *
   * @param domain in A-labels and lower case
   */
  public Found find(String domain) {
    if (!settings.enabled()) {
      return Found.NOTHING;
    }
    Instant now = clock.instant();
    PolicyBook.Held held =
        book.look(domain).filter(each -> each.expires().isAfter(now)).orElse(null);
    Optional<String> id = id(domain);
    if (id.isEmpty()) {
      return found(domain, held);
    }
    if (held == null || !held.id().equals(id.get())) {
      return found(domain, fetch(domain, id.get(), held, now));
    }
    boolean old = Duration.between(held.used(), now).compareTo(DAY) > 0;
    if ((old || held.isAging(now)) && !isInTrouble(domain, now) && renewed.add(domain)) {
      Thread.ofVirtual().name("mta-sts").start(() -> renew(domain, id.get()));
    }
    return found(domain, held);
  }

  private Found found(String domain, PolicyBook.@Nullable Held held) {
    Optional<StsException> trouble =
        Optional.ofNullable(troubles.getIfPresent(domain)).map(Trouble::cause);
    return held == null
        ? new Found(Optional.empty(), "", Instant.EPOCH, trouble)
        : new Found(Optional.of(held.policy()), held.id(), held.expires(), trouble);
  }

  private boolean isInTrouble(String domain, Instant now) {
    Trouble trouble = troubles.getIfPresent(domain);
    return trouble != null && trouble.since.plus(settings.retry()).isAfter(now);
  }

  /** What DNS says; nothing too if it does not answer, as then what is known holds on. */
  private Optional<String> id(String domain) {
    try {
      return dns.txt("_mta-sts." + domain).flatMap(StsParser::id);
    } catch (DnsException e) {
      LOG.atDebug().addKeyValue("domain", domain).log("nobody says whether there is a policy");
      return Optional.empty();
    }
  }

  private void renew(String domain, String id) {
    try {
      var unused = fetch(domain, id, null, clock.instant());
    } catch (StoreException e) {
      LOG.atWarn()
          .addKeyValue("domain", domain)
          .addKeyValue("cause", e.getMessage())
          .log("a policy about TLS cannot be kept");
    } finally {
      renewed.remove(domain);
    }
  }

  /**
   * Fetches a policy, one thread for a domain at a time.
   *
   * @param held what is known
   * @return the newest that holds, or null
   */
  private PolicyBook.@Nullable Held fetch(
      String domain, String id, PolicyBook.@Nullable Held held, Instant asked) {
    ReentrantLock lock = locks.get(domain, _ -> new ReentrantLock());
    lock.lock();
    try {
      Instant now = clock.instant();
      PolicyBook.Held latest = book.look(domain).orElse(null);
      if (latest != null && latest.id().equals(id) && !latest.fetched().isBefore(asked)) {
        return latest;
      }
      if (isInTrouble(domain, now)) {
        return held;
      }
      StsPolicy policy = host.fetch(domain);
      troubles.invalidate(domain);
      return book.put(domain, new PolicyBook.Held(id, policy, now, now));
    } catch (StsException e) {
      troubled(domain, e);
      return held;
    } finally {
      lock.unlock();
    }
  }

  private void troubled(String domain, StsException e) {
    troubles.put(domain, new Trouble(e, clock.instant()));
    LOG.atInfo()
        .addKeyValue("domain", domain)
        .addKeyValue("kind", e.kind().word())
        .addKeyValue("cause", e.getMessage())
        .log("a domain's policy about TLS cannot be had");
  }

  /**
   * Renews policies that are about to end and whose domains there was mail for lately, and forgets
   * those that have ended.
   *
   * @return how many
   */
  public long tidy() {
    long done = 0;
    @Nullable LogName after = null;
    Map<LogName, Head> page;
    do {
      page = book.page(after, PAGE);
      for (LogName log : page.keySet()) {
        after = log;
        done += tidy(PolicyBook.domain(log)) ? 1 : 0;
      }
    } while (page.size() == PAGE);
    return done;
  }

  private boolean tidy(String domain) {
    Instant now = clock.instant();
    PolicyBook.Held held = book.look(domain).orElse(null);
    if (held == null) {
      return false;
    }
    if (!held.expires().isAfter(now)) {
      book.drop(domain);
      return true;
    }
    boolean wanted = held.used().plus(settings.unused()).isAfter(now);
    Optional<String> id =
        settings.enabled() && wanted && held.isAging(now) ? id(domain) : Optional.empty();
    if (id.isEmpty() || isInTrouble(domain, now)) {
      return false;
    }
    try {
      StsPolicy policy = host.fetch(domain);
      var unused = book.put(domain, new PolicyBook.Held(id.get(), policy, now, held.used()));
      return true;
    } catch (StsException e) {
      troubled(domain, e);
      return false;
    }
  }
}
