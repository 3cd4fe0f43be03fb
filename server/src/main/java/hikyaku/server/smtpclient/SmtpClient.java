package hikyaku.server.smtpclient;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Hands messages over to other servers. Safe for use by many threads. */
public final class SmtpClient {
  /** Where servers take mail from each other. */
  public static final int PORT = 25;

  private final String hello;
  private final ClientSettings settings;
  private final TlsMeans means;
  private final Exchanges exchanges;

  /**
   * @param hello our name, as other servers know it
   * @param own further names by which mail would come back here
   * @param port where exchanges listen: {@link #PORT}
   * @param password what a relay's user logs in with
   * @param means what TLS is judged by
   */
  public SmtpClient(
      String hello,
      Set<String> own,
      int port,
      ClientSettings settings,
      Names names,
      Password password,
      TlsMeans means) {
    this.hello = hello;
    this.settings = settings;
    this.means = means;
    Set<String> lower =
        java.util.stream.Stream.concat(own.stream(), java.util.stream.Stream.of(hello))
            .map(name -> name.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
    this.exchanges =
        new Exchanges(
            names,
            lower,
            port,
            settings.loopback(),
            relay -> of(password, relay),
            means,
            new SecureRandom());
  }

  /** Knows what to log in with. */
  @FunctionalInterface
  public interface Password {
    /** The password for a relay's user, or null if there is none. */
    @Nullable String of(Relay relay);
  }

  private static String of(Password password, Relay relay) throws UnreachableException {
    String found = password.of(relay);
    if (found == null) {
      throw new UnreachableException(
          Verdict.deferred("4.7.0", "there is no password for " + relay + " in queue.passwords"));
    }
    return found;
  }

  /** Looks where mail would go now, and over what TLS; connects to nobody. */
  public Survey survey(Route route) {
    List<Survey.Server> servers = new ArrayList<>();
    try {
      Exchanges.Offer offer = exchanges.offer(route, Letter.Tls.USUAL);
      for (Hop hop : offer.hops()) {
        servers.add(
            new Survey.Server(
                hop.name(),
                hop.address().getAddress().getHostAddress(),
                hop.told(),
                hop.policy(),
                ""));
      }
      offer.refused().forEach((host, why) -> servers.add(Survey.Server.refused(host, why)));
    } catch (UnreachableException e) {
      servers.add(Survey.Server.refused("", e));
    }
    return new Survey(servers);
  }

  /** Opens nothing yet. Used by one thread. */
  public Session session(Route route) {
    return new Session(route);
  }

  /**
   * What came of handing over.
   *
   * @param verdicts one for each recipient, in order
   * @param host who took it, or did not
   * @param tls the version of TLS; empty for none
   * @param reports whether that server has taken over the duty of reports (RFC 3461 §4)
   * @param times whether it has taken over to heed when mail is late (RFC 2852 §4)
   * @param converted whether it got the message in lines of 7-bit characters, as it takes no others
   */
  public record Result(
      List<Verdict> verdicts,
      String host,
      String tls,
      boolean reports,
      boolean times,
      boolean converted) {}

  /** Messages for one place, one after the other, over one connection while it lasts. */
  public final class Session implements AutoCloseable {
    private final Route route;
    private @Nullable SmtpConnection connection;

    /** What the connection was made for; others need another. */
    private Letter.Tls made = Letter.Tls.USUAL;

    private Session(Route route) {
      this.route = route;
    }

    /**
     * Hands a message over to the first server that can be reached.
     *
     * @param mayEnd asked before the message's last octets are sent: whether this is still to be
     *     done here
     * @throws UnreachableException if none can be; nothing was handed over
     */
    public Result send(Letter letter, BooleanSupplier mayEnd) throws UnreachableException {
      if (made != letter.tls()) {
        end();
        made = letter.tls();
      }
      SmtpConnection open = connection;
      if (open != null) {
        try {
          return send(open, letter, mayEnd);
        } catch (UnreachableException e) {
          // Servers end connections that have been used for a while.
          close();
        }
      }
      try {
        return first(letter, mayEnd);
      } catch (UnreachableException e) {
        if (made == Letter.Tls.REQUIRED && e.verdict().status().substring(1).startsWith(".7.")) {
          // It is this message that wants too much; others may get through.
          return new Result(
              letter.recipients().stream().map(_ -> e.verdict()).toList(),
              "",
              "",
              false,
              false,
              false);
        }
        throw e;
      }
    }

    private Result first(Letter letter, BooleanSupplier mayEnd) throws UnreachableException {
      UnreachableException trouble = null;
      for (Hop hop : exchanges.of(route, made)) {
        try {
          SmtpConnection fresh = SmtpConnection.open(hop, hello, settings, means);
          connection = fresh;
          if (made == Letter.Tls.REQUIRED && !fresh.offers("REQUIRETLS")) {
            throw new UnreachableException(
                Verdict.failed(
                    Demands.REQUIRED_STATUS,
                    hop + " does not promise TLS on the rest of the way, " + Demands.REQUIRED));
          }
          return send(fresh, letter, mayEnd);
        } catch (UnreachableException e) {
          close();
          if (!mayEnd.getAsBoolean()) {
            throw e;
          }
          // As long as one of them may do later, it is not over.
          trouble = trouble != null && e.verdict().isFinal() ? trouble : e;
        }
      }
      throw java.util.Objects.requireNonNull(trouble, "no hop");
    }

    private Result send(SmtpConnection over, Letter letter, BooleanSupplier mayEnd)
        throws UnreachableException {
      String tls = over.tls();
      HandOver handOver = new HandOver(over, letter, mayEnd);
      List<Verdict> verdicts = handOver.run();
      return new Result(
          verdicts,
          over.hop().toString(),
          tls,
          over.offers("DSN"),
          over.offers("DELIVERBY"),
          handOver.isConverted());
    }

    /** Says goodbye. */
    public void end() {
      if (connection != null) {
        connection.quit();
        connection = null;
      }
    }

    @Override
    public void close() {
      if (connection != null) {
        connection.close();
        connection = null;
      }
    }
  }
}
