package hikyaku.server.auth;

import hikyaku.mailbox.store.StoreException;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.CredentialSource;
import hikyaku.server.directory.CredentialSource.Known;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where every login passes, whatever its mechanism: throttle, proof, account, session limits, in
 * this order, then metrics and log.
 */
final class Judge {
  private static final Logger log = LoggerFactory.getLogger(Judge.class);

  private static final LoginResult GONE = new LoginResult.BadCredentials();

  private final CredentialSource source;
  private final UserNames names;
  private final Throttle throttle;
  private final Sessions sessions;
  private final LoginGate gate;
  private final InstantSource clock;
  private final Pause pause;
  private final MeterRegistry meters;

  Judge(
      CredentialSource source,
      AuthSettings settings,
      InstantSource clock,
      Pause pause,
      LoginGate gate,
      MeterRegistry meters) {
    this.source = source;
    this.names = new UserNames(settings.defaultDomain());
    this.throttle = new Throttle(settings.throttle(), clock, gate::nodes);
    this.sessions = new Sessions(settings.sessions());
    this.gate = gate;
    this.clock = clock;
    this.pause = pause;
    this.meters = meters;
    Gauge.builder("hikyaku.login.sessions", sessions, Sessions::size)
        .description("Sessions that are logged in")
        .register(meters);
    Gauge.builder("hikyaku.login.counted", throttle, Throttle::size)
        .description("Names and sources whose failed logins are counted")
        .register(meters);
  }

  UserNames names() {
    return names;
  }

  Instant now() {
    return clock.instant();
  }

  /**
   * The account of a user name, for mechanisms that need it before the proof.
   *
   * @throws StoreException if the store cannot say
   */
  Optional<Known> find(String user) {
    return names.address(user).flatMap(source::find);
  }

  /**
   * Judges a login.
   *
   * @param actAs the authorization identity, empty for the user's own (RFC 4616 §2)
   */
  LoginResult judge(AuthContext context, String mechanism, String user, String actAs, Proof proof) {
    Throttle.Ticket ticket = throttle.begin(names.key(user), context.remote());
    LoginResult result;
    try {
      result =
          admit(ticket) ? decide(context, user, actAs, proof, ticket) : new LoginResult.Throttled();
    } catch (StoreException | NotNowException failure) {
      log.atWarn()
          .addKeyValue("session", context.session())
          .addKeyValue("cause", failure.getMessage())
          .log("login not possible");
      result = new LoginResult.Unavailable();
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
      result = new LoginResult.Unavailable();
    } finally {
      ticket.abandoned();
    }
    report(context, mechanism, user, result);
    return result;
  }

  private boolean admit(Throttle.Ticket ticket) throws InterruptedException {
    Optional<Duration> delay = ticket.delay();
    if (delay.isEmpty()) {
      return false;
    }
    if (delay.get().isZero()) {
      return true;
    }
    boolean admitted = false;
    try {
      pause.park(delay.get());
    } finally {
      admitted = ticket.waited();
    }
    return admitted;
  }

  private LoginResult decide(
      AuthContext context, String user, String actAs, Proof proof, Throttle.Ticket ticket)
      throws NotNowException, InterruptedException {
    Optional<Known> known = find(user);
    if (!proof.matches(known) || known.isEmpty()) {
      ticket.failed(proof.fingerprint(names.key(user)));
      return new LoginResult.BadCredentials();
    }
    ticket.succeeded();
    Account account = known.get().account();
    if (account.suspended()) {
      return new LoginResult.Suspended();
    }
    if (!account.allows(context.service()) || !ownName(account, actAs)) {
      return new LoginResult.NotAuthorized();
    }
    return place(context, account)
        .<LoginResult>map(
            lease -> new LoginResult.Success(account, known.get().credentials().epoch(), lease))
        .orElseGet(LoginResult.TooManySessions::new);
  }

  /** A place for one more session, if there is one. */
  private Optional<LoginLease> place(AuthContext context, Account account) throws NotNowException {
    Optional<LoginLease> here = sessions.take(account.id(), context.service());
    if (here.isEmpty()) {
      return here;
    }
    boolean in = false;
    try {
      Optional<LoginLease> both =
          switch (gate.enter(context.session(), account.primary())) {
            case LoginGate.Answer.Admitted(LoginLease further) ->
                Optional.of(() -> {
                  here.get().close();
                  further.close();
                });
            case LoginGate.Answer.TooMany() -> Optional.empty();
            case LoginGate.Answer.NotNow() ->
                throw new NotNowException("too many want to log in now");
          };
      in = both.isPresent();
      return both;
    } finally {
      if (!in) {
        here.get().close();
      }
    }
  }

  /** Judges a session that was let in before; see {@link Authenticator#resume}. */
  LoginResult resume(AuthContext context, String accountId, long epoch) {
    LoginResult result;
    try {
      result = source.known(accountId).map(known -> resume(context, known, epoch)).orElse(GONE);
    } catch (StoreException failure) {
      log.atWarn()
          .addKeyValue("session", context.session())
          .addKeyValue("cause", failure.getMessage())
          .log("no session can be carried on");
      result = new LoginResult.Unavailable();
    }
    log.atDebug()
        .addKeyValue("session", context.session())
        .addKeyValue("service", context.service())
        .addKeyValue("account", accountId)
        .addKeyValue("result", outcome(result))
        .log("session carried on");
    return result;
  }

  private LoginResult resume(AuthContext context, Known known, long epoch) {
    Account account = known.account();
    if (known.credentials().epoch() != epoch) {
      return GONE;
    }
    if (account.suspended()) {
      return new LoginResult.Suspended();
    }
    return account.allows(context.service())
        ? new LoginResult.Success(
            account, epoch, sessions.takeBack(account.id(), context.service()))
        : new LoginResult.NotAuthorized();
  }

  private boolean ownName(Account account, String actAs) {
    Optional<Address> other = names.address(actAs);
    return actAs.isEmpty() || (other.isPresent() && other.get().equals(account.primary()));
  }

  /** Counts and logs what a login came to. Also for those that never came before the judge. */
  void report(AuthContext context, String mechanism, String user, LoginResult result) {
    String outcome = outcome(result);
    Counter.builder("hikyaku.logins")
        .description("Logins by what became of them")
        .tag("service", context.service().name())
        .tag("mechanism", mechanism)
        .tag("result", outcome)
        .register(meters)
        .increment();
    var event =
        log.atInfo()
            .addKeyValue("session", context.session())
            .addKeyValue("service", context.service())
            .addKeyValue("remote", context.remote().getHostAddress())
            .addKeyValue("tls", context.tls())
            .addKeyValue("mechanism", mechanism)
            .addKeyValue("result", outcome);
    if (result instanceof LoginResult.Success(Account account, long _, LoginLease _)) {
      event
          .addKeyValue("account", account.id())
          .addKeyValue("address", account.primary())
          .log("logged in");
    } else {
      event.addKeyValue("user", UserNames.forLog(user)).log("login refused");
    }
  }

  private static String outcome(LoginResult result) {
    return switch (result) {
      case LoginResult.Success _ -> "success";
      case LoginResult.BadCredentials _ -> "bad-credentials";
      case LoginResult.Suspended _ -> "suspended";
      case LoginResult.NotAuthorized _ -> "not-authorized";
      case LoginResult.TlsRequired _ -> "tls-required";
      case LoginResult.Throttled _ -> "throttled";
      case LoginResult.TooManySessions _ -> "too-many-sessions";
      case LoginResult.Unavailable _ -> "unavailable";
      case LoginResult.Malformed _ -> "malformed";
    };
  }
}
