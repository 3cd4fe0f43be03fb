package hikyaku.server.smtpclient;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands messages over to other servers. Safe for use by many threads. */
public final class SmtpClient {
  private static final Logger LOG = LoggerFactory.getLogger(SmtpClient.class);

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
    return new Session(route, true);
  }

  /**
   * The same for a place that has a rate: no message is offered to more than one host at an
   * attempt, so that none counts twice.
   */
  public Session pacedSession(Route route) {
    return new Session(route, false);
  }

  /**
   * What came of handing over.
   *
   * @param verdicts one for each recipient, in order, whichever server said it
   * @param host who took it, or did not
   * @param tls the version of TLS; empty for none
   * @param reports whether that server has taken over the duty of reports (RFC 3461 §4)
   * @param times whether it has taken over to heed when mail is late (RFC 2852 §4)
   * @param converted whether it got the message in lines of 7-bit characters, as it takes no others
   * @param elsewhere recipients whom another server took after this one had put them off, by their
   *     places
   */
  public record Result(
      List<Verdict> verdicts,
      String host,
      String tls,
      boolean reports,
      boolean times,
      boolean converted,
      Map<Integer, Result> elsewhere) {
    Result(
        List<Verdict> verdicts,
        String host,
        String tls,
        boolean reports,
        boolean times,
        boolean converted) {
      this(verdicts, host, tls, reports, times, converted, Map.of());
    }

    /** Of the server that had the last word about a recipient. */
    public Result of(int place) {
      return elsewhere.getOrDefault(place, this);
    }

    private boolean isTaken() {
      return verdicts.stream().allMatch(verdict -> verdict.kind() == Verdict.Kind.DELIVERED);
    }

    /** The same, but nothing is refused for ever. */
    private Result forNow() {
      List<Verdict> all = verdicts.stream().map(Verdict::forNow).toList();
      return new Result(all, host, tls, reports, times, converted, elsewhere);
    }

    /** With what another server made of some. */
    private Result and(List<Integer> places, Result other) {
      List<Verdict> all = new ArrayList<>(verdicts);
      Map<Integer, Result> taken = new HashMap<>(elsewhere);
      for (int i = 0; i < places.size(); i++) {
        Verdict verdict = other.verdicts.get(i);
        // The first one will do later; what another does not take need not be refused by it. But
        // whoever wonders about a second copy has to find where it may have come from.
        if (verdict.kind() == Verdict.Kind.DELIVERED || verdict.isInDoubt()) {
          all.set(places.get(i), verdict);
          taken.put(places.get(i), other);
        }
      }
      return new Result(all, host, tls, reports, times, converted, taken);
    }
  }

  /** Messages for one place, one after the other, over one connection while it lasts. */
  public final class Session implements AutoCloseable {
    private final Route route;
    private @Nullable SmtpConnection connection;

    /** Where the connection leads to goes before these. */
    private List<Hop> behind = List.of();

    /** What the connection was made for; others need another. */
    private Letter.Tls made = Letter.Tls.USUAL;

    /** Whether what is put off may still be offered to the next host: once in a session. */
    private boolean mayOffer;

    /** Whether the connection leads to such a host, while the one before it can be reached. */
    private boolean substitute;

    private Session(Route route, boolean mayOffer) {
      this.route = route;
      this.mayOffer = mayOffer;
    }

    /** As {@link #send(Letter, BooleanSupplier, Consumer)}, for whoever waits for all of it. */
    public Result send(Letter letter, BooleanSupplier mayEnd) throws UnreachableException {
      return send(letter, mayEnd, _ -> {});
    }

    /**
     * Hands a message over to the first server that can be reached. Those whom it puts off are
     * offered to the next host (RFC 5321 §5.1), over a connection in place of the one that there
     * was. Further messages go there as long as it takes all; then the first one has its turn
     * again, and what it puts off from now on waits. So a session has one connection at a time, and
     * goes to a next host and back once.
     *
     * @param mayEnd asked before the message's last octets are sent: whether this is still to be
     *     done here
     * @param sofar told what a host has made of it before those whom it puts off are offered to the
     *     next one, which may take long
     * @throws UnreachableException if none can be; nothing was handed over
     */
    public Result send(Letter letter, BooleanSupplier mayEnd, Consumer<Result> sofar)
        throws UnreachableException {
      if (made != letter.tls()) {
        end();
        made = letter.tls();
      }
      SmtpConnection open = connection;
      if (open != null) {
        try {
          Result result = send(open, letter, mayEnd);
          return substitute ? bySubstitute(result) : elsewhere(result, letter, mayEnd, sofar);
        } catch (UnreachableException e) {
          // Servers end connections that have been used for a while.
          close();
        }
      }
      try {
        return elsewhere(first(letter, mayEnd), letter, mayEnd, sofar);
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
      List<Hop> hops = exchanges.of(route, made);
      for (int i = 0; i < hops.size(); i++) {
        try {
          SmtpConnection fresh = open(hops.get(i));
          connection = fresh;
          behind = hops.subList(i + 1, hops.size());
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

    private SmtpConnection open(Hop hop) throws UnreachableException {
      SmtpConnection fresh = SmtpConnection.open(hop, hello, settings, means);
      if (made == Letter.Tls.REQUIRED && !fresh.offers("REQUIRETLS")) {
        fresh.close();
        throw new UnreachableException(
            Verdict.failed(
                Demands.REQUIRED_STATUS,
                hop + " does not promise TLS on the rest of the way, " + Demands.REQUIRED));
      }
      return fresh;
    }

    /**
     * Offers those whom a host has put off to the next one, at each of its addresses until one
     * judges the message. Who may have taken it has not put it off: it is offered to nobody else.
     *
     * @return what is known in any case; of what the first host has said nothing is lost
     */
    private Result elsewhere(
        Result first, Letter letter, BooleanSupplier mayEnd, Consumer<Result> sofar) {
      List<Integer> places =
          IntStream.range(0, first.verdicts.size())
              .filter(i -> first.verdicts.get(i).isPutOff())
              .boxed()
              .toList();
      SmtpConnection known = connection;
      if (!mayOffer || places.isEmpty() || known == null) {
        return first;
      }
      List<Hop> next = nextHost(known.hop());
      if (next.isEmpty()) {
        return first;
      }
      mayOffer = false;
      sofar.accept(first);
      end();
      Letter rest =
          letter.with(letter.from(), places.stream().map(letter.recipients()::get).toList());
      for (Hop hop : next) {
        try {
          if (!mayEnd.getAsBoolean()) {
            return first;
          }
          SmtpConnection over = open(hop);
          connection = over;
          substitute = true;
          return first.and(places, bySubstitute(send(over, rest, mayEnd)));
        } catch (UnreachableException e) {
          close();
          LOG.atDebug()
              .addKeyValue("host", hop)
              .addKeyValue("cause", e.getMessage())
              .log("the next host, for what was put off, cannot be reached");
        } catch (RuntimeException e) {
          // The store fails, say. The first one may have taken the message for others.
          close();
          LOG.atWarn()
              .setCause(e)
              .addKeyValue("host", hop)
              .log("what was put off could not be offered to the next host");
          return first;
        }
      }
      return first;
    }

    /** The addresses of the host behind the one that has been asked. */
    private List<Hop> nextHost(Hop asked) {
      return behind.stream()
          .map(Hop::name)
          .filter(name -> !name.equals(asked.name()))
          .findFirst()
          .map(name -> behind.stream().filter(hop -> hop.name().equals(name)).toList())
          .orElse(List.of());
    }

    /**
     * What a host said for which another one, that comes before it, will do later: it refuses
     * nothing for good.
     */
    private Result bySubstitute(Result result) {
      if (!result.isTaken()) {
        end();
      }
      result.verdicts.stream()
          .filter(Verdict::isInDoubt)
          .findFirst()
          .ifPresent(verdict ->
              LOG.atWarn()
                  .addKeyValue("host", result.host)
                  .addKeyValue("cause", verdict.text())
                  .log("the next host may have taken what will be sent again"));
      return result.forNow();
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
      substitute = false;
    }

    @Override
    public void close() {
      if (connection != null) {
        connection.close();
        connection = null;
      }
      substitute = false;
    }
  }
}
