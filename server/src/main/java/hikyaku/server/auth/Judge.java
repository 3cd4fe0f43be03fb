package hikyaku.server.auth;

import hikyaku.mailbox.store.StoreException;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.CredentialSource;
import hikyaku.server.directory.CredentialSource.Known;
import hikyaku.server.directory.CredentialSource.Lookup;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Routing;
import hikyaku.server.directory.Service;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
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
  private final ForeignLogins foreign;
  private final InstantSource clock;
  private final Pause pause;
  private final MeterRegistry meters;

  Judge(
      CredentialSource source,
      AuthSettings settings,
      InstantSource clock,
      Pause pause,
      LoginGate gate,
      ForeignLogins foreign,
      MeterRegistry meters) {
    this.source = source;
    this.names = new UserNames(settings.defaultDomain());
    this.throttle = new Throttle(settings.throttle(), clock, gate::nodes);
    this.sessions = new Sessions(settings.sessions());
    this.gate = gate;
    this.foreign = foreign;
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
    Lookup found = names.address(user).map(source::look).orElse(Lookup.NOBODY);
    Optional<Known> known = found.known();
    if (!found.backend().isEmpty()) {
      return decideElsewhere(context, user, actAs, proof, ticket, found);
    }
    if (!proof.matches(known) || known.isEmpty()) {
      ticket.failed(proof.fingerprint(names.key(user)));
      return new LoginResult.BadCredentials();
    }
    ticket.succeeded();
    return admitted(context, actAs, known.get().account(), known.get().credentials().epoch(), null);
  }

  /** Who has proven it may come in, if nothing else is in the way. */
  private LoginResult admitted(
      AuthContext context,
      String actAs,
      Account account,
      long epoch,
      @Nullable ForeignSession elsewhere)
      throws NotNowException {
    if (account.suspended()) {
      return new LoginResult.Suspended();
    }
    if (!account.allows(context.service()) || !ownName(account, actAs)) {
      return new LoginResult.NotAuthorized();
    }
    return place(context, account)
        .<LoginResult>map(lease -> new LoginResult.Success(account, epoch, lease, elsewhere))
        .orElseGet(LoginResult.TooManySessions::new);
  }

  /**
   * One whom a foreign server serves. That server proves the password, unless it has a master user:
   * then it is proven here.
   */
  private LoginResult decideElsewhere(
      AuthContext context,
      String user,
      String actAs,
      Proof proof,
      Throttle.Ticket ticket,
      Lookup found)
      throws NotNowException, InterruptedException {
    ForeignLogins.Door door =
        foreign
            .door(found.backend())
            .orElseThrow(
                () -> new NotNowException("there is no foreign server " + found.backend()));
    Optional<Known> known = found.known();
    boolean proven = door.hasMaster() ? proof.matches(known) : proof.password() != null;
    if (!proven || (door.hasMaster() && known.isEmpty())) {
      ticket.failed(proof.fingerprint(names.key(user)));
      return new LoginResult.BadCredentials();
    }
    Account account =
        known
            .map(Known::account)
            .orElseGet(() -> stranger(names.address(user).orElseThrow(), found.backend()));
    switch (door.enter(context, account.primary().toString(), proof.password())) {
      case ForeignLogins.Answer.Refused(LoginResult.Refused why) -> {
        if (why instanceof LoginResult.BadCredentials) {
          ticket.failed(proof.fingerprint(names.key(user)));
        }
        return why;
      }
      case ForeignLogins.Answer.Admitted(ForeignSession session) -> {
        boolean stays = false;
        try {
          ticket.succeeded();
          long epoch = known.map(of -> of.credentials().epoch()).orElse(0L);
          // Mail is sent from here by the accounts that are known here.
          boolean carried = context.service() != Service.SUBMISSION;
          LoginResult result =
              carried || known.isPresent()
                  ? admitted(context, actAs, account, epoch, carried ? session : null)
                  : new LoginResult.NotAuthorized();
          stays = carried && result instanceof LoginResult.Success;
          return result;
        } finally {
          if (!stays) {
            session.close();
          }
        }
      }
    }
  }

  /** An account that only a foreign server knows, by the name that its sessions are counted by. */
  private static Account stranger(Address address, String backend) {
    return new Account(
        address.toString(),
        address,
        "",
        Quota.NONE,
        false,
        Set.of(Service.values()),
        new Routing("", "", backend));
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
    if (!account.routing().backend().isEmpty() && context.service() != Service.SUBMISSION) {
      // It has been given to another server since: its next session goes there.
      return new LoginResult.Unavailable();
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
    if (result instanceof LoginResult.Success success) {
      event
          .addKeyValue("account", success.account().id())
          .addKeyValue("address", success.account().primary())
          .addKeyValue("backend", success.account().routing().backend())
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
