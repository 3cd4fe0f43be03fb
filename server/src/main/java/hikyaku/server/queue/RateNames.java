package hikyaku.server.queue;

import hikyaku.server.directory.Address;
import hikyaku.server.smtpclient.Relay;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What destinations are called in {@code queue.rates}. */
final class RateNames {
  private static final String BELOW = "*.";

  private RateNames() {}

  /**
   * The one spelling of a name.
   *
   * @throws IllegalArgumentException with a sentence for the operator, if it is none
   */
  static String canonical(String name) {
    if (name.contains("://")) {
      try {
        return Relay.parse(name).toString();
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("queue.rates: " + e.getMessage(), e);
      }
    }
    String prefix = name.startsWith(BELOW) ? BELOW : "";
    return Address.canonicalDomain(name.substring(prefix.length()))
        .map(domain -> prefix + domain)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "queue.rates: \""
                    + name
                    + "\" is neither a domain, nor such as *.example.org, nor a server such as"
                    + " smtp://HOST"));
  }

  /**
   * All that a domain is called, the nearest first: itself, then what is above it.
   *
   * @param domain in A-labels and lower case
   */
  static Stream<String> of(String domain) {
    Stream.Builder<String> names = Stream.builder();
    names.add(domain);
    for (int dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
      names.add(BELOW + domain.substring(dot + 1));
    }
    return names.build();
  }

  /**
   * @throws IllegalArgumentException with a sentence for the operator, if a rate would never hold,
   *     as all mail for its domain goes by a server that was named
   */
  static void check(Set<String> names, Map<String, Relay> routes, Optional<Relay> relay) {
    for (String name : names) {
      if (!name.contains("://")) {
        Optional.ofNullable(routes.get(name))
            .or(() -> relay)
            .ifPresent(server -> {
              throw new IllegalArgumentException(
                  "queue.rates: mail for "
                      + name
                      + " goes by "
                      + server
                      + ", so it is that server which can have a rate");
            });
      }
    }
  }
}
