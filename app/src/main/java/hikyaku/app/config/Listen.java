package hikyaku.app.config;

import hikyaku.server.cluster.Wish;
import hikyaku.server.net.AddressPrefix;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Where to listen.
 *
 * @param standardPorts whether ports that are not set are the standard ones, which need the right
 *     to use ports below 1024. If not, they are the standard ones plus 2000. {@code
 *     --standard-ports} does the same
 * @param smtp mail from other servers (RFC 5321), port 25, with STARTTLS
 * @param submission mail from users (RFC 6409), port 587, with STARTTLS
 * @param submissions mail from users under TLS (RFC 8314), port 465
 * @param lmtp mail from a mail transfer agent beside this server (RFC 2033), port 24. Whoever
 *     reaches it may deliver without a login. On port 2024, if nobody set it, it is left out with a
 *     warning where another program has that port
 * @param pop3 mailboxes by POP3 (RFC 1939), port 110, with STLS
 * @param pop3s POP3 under TLS (RFC 8314), port 995
 * @param imap mailboxes by IMAP (RFC 9051), port 143, with STARTTLS
 * @param imaps IMAP under TLS (RFC 8314), port 993
 * @param managesieve Sieve scripts by ManageSieve (RFC 5804), port 4190 and so 6190, with STARTTLS.
 *     On port 6190, if nobody set it, it is left out with a warning where another program has that
 *     port
 * @param link sessions that fronts carry, port 90 and so 2090. Off unless set: a node needs it only
 *     behind a front
 * @param web what there is for everybody over HTTPS: members of mailing lists leave by it with one
 *     click, other servers get policies ({@code mta-sts-policy}). Port 443 and so 2443. Off unless
 *     set; {@code lists.url} says how it is seen from outside
 * @param admin status page, metrics, health and the interface of the command line over HTTP, port
 *     80 and so 2080. Without TLS: keep it on loopback
 */
public record Listen(
    boolean standardPorts,
    Listener smtp,
    Listener submission,
    Listener submissions,
    Listener lmtp,
    Listener pop3,
    Listener pop3s,
    Listener imap,
    Listener imaps,
    Listener managesieve,
    Listener link,
    Listener web,
    Listener admin) {
  public static final Listen DEFAULTS =
      new Listen(
          false,
          Listener.EVERYWHERE,
          Listener.EVERYWHERE,
          Listener.EVERYWHERE,
          Listener.LOOPBACK,
          Listener.EVERYWHERE,
          Listener.EVERYWHERE,
          Listener.EVERYWHERE,
          Listener.EVERYWHERE,
          Listener.EVERYWHERE,
          Listener.OFF,
          Listener.OFF_EVERYWHERE,
          Listener.LOOPBACK);

  public Listen {
    if (!admin.enabled()) {
      throw new IllegalArgumentException(
          "listen.admin cannot be switched off: commands reach a running node by it");
    }
    if (!link.proxyFrom().isEmpty() || !web.proxyFrom().isEmpty() || !admin.proxyFrom().isEmpty()) {
      throw new IllegalArgumentException(
          "listen.link, listen.web and listen.admin take no connections from proxies: proxy-from is"
              + " not for them");
    }
    if (!link.pool().isEmpty()
        || !web.pool().isEmpty()
        || !admin.pool().isEmpty()
        || !lmtp.pool().isEmpty()) {
      throw new IllegalArgumentException(
          "sessions of listen.link, listen.web, listen.admin and listen.lmtp are not given to"
              + " nodes: pool is not for them");
    }
  }

  /** What is added to a standard port where those are not used. */
  public static final int OFFSET = 2000;

  /** The port for a listener whose standard one is given. */
  public int port(Listener listener, int standard) {
    return listener.port().orElse(standardPorts ? standard : standard + OFFSET);
  }

  public Listen withStandardPorts() {
    return with(true, link);
  }

  /** The same with a link for fronts. */
  public Listen withLink() {
    return with(standardPorts, link.on());
  }

  private Listen with(boolean newPorts, Listener newLink) {
    return new Listen(
        newPorts,
        smtp,
        submission,
        submissions,
        lmtp,
        pop3,
        pop3s,
        imap,
        imaps,
        managesieve,
        newLink,
        web,
        admin);
  }

  /** The pools that listeners name, by the listener's name. */
  public Map<String, String> pools() {
    Map<String, String> pools = new TreeMap<>();
    pools.put("smtp", smtp.pool());
    pools.put("submission", submission.pool());
    pools.put("submissions", submissions.pool());
    pools.put("pop3", pop3.pool());
    pools.put("pop3s", pop3s.pool());
    pools.put("imap", imap.pool());
    pools.put("imaps", imaps.pool());
    pools.put("managesieve", managesieve.pool());
    pools.values().removeIf(String::isEmpty);
    return pools;
  }

  /** The same with every listener changed alike. */
  public Listen map(UnaryOperator<Listener> change) {
    return new Listen(
        standardPorts,
        change.apply(smtp),
        change.apply(submission),
        change.apply(submissions),
        change.apply(lmtp),
        change.apply(pop3),
        change.apply(pop3s),
        change.apply(imap),
        change.apply(imaps),
        change.apply(managesieve),
        change.apply(link),
        change.apply(web),
        change.apply(admin));
  }

  /**
   * One listener.
   *
   * @param enabled whether to listen at all
   * @param port the port; 0 takes any free one. Empty for the usual one
   * @param addresses addresses of this machine to listen on; {@code *} is all of them
   * @param proxyFrom addresses, or prefixes such as {@code 10.0.0.0/8}, of proxies that begin each
   *     connection with a header of the PROXY protocol, version 1 or 2, which then says who the
   *     client is. A connection from there without one is closed; from elsewhere none is believed.
   *     Not for {@code link} and {@code admin}
   * @param pool on a front, the group of nodes that clients of this listener are given to if one of
   *     it is up, until they log in and it is known where they belong; see {@code hikyaku node
   *     pools}. Empty for the common one. Not for nodes
   */
  public record Listener(
      boolean enabled,
      Optional<Integer> port,
      List<String> addresses,
      List<AddressPrefix> proxyFrom,
      String pool) {
    static final Listener EVERYWHERE = usual(true, "*");
    static final Listener OFF = usual(false, "127.0.0.1");
    static final Listener OFF_EVERYWHERE = usual(false, "*");
    static final Listener LOOPBACK = usual(true, "127.0.0.1");

    private static Listener usual(boolean enabled, String address) {
      return new Listener(enabled, Optional.empty(), List.of(address), List.of(), "");
    }

    public Listener {
      if (port.filter(number -> number > 65535).isPresent()) {
        throw new IllegalArgumentException("a port is at most 65535, not " + port.orElseThrow());
      }
      if (!pool.isEmpty()) {
        Wish.checkPool(pool);
      }
      if (enabled && addresses.isEmpty()) {
        throw new IllegalArgumentException(
            "a listener needs an address; to switch it off write enabled = false");
      }
    }

    Listener on() {
      return new Listener(true, port, addresses, proxyFrom, pool);
    }

    public Listener at(int newPort, String address) {
      return new Listener(enabled, Optional.of(newPort), List.of(address), proxyFrom, pool);
    }
  }
}
