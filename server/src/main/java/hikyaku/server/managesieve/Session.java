package hikyaku.server.managesieve;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.managesieve.Command;
import hikyaku.protocol.managesieve.CommandReader;
import hikyaku.protocol.managesieve.Keyword;
import hikyaku.protocol.managesieve.Reply;
import hikyaku.protocol.managesieve.Request;
import hikyaku.protocol.sieve.SieveLimits;
import hikyaku.protocol.wire.WireException;
import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.auth.LoginLease;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.SaslExchange;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Service;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.ScriptException;
import hikyaku.server.net.Connection;
import hikyaku.server.net.Home;
import hikyaku.server.net.Refusal;
import hikyaku.server.net.Wake;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** One client from greeting to goodbye. Owned by the connection's thread. */
final class Session {
  private static final Logger log = LoggerFactory.getLogger(Session.class);

  /** Octets of a SASL response in base64. */
  static final int LARGEST_RESPONSE = SaslExchange.MAX_RESPONSE / 3 * 4;

  private static final byte[] NO_EXCHANGE = {};

  final ManageSieveProtocol server;
  final Connection connection;

  private final CommandReader reader;
  private @Nullable Login login;
  private boolean over;
  private boolean moved;
  private boolean repeat;
  private boolean accepted;
  private int errors;
  private int failedLogins;

  /** What a login opened. */
  private record Login(Account account, long epoch, LoginLease lease) {}

  private Session(ManageSieveProtocol server, Connection connection) {
    this.server = server;
    this.connection = connection;
    this.reader = new CommandReader(connection.in());
  }

  /** Serves a client that has just come. */
  static void run(ManageSieveProtocol server, Connection connection) throws IOException {
    Session session = new Session(server, connection);
    session.run(() -> session.greet("Hikyaku ManageSieve server ready"));
  }

  /** Carries a session on. */
  static void resume(ManageSieveProtocol server, Connection connection, byte[] position)
      throws IOException {
    Session session = new Session(server, connection);
    if (position.length == 0) {
      session.run(() -> session.greet(StartTls.DONE));
    } else {
      SievePosition from = SievePosition.decode(position);
      session.run(() -> session.carryOn(from));
    }
  }

  /** How a session begins. */
  @FunctionalInterface
  private interface Beginning {
    void run() throws IOException;
  }

  private void run(Beginning beginning) throws IOException {
    connection.setReadTimeout(server.limits.command());
    connection.state("authorization");
    try {
      beginning.run();
      while (!over && awaitInput()) {
        serve(reader.read(largestString()));
        settle(NO_EXCHANGE);
      }
    } catch (WireException.End e) {
      log.atDebug().addKeyValue("session", id()).log("client left");
    } finally {
      leave();
    }
  }

  private void greet(String text) throws IOException {
    Capability.tell(this);
    reply(Reply.ok(text));
    settle(NO_EXCHANGE);
  }

  // ---- from node to node

  /**
   * Says where the session stands. An answer that ends the session is not settled.
   *
   * @param exchange inside AUTHENTICATE where it stands, by {@link SaslExchange#state()}; else
   *     empty
   */
  void settle(byte[] exchange) throws IOException {
    if (!over) {
      connection.settle(() -> position(ByteString.copyFrom(exchange)).encode());
    }
  }

  private SievePosition position(ByteString exchange) {
    Login in = login;
    return new SievePosition(
        errors,
        failedLogins,
        in == null ? null : new SievePosition.Login(in.account.id(), in.epoch),
        exchange);
  }

  /** Who was logged in is looked up again; who may no longer be is told goodbye. */
  private void carryOn(SievePosition from) throws IOException {
    errors = from.errors();
    failedLogins = from.failedLogins();
    SievePosition.Login in = from.login();
    if (in != null) {
      switch (server.authenticator.resume(authContext(), in.account(), in.epoch())) {
        case LoginResult.Success success -> enter(success);
        case LoginResult.Refused refused -> {
          end();
          reply(Reply.bye("TRYLATER", refused.goodbye()));
        }
      }
    }
    log.atDebug()
        .addKeyValue("session", id())
        .addKeyValue("account", accountName())
        .addKeyValue("over", over)
        .log("ManageSieve session carried on");
    if (!from.exchange().isEmpty()) {
      attempt(Keyword.AUTHENTICATE, () -> Authenticate.resume(this, from.exchange().toByteArray()));
      settle(NO_EXCHANGE);
    }
  }

  /** Nobody who has not logged in has anything to say that is as large as a script. */
  private int largestString() {
    return login == null ? LARGEST_RESPONSE : SieveLimits.DEFAULTS.scriptOctets();
  }

  private void leave() {
    Login left = login;
    if (left != null) {
      login = null;
      left.lease.close();
      log.atLevel(moved ? Level.DEBUG : Level.INFO)
          .addKeyValue("session", id())
          .addKeyValue("account", left.account.primary())
          .log(moved ? "ManageSieve session moved" : "ManageSieve session ended");
    }
  }

  /**
   * Waits for the client.
   *
   * @return false if the session is over
   */
  boolean awaitInput() throws IOException {
    Wake wake = connection.await(login == null ? server.limits.login() : server.limits.idle());
    repeat = connection.isRepeat();
    over |= wake != Wake.INPUT;
    moved |= wake == Wake.MOVED;
    if (wake == Wake.STOPPING) {
      connection.out().write(server.refusal(Refusal.STOPPING));
    }
    return wake == Wake.INPUT;
  }

  private void serve(Request request) throws IOException {
    switch (request) {
      case Command command -> attempt(command.keyword(), () -> executeIfAllowed(command));
      case Request.Malformed(String fault) -> {
        server.metrics.malformed.increment();
        error(fault);
      }
      case Request.TooLarge _ ->
          reply(
              login == null
                  ? Reply.no(null, "Log in first")
                  : Reply.no(
                      "QUOTA/MAXSIZE",
                      "a script has at most " + SieveLimits.DEFAULTS.scriptOctets() + " octets"));
      case Request.Fatal(String fault) -> {
        server.metrics.malformed.increment();
        over = true;
        reply(Reply.bye(null, fault));
      }
    }
  }

  /** What a command does, or what is left of it to do. */
  @FunctionalInterface
  private interface Execution {
    void run() throws IOException, ScriptException;
  }

  private void attempt(Keyword command, Execution execution) throws IOException {
    long began = System.nanoTime();
    accepted = false;
    try {
      execution.run();
    } catch (ScriptException e) {
      reply(Refused.reply(e));
    } catch (StoreException e) {
      failed(command, e);
      reply(Reply.no("TRYLATER", "The store cannot do this now, try again later"));
    }
    if (!moved) {
      server
          .metrics
          .command(command, accepted)
          .record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
    }
  }

  private void executeIfAllowed(Command command) throws IOException, ScriptException {
    if (Rules.allows(command.keyword(), login != null)) {
      execute(command);
    } else {
      error(login == null ? "Log in first" : "Not valid once you are logged in");
    }
  }

  private void failed(Keyword command, RuntimeException cause) {
    server.metrics.failures.increment();
    server.failures.write(
        log.atWarn()
            .addKeyValue("session", id())
            .addKeyValue("account", accountName())
            .addKeyValue("command", command),
        "ManageSieve command refused for now",
        cause);
  }

  private void execute(Command command) throws IOException, ScriptException {
    switch (command) {
      case Command.Authenticate c -> Authenticate.execute(this, c);
      case Command.Capability _ -> Capability.execute(this);
      case Command.CheckScript c -> CheckScript.execute(this, c);
      case Command.DeleteScript c -> DeleteScript.execute(this, c);
      case Command.GetScript c -> GetScript.execute(this, c);
      case Command.HaveSpace c -> HaveSpace.execute(this, c);
      case Command.ListScripts _ -> ListScripts.execute(this);
      case Command.Logout _ -> Logout.execute(this);
      case Command.Noop c -> Noop.execute(this, c);
      case Command.PutScript c -> PutScript.execute(this, c);
      case Command.RenameScript c -> RenameScript.execute(this, c);
      case Command.SetActive c -> SetActive.execute(this, c);
      case Command.StartTls _ -> StartTls.execute(this);
      case Command.Unauthenticate _ -> unauthenticate();
    }
  }

  // ---- replies

  void reply(Reply reply) throws IOException {
    accepted = reply.kind() == Reply.Kind.OK;
    byte[] octets = reply.toWire();
    connection.out().write(octets, 0, octets.length);
  }

  void ok() throws IOException {
    reply(Reply.ok("Done"));
  }

  /** A line before the reply. */
  void line(String line) throws IOException {
    byte[] octets = (line + "\r\n").getBytes(UTF_8);
    connection.out().write(octets, 0, octets.length);
  }

  /** The client's mistake: what it sent is no command, or none here. Too many end the session. */
  void error(String text) throws IOException {
    errors++;
    over |= errors >= server.limits.errors();
    reply(over ? Reply.bye(null, "Too many errors") : Reply.no(null, text));
  }

  /** The session ends when the command at hand is done. */
  void end() {
    over = true;
  }

  // ---- login

  AuthContext authContext() {
    AuthContext.ChannelBindings bindings =
        type -> connection.tls().flatMap(tls -> tls.channelBinding(type));
    return new AuthContext(
        id(),
        Service.MANAGESIEVE,
        connection.remote().getAddress(),
        connection.remote().getPort(),
        connection.isTls(),
        bindings);
  }

  Authenticator authenticator() {
    return server.authenticator;
  }

  CommandReader reader() {
    return reader;
  }

  private void enter(LoginResult.Success success) {
    Account account = success.account();
    login = new Login(account, success.epoch(), success.lease());
    connection.describe(
        account.primary().toString(), new Home(account.routing().node(), account.routing().pool()));
    connection.state("authenticated");
  }

  void loggedIn(LoginResult.Success success) {
    enter(success);
    server.metrics.loginsAccepted.increment();
    log.atInfo()
        .addKeyValue("session", id())
        .addKeyValue("account", accountName())
        .log("ManageSieve login");
  }

  /** RFC 5804 §2.14.1: as before login, with what TLS there is. */
  private void unauthenticate() throws IOException {
    Login left = Objects.requireNonNull(login);
    log.atInfo()
        .addKeyValue("session", id())
        .addKeyValue("account", left.account.primary())
        .log("ManageSieve logout, connection kept");
    login = null;
    left.lease.close();
    connection.loggedOut();
    connection.state("authorization");
    reply(Reply.ok("Log in again"));
  }

  /** A login was refused. Too many end the session. */
  void refusedLogin() {
    failedLogins++;
    over |= failedLogins >= server.limits.failedLogins();
    server.metrics.loginsRefused.increment();
  }

  // ---- scripts

  /** The id of who is logged in. */
  String accountId() {
    Login in = login;
    if (in == null) {
      throw new IllegalStateException("no scripts before login");
    }
    return in.account.id();
  }

  boolean isLoggedIn() {
    return login != null;
  }

  /** Whether the command at hand may have been carried out before, on another node. */
  boolean isRepeat() {
    return repeat;
  }

  Filter filter() {
    return server.filter;
  }

  String id() {
    return connection.sessionId();
  }

  String accountName() {
    Login in = login;
    return in == null ? "" : in.account.primary().toString();
  }
}
