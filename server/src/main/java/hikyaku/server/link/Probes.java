package hikyaku.server.link;

/**
 * What fronts and nodes call the sessions by which a front finds out how a node fares. They are
 * opened by a ticket as others are, are served beside the clients' sessions and not among them, and
 * never move to another node.
 */
public final class Probes {
  /** Before the name of a service: the one that serves probes. */
  public static final String SERVICE = "probe:";

  /** What the ids of such sessions begin with. */
  public static final String SESSION = "probe-";

  /** The domain of the synthetic users, which no other session knows (RFC 2606 §2). */
  public static final String DOMAIN = "probe.invalid";

  private Probes() {}

  static boolean isProbe(String service) {
    return service.startsWith(SERVICE);
  }
}
