package hikyaku.server.queue;

import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Language;
import hikyaku.server.smtpclient.ClientSettings;
import hikyaku.server.smtpclient.Relay;
import hikyaku.server.smtpclient.Route;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How mail goes out.
 *
 * @param relay a server that takes all mail for others, as {@code smtp://HOST} (STARTTLS, with a
 *     certificate that is checked), {@code smtps://HOST} or {@code smtp+plain://HOST} (no TLS),
 *     with {@code USER@} before the host for a login and {@code :PORT} behind it. Empty to find
 *     servers by DNS
 * @param routes the same for single domains, as {@code {"example.org" = "smtp://HOST"}}
 * @param senders the same for single senders, an address or a domain, as {@code {"example.org" =
 *     "smtp://HOST"}}, for mail to domains that have none of their own
 * @param passwords a file with a line for each login at a relay: {@code USER@HOST}, a space, the
 *     password. It is read at each login
 * @param firstRetry how long what was put off waits the first time. Each time it is twice as long
 * @param longestRetry the longest such wait
 * @param lifetime how long a message is tried before its sender is told that it failed
 * @param delayWarning after how long the sender is told that it takes long; {@code 0s} for never
 * @param reportLanguage in which senders are told what became of their mail where neither the
 *     message nor their domain says it: {@code en} or {@code ja}
 * @param deliveries connections that a node has open to other servers at one time
 * @param perDestination the most of them to one destination. It begins with fewer, has more as
 *     messages get through, and less when the other side does not keep up
 * @param rate how many messages may go to each destination in a time, over all nodes, as {@code
 *     100/1h} or {@code 5/10s}. Empty for as many as there are. A message to many at one
 *     destination counts once for each 100 of them
 * @param rates the same for single destinations: a domain, {@code *.example.org} for all below it,
 *     or a server as in {@code queue.relay}, as {@code {"example.org" = "100/1h"}}; {@code
 *     unlimited} for no rate
 * @param client how other servers are spoken to
 */
public record QueueSettings(
    Optional<Relay> relay,
    Map<String, Relay> routes,
    Map<String, Relay> senders,
    Optional<Path> passwords,
    Duration firstRetry,
    Duration longestRetry,
    Duration lifetime,
    Duration delayWarning,
    Language reportLanguage,
    int deliveries,
    int perDestination,
    Optional<Rate> rate,
    Map<String, Rate> rates,
    ClientSettings client) {
  public static final QueueSettings DEFAULTS =
      new QueueSettings(
          Optional.empty(),
          Map.of(),
          Map.of(),
          Optional.empty(),
          Duration.ofMinutes(2),
          Duration.ofHours(1),
          Duration.ofDays(5),
          Duration.ofHours(4),
          Language.EN,
          200,
          20,
          Optional.empty(),
          Map.of(),
          ClientSettings.DEFAULTS);

  public QueueSettings {
    routes = Map.copyOf(routes);
    senders =
        senders.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    each -> each.getKey().toLowerCase(Locale.ROOT), Map.Entry::getValue));
    rates =
        rates.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    each -> RateNames.canonical(each.getKey()),
                    Map.Entry::getValue,
                    (_, _) -> {
                      throw new IllegalArgumentException("queue.rates names one destination twice");
                    }));
    RateNames.check(rates.keySet(), routes, relay);
    if (deliveries < 1 || perDestination < 1) {
      throw new IllegalArgumentException(
          "queue.deliveries and queue.per-destination must be 1 at least");
    }
    if (firstRetry.isZero() || longestRetry.compareTo(firstRetry) < 0) {
      throw new IllegalArgumentException(
          "queue.first-retry must be more than 0s, and queue.longest-retry no less than that");
    }
  }

  /** How many messages may go somewhere in a time; nothing for as many as there are. */
  public Optional<Rate> rate(Route destination) {
    Optional<Rate> own =
        switch (destination) {
          case Route.Named(Relay server) -> Optional.ofNullable(rates.get(server.toString()));
          case Route.Exchange(String domain) ->
              RateNames.of(domain)
                  .flatMap(name -> Optional.ofNullable(rates.get(name)).stream())
                  .findFirst();
        };
    return own.or(() -> rate).filter(found -> !found.isUnlimited());
  }

  /** Where mail for a domain goes, however the domain is written, whoever sends it. */
  public Route route(String written) {
    return route(written, ReversePath.NULL);
  }

  /**
   * Where mail for a domain goes, however the domain is written.
   *
   * @param sender as other servers are told
   */
  public Route route(String written, ReversePath sender) {
    String domain =
        Address.canonicalDomain(written).orElseGet(() -> written.toLowerCase(Locale.ROOT));
    return Optional.ofNullable(routes.get(domain))
        .or(() -> bySender(sender))
        .or(() -> relay)
        .<Route>map(Route.Named::new)
        .orElseGet(() -> new Route.Exchange(domain));
  }

  /**
   * All servers that may be handed mail of senders in a domain, to be carried on.
   *
   * @param domain in A-labels and lower case
   */
  public List<Relay> relaysOf(String domain) {
    return Stream.of(
            relay.stream(),
            new TreeMap<>(routes).values().stream(),
            new TreeMap<>(senders)
                .entrySet().stream()
                    .filter(each -> isSenderOf(each.getKey(), domain))
                    .map(Map.Entry::getValue))
        .flatMap(servers -> servers)
        .distinct()
        .toList();
  }

  private static boolean isSenderOf(String sender, String domain) {
    String of = sender.substring(sender.lastIndexOf('@') + 1);
    return Address.canonicalDomain(of).orElse(of).equals(domain);
  }

  private Optional<Relay> bySender(ReversePath sender) {
    if (!(sender instanceof Mailbox mailbox)) {
      return Optional.empty();
    }
    String domain =
        Address.canonicalDomain(mailbox.domain())
            .orElseGet(() -> mailbox.domain().toLowerCase(Locale.ROOT));
    return Optional.ofNullable(senders.get(mailbox.toString().toLowerCase(Locale.ROOT)))
        .or(() -> Optional.ofNullable(senders.get(domain)));
  }
}
