package hikyaku.server.managesieve;

import static java.nio.charset.StandardCharsets.UTF_8;

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
import hikyaku.server.net.Refusal;
import hikyaku.server.net.Wake;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client from greeting to goodbye. Owned by the connection's thread. */
final class Session {
  private static final Logger log = LoggerFactory.getLogger(Session.class);

  /** Octets of a SASL response in base64. */
  static final int LARGEST_RESPONSE = SaslExchange.MAX_RESPONSE / 3 * 4;

  final ManageSieveProtocol server;
  final Connection connection;

  private final CommandReader reader;
  private @Nullable Account account;
  private @Nullable LoginLease lease;
  private boolean over;
  private boolean accepted;
  private int errors;
  private int failedLogins;

  Session(ManageSieveProtocol server, Connection connection) {
    this.server = server;
    this.connection = connection;
    this.reader = new CommandReader(connection.in());
  }

  void run() throws IOException {
    connection.setReadTimeout(server.limits.command());
    connection.state("authorization");
    try {
      Capability.tell(this);
      reply(Reply.ok("Hikyaku ManageSieve server ready"));
      while (!over && awaitInput()) {
        serve(reader.read(largestString()));
      }
    } catch (WireException.End e) {
      log.atDebug().addKeyValue("session", id()).log("client left");
    } finally {
      leave();
    }
  }

  /** Nobody who has not logged in has anything to say that is as large as a script. */
  private int largestString() {
    return account == null ? LARGEST_RESPONSE : SieveLimits.DEFAULTS.scriptOctets();
  }

  private void leave() {
    LoginLease held = lease;
    if (held != null) {
      lease = null;
      held.close();
      log.atInfo()
          .addKeyValue("session", id())
          .addKeyValue("account", accountName())
          .log("ManageSieve session ended");
    }
  }

  /**
   * Waits for the client.
   *
   * @return false if the session is over
   */
  boolean awaitInput() throws IOException {
    Wake wake = connection.await(account == null ? server.limits.login() : server.limits.idle());
    over |= wake != Wake.INPUT;
    if (wake == Wake.STOPPING) {
      connection.out().write(server.refusal(Refusal.STOPPING));
    }
    return wake == Wake.INPUT;
  }

  private void serve(Request request) throws IOException {
    switch (request) {
      case Command command -> attempt(command);
      case Request.Malformed(String fault) -> {
        server.metrics.malformed.increment();
        error(fault);
      }
      case Request.TooLarge _ ->
          reply(
              account == null
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

  private void attempt(Command command) throws IOException {
    long began = System.nanoTime();
    accepted = false;
    try {
      if (Rules.allows(command.keyword(), account != null)) {
        execute(command);
      } else {
        error(account == null ? "Log in first" : "Not valid once you are logged in");
      }
    } catch (ScriptException e) {
      reply(Refused.reply(e));
    } catch (StoreException e) {
      failed(command.keyword(), e);
      reply(Reply.no("TRYLATER", "The store cannot do this now, try again later"));
    }
    server
        .metrics
        .command(command.keyword(), accepted)
        .record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
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

  void loggedIn(LoginResult.Success success) {
    account = success.account();
    lease = success.lease();
    connection.describe(account.primary().toString());
    connection.state("authenticated");
    server.metrics.loginsAccepted.increment();
    log.atInfo()
        .addKeyValue("session", id())
        .addKeyValue("account", accountName())
        .log("ManageSieve login");
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
    return owner().id();
  }

  private Account owner() {
    if (account == null) {
      throw new IllegalStateException("no scripts before login");
    }
    return account;
  }

  boolean isLoggedIn() {
    return account != null;
  }

  Filter filter() {
    return server.filter;
  }

  String id() {
    return connection.sessionId();
  }

  String accountName() {
    return account == null ? "" : account.primary().toString();
  }
}
