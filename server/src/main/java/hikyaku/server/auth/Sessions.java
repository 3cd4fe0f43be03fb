package hikyaku.server.auth;

import hikyaku.server.directory.Service;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** Counts the sessions that each account has, by service. Holds only accounts that have some. */
final class Sessions {
  private final SessionLimits limits;
  private final Map<String, Map<Service, Integer>> counts = new HashMap<>();

  Sessions(SessionLimits limits) {
    this.limits = limits;
  }

  /** A place for one more session, if there is one. */
  synchronized Optional<LoginLease> take(String accountId, Service service) {
    Map<Service, Integer> count = counts.getOrDefault(accountId, Map.of());
    if (count.getOrDefault(service, 0) >= limits.of(service) || total(count) >= limits.total()) {
      return Optional.empty();
    }
    return Optional.of(takeBack(accountId, service));
  }

  /** A place for a session that had one, perhaps on another node; there is always one. */
  synchronized LoginLease takeBack(String accountId, Service service) {
    counts
        .computeIfAbsent(accountId, _ -> new EnumMap<>(Service.class))
        .merge(service, 1, Integer::sum);
    return new Lease(accountId, service);
  }

  private static int total(Map<Service, Integer> count) {
    return count.values().stream().mapToInt(Integer::intValue).sum();
  }

  private synchronized void giveBack(String accountId, Service service) {
    counts.computeIfPresent(
        accountId,
        (_, count) -> {
          count.merge(service, -1, Integer::sum);
          return total(count) == 0 ? null : count;
        });
  }

  /** Sessions of all accounts, for metrics. */
  synchronized int size() {
    return counts.values().stream().mapToInt(Sessions::total).sum();
  }

  private final class Lease implements LoginLease {
    private final String accountId;
    private final Service service;
    private final AtomicBoolean closed = new AtomicBoolean();

    Lease(String accountId, Service service) {
      this.accountId = accountId;
      this.service = service;
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        giveBack(accountId, service);
      }
    }
  }
}
