package hikyaku.server.cluster;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a node tells of itself once, when it joins.
 *
 * @param name unique in the cluster
 * @param directory a random number that stays with the data directory, of which one process at a
 *     time has hold
 * @param version of the program
 * @param roles what it does, at least one
 * @param link host and port at which fronts reach it; empty if they do not
 * @param admin host and port of its status page
 * @param started when this run began
 * @param connections the most that it takes at one time
 * @param connectionsPerProtocol the most of one protocol
 * @param mailSources addresses that its mail goes out from; none if they are left to the system
 */
public record Identity(
    String name,
    long directory,
    String version,
    Set<Role> roles,
    Optional<String> link,
    String admin,
    Instant started,
    int connections,
    int connectionsPerProtocol,
    List<String> mailSources) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,252}");

  public Identity {
    roles = Set.copyOf(roles);
    mailSources = List.copyOf(mailSources);
    if (!isName(name)) {
      throw new IllegalArgumentException("\"" + name + "\" is no name of a node");
    }
  }

  /**
   * Whether it can be a node's name: 1 to 253 lower-case letters, digits, dots, hyphens and
   * underscores, of which the first is a letter or digit.
   */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }
}
