package hikyaku.server.directory;

import java.util.regex.Pattern;

/**
 * Where sessions of an account, or of a domain's accounts, are served. Empty is what was not said:
 * of an account, that its domain decides.
 *
 * @param pool the group of nodes that serve them best
 * @param node the node that serves them best, before the pool; {@value #ANY} for none, even if the
 *     domain names one
 * @param backend the foreign server, by name, that serves them in place of this one; {@value #HERE}
 *     for none, even if the domain names one
 */
public record Routing(String pool, String node, String backend) {
  /** Nothing said. */
  public static final Routing NONE = new Routing("", "", "");

  /** No node, in spite of the domain. */
  public static final String ANY = "any";

  /** No foreign server, in spite of the domain. */
  public static final String HERE = "here";

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,252}");

  public Routing {
    check("pool", pool);
    check("node", node);
    check("backend", backend);
  }

  private static void check(String what, String name) {
    if (!name.isEmpty() && !NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "\""
              + name
              + "\" is no name of a "
              + what
              + ": lower-case letters, digits, dots, hyphens and underscores, a letter or digit first");
    }
  }

  /** What is left unsaid is as another says. */
  public Routing over(Routing other) {
    return new Routing(
        pool.isEmpty() ? other.pool : pool,
        node.isEmpty() ? other.node : node,
        backend.isEmpty() ? other.backend : backend);
  }

  /** The same without the words that only keep the domain's word away. */
  public Routing effective() {
    return new Routing(pool, node.equals(ANY) ? "" : node, backend.equals(HERE) ? "" : backend);
  }
}
