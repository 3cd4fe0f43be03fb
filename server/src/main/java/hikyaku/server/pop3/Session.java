package hikyaku.server.pop3;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.pop3.Command;
import hikyaku.protocol.pop3.CommandLine;
import hikyaku.protocol.pop3.Keyword;
import hikyaku.protocol.pop3.Malformed;
import hikyaku.protocol.pop3.MultilineWriter;
import hikyaku.protocol.pop3.Reply;
import hikyaku.protocol.pop3.ResponseCode;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader.LineEnding;
import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.Authenticator;
import hikyaku.server.auth.LoginLease;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.SaslExchange;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Service;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.Connection;
import hikyaku.server.net.Home;
import hikyaku.server.net.NetException;
import hikyaku.server.net.Refusal;
import hikyaku.server.net.Wake;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** One client from greeting to goodbye. Owned by the connection's thread. */
final class Session {
  private static final Logger log = LoggerFactory.getLogger(Session.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int TIMESTAMP_OCTETS = 12;
  private static final byte[] NO_EXCHANGE = {};

  final Pop3Protocol server;
  final Connection connection;

  /** What APOP digests begin with (RFC 1939 §7), if the greeting had it. */
  final Optional<String> timestamp;

  /** From USER, for PASS. */
  @Nullable String user;

  private boolean utf8;
  private State state = State.AUTHORIZATION;
  private @Nullable Opened opened;
  private boolean over;
  private boolean moved;

  /** Whether a front has the session's position, and may have another node carry it on. */
  private boolean carried;

  /** Whether it has come to its end, wherever that was to be. */
  private boolean done;

  private boolean repeat;
  private boolean pinned;
  private boolean accepted;
  private int errors;
  private int failedLogins;
  private int retrieved;
  private long retrievedOctets;

  /** What a login opened. */
  private record Opened(
      Account account, long epoch, LoginLease lease, Admission.Hold hold, Maildrop maildrop) {}

  private Session(Pop3Protocol server, Connection connection, Optional<String> timestamp) {
    this.server = server;
    this.connection = connection;
    this.timestamp = timestamp;
  }

  /** Serves a client that has just come. */
  static void run(Pop3Protocol server, Connection connection) throws IOException {
    Optional<String> timestamp =
        server.authenticator.apopEnabled()
            ? Optional.of(newTimestamp(server.hostname))
            : Optional.empty();
    Session session = new Session(server, connection, timestamp);
    session.run(session::greet);
  }

  /** Carries a session on. */
  static void resume(Pop3Protocol server, Connection connection, Pop3Position from)
      throws IOException {
    Optional<String> timestamp = Optional.of(from.timestamp()).filter(t -> !t.isEmpty());
    Session session = new Session(server, connection, timestamp);
    session.run(() -> session.carryOn(from));
  }

  /** A msg-id as RFC 1939 §7 asks, different for each greeting. */
  private static String newTimestamp(String hostname) {
    byte[] random = new byte[TIMESTAMP_OCTETS];
    RANDOM.nextBytes(random);
    return "<" + HexFormat.of().formatHex(random) + "@" + hostname + ">";
  }

  /** How a session begins. */
  @FunctionalInterface
  private interface Beginning {
    void run() throws IOException;
  }

  private void run(Beginning beginning) throws IOException {
    connection.setReadTimeout(server.settings.limits().command());
    connection.state("authorization");
    try {
      beginning.run();
      while (!over && awaitLine()) {
        serveLine();
        settle();
      }
      done = !moved;
    } catch (WireException.End e) {
      // Between two lines of an AUTH exchange; an end like any other between commands.
      done = true;
      log.atDebug().addKeyValue("session", id()).log("client left during AUTH");
    } catch (WireException.Truncated e) {
      done = true;
      throw e;
    } catch (NetException e) {
      // Only with the node or the link that ends may it go on: else its client is gone.
      done = e.reason() != CloseReason.MOVED && e.reason() != CloseReason.STOPPING;
      throw e;
    } catch (BrokenOff e) {
      done = true;
      server.metrics.failures.increment();
      log.atError()
          .addKeyValue("session", id())
          .addKeyValue("account", accountName())
          .setCause(e)
          .log("response broken off");
      connection.close(CloseReason.FAILED);
    } finally {
      leave();
    }
  }

  private void greet() throws IOException {
    reply(Reply.ok("Hikyaku POP3 server ready" + timestamp.map(t -> " " + t).orElse("")));
    settle();
  }

  // ---- from node to node

  /** Says where the session stands. An answer that ends the session is not settled. */
  void settle() throws IOException {
    settle(NO_EXCHANGE);
  }

  /**
   * The same inside AUTH.
   *
   * @param exchange where it stands, by {@link SaslExchange#state()}
   */
  void settle(byte[] exchange) throws IOException {
    if (!over) {
      connection.settle(() -> position(ByteString.copyFrom(exchange)).encode());
    }
  }

  private Pop3Position position(ByteString exchange) {
    carried = true;
    Opened in = opened;
    return new Pop3Position(
        in == null ? timestamp.orElse("") : "",
        user,
        errors,
        failedLogins,
        utf8,
        in == null
            ? null
            : new Pop3Position.Transaction(
                in.account.id(),
                in.epoch,
                in.maildrop.folder(),
                in.maildrop.seq(),
                in.maildrop.marked(),
                retrieved,
                retrievedOctets),
        exchange);
  }

  /** Who was logged in is looked up again; who may no longer be is told goodbye. */
  private void carryOn(Pop3Position from) throws IOException {
    carried = true;
    user = from.user();
    errors = from.errors();
    failedLogins = from.failedLogins();
    utf8 = from.utf8();
    Pop3Position.Transaction in = from.transaction();
    if (in != null) {
      switch (server.authenticator.resume(authContext(), in.account(), in.epoch())) {
        case LoginResult.Success success -> {
          Maildrop maildrop = Maildrop.at(server.mail.account(in.account()), in);
          enter(success, Admission.Hold.NONE, maildrop);
          enter(success, server.admission.comeBack(in.account(), id()), maildrop);
          retrieved = in.retrieved();
          retrievedOctets = in.retrievedOctets();
        }
        case LoginResult.Refused refused -> {
          end();
          err(ResponseCode.SYS_TEMP, refused.goodbye());
        }
      }
    }
    log.atDebug()
        .addKeyValue("session", id())
        .addKeyValue("account", accountName())
        .addKeyValue("over", over)
        .log("POP3 session carried on");
    if (!from.exchange().isEmpty()) {
      attempt(Keyword.AUTH, () -> Auth.resume(this, from.exchange().toByteArray()));
      settle();
    }
  }

  private void leave() {
    Opened left = opened;
    if (left != null) {
      opened = null;
      left.lease.close();
      server.admission.leave(left.hold, carried && !done);
      log.atLevel(moved ? Level.DEBUG : Level.INFO)
          .addKeyValue("session", id())
          .addKeyValue("account", left.account.primary())
          .addKeyValue("retrieved", retrieved)
          .addKeyValue("octets", retrievedOctets)
          .log(moved ? "POP3 session moved" : "POP3 session ended");
    }
  }

  // ---- lines

  /**
   * Waits for the client's next line.
   *
   * @return false if the session is over
   */
  boolean awaitLine() throws IOException {
    Pop3Limits limits = server.settings.limits();
    Duration patience = state == State.AUTHORIZATION ? limits.login() : limits.idle();
    Wake wake = connection.await(patience);
    pinned = connection.pinned().isPresent();
    repeat = pinned || connection.isRepeat();
    over |= wake != Wake.INPUT;
    moved |= wake == Wake.MOVED;
    if (wake == Wake.STOPPING) {
      connection.out().write(server.refusal(Refusal.STOPPING));
    }
    return wake == Wake.INPUT;
  }

  private void serveLine() throws IOException {
    byte[] line;
    try {
      line = connection.in().readLine(CommandLine.LONGEST_SASL, LineEnding.LENIENT);
    } catch (WireException.LineTooLong e) {
      server.metrics.malformed.increment();
      error("Line too long");
      return;
    }
    switch (CommandLine.parse(line)) {
      case Malformed malformed -> {
        server.metrics.malformed.increment();
        error(malformed.fault());
      }
      case Command command -> attempt(command.keyword(), () -> executeIfAllowed(command));
    }
  }

  /** What a command does, or what is left of it to do. */
  @FunctionalInterface
  private interface Execution {
    void run() throws IOException;
  }

  private void attempt(Keyword command, Execution execution) throws IOException {
    long began = System.nanoTime();
    accepted = false;
    try {
      execution.run();
    } catch (StoreException e) {
      failed(command, e);
      err(ResponseCode.SYS_TEMP, "The mail store cannot do this now, try again later");
    } catch (MailboxException.TooFarBehind e) {
      failed(command, e);
      end();
      err(ResponseCode.SYS_TEMP, "Too much has happened in the mailbox, log in again");
    } catch (MailboxException e) {
      failed(command, e);
      err(ResponseCode.SYS_TEMP, "The mailbox is not there any more");
    }
    if (accepted && state == State.TRANSACTION) {
      errors = 0;
    }
    if (!moved) {
      server
          .metrics
          .command(command, accepted)
          .record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
    }
  }

  /** Counts and logs a failure of ours; the reply is the caller's. */
  void failed(Keyword command, RuntimeException cause) {
    server.metrics.failures.increment();
    server.failures.write(
        log.atWarn()
            .addKeyValue("session", id())
            .addKeyValue("account", accountName())
            .addKeyValue("command", command),
        "POP3 command refused for now",
        cause);
  }

  private void executeIfAllowed(Command command) throws IOException {
    if (Rules.allows(command.keyword(), state)) {
      execute(command);
    } else {
      error(state == State.AUTHORIZATION ? "Log in first" : "Not valid once you are logged in");
    }
  }

  private void execute(Command command) throws IOException {
    switch (command) {
      case Command.User c -> User.execute(this, c);
      case Command.Pass c -> Pass.execute(this, c);
      case Command.Apop c -> Apop.execute(this, c);
      case Command.Auth c -> Auth.execute(this, c);
      case Command.Mechanisms _ -> Auth.list(this);
      case Command.Stls _ -> Stls.execute(this);
      case Command.Capa _ -> Capa.execute(this);
      case Command.Lang c -> Lang.execute(this, c);
      case Command.Utf8 _ -> Utf8.execute(this);
      case Command.Stat _ -> Stat.execute(this);
      case Command.List c -> ListMessages.execute(this, c);
      case Command.Retr c -> Retr.execute(this, c);
      case Command.Dele c -> Dele.execute(this, c);
      case Command.Noop _ -> Noop.execute(this);
      case Command.Rset _ -> Rset.execute(this);
      case Command.Top c -> Top.execute(this, c);
      case Command.Uidl c -> Uidl.execute(this, c);
      case Command.Quit _ -> Quit.execute(this);
    }
  }

  // ---- replies

  void reply(Reply reply) throws IOException {
    switch (reply) {
      case Reply.Challenge challenge -> connection.out().writeHidden(challenge.toWire());
      case Reply.Ok ok -> {
        accepted = true;
        connection.out().write(ok.toWire());
      }
      case Reply.Err err -> {
        accepted = false;
        connection.out().write(err.toWire());
      }
    }
  }

  void ok(String text) throws IOException {
    reply(Reply.ok(text));
  }

  void err(ResponseCode code, String text) throws IOException {
    reply(Reply.err(code, text));
  }

  /** The command makes sense, but not now: no such message, nothing to do. */
  void err(String text) throws IOException {
    reply(Reply.err(text));
  }

  /**
   * The client's mistake: what it sent is no command, or none here. Too many end the session:
   * before login all together, afterwards with no command between them that was carried out.
   */
  void error(String text) throws IOException {
    errors++;
    over |= errors >= server.settings.limits().errors();
    err(over ? "Too many errors, goodbye" : text);
  }

  void noSuchMessage() throws IOException {
    err("No such message");
  }

  /** What stands between the first line of a multi-line response and its final dot. */
  @FunctionalInterface
  interface Text {
    void write(MultilineWriter out) throws IOException;
  }

  /** A multi-line response, sent as it is made. */
  void multiline(String first, Text text) throws IOException {
    ok(first);
    MultilineWriter out = new MultilineWriter(connection.out());
    try {
      text.write(out);
    } catch (StoreException e) {
      throw new BrokenOff("the store failed inside a response", e);
    }
    out.end();
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
        Service.POP3,
        connection.remote().getAddress(),
        connection.remote().getPort(),
        connection.isTls(),
        bindings);
  }

  Authenticator authenticator() {
    return server.authenticator;
  }

  State state() {
    return state;
  }

  /** Whether the command at hand may have been carried out before, on another node. */
  boolean isRepeat() {
    return repeat;
  }

  /** Whether it has even begun to tell of a message there. */
  boolean isPinned() {
    return pinned;
  }

  private void enter(LoginResult.Success success, Admission.Hold hold, Maildrop maildrop) {
    opened = new Opened(success.account(), success.epoch(), success.lease(), hold, maildrop);
    state = State.TRANSACTION;
    user = null;
    connection.describe(
        success.account().primary().toString(),
        new Home(success.account().routing().node(), success.account().routing().pool()));
    connection.state("transaction");
  }

  /** Enters the TRANSACTION state. */
  void opened(LoginResult.Success success, Admission.Hold hold, Maildrop maildrop) {
    enter(success, hold, maildrop);
    server.metrics.loginsAccepted.increment();
    log.atInfo()
        .addKeyValue("session", id())
        .addKeyValue("account", success.account().primary())
        .addKeyValue("messages", maildrop.size())
        .log("POP3 login");
  }

  /** A login was refused. Too many end the session. */
  void refusedLogin() {
    user = null;
    failedLogins++;
    over |= failedLogins >= server.settings.limits().failedLogins();
    server.metrics.loginsRefused.increment();
  }

  /** Forgets what the client said before TLS (RFC 2595 §4). */
  void startOver() {
    user = null;
    utf8 = false;
  }

  /** The client takes messages with headers beyond ASCII. */
  void useUtf8() {
    utf8 = true;
  }

  boolean utf8() {
    return utf8;
  }

  /** In the TRANSACTION state. */
  Maildrop maildrop() {
    return transaction().maildrop;
  }

  private Opened transaction() {
    if (opened == null) {
      throw new IllegalStateException("no maildrop before login");
    }
    return opened;
  }

  void retrieved(long octets) {
    retrieved++;
    retrievedOctets += octets;
    server.metrics.retrieved.increment();
    server.metrics.retrievedOctets.increment(octets);
  }

  String id() {
    return connection.sessionId();
  }

  /** Empty before login. */
  String accountName() {
    return opened == null ? "" : opened.account.primary().toString();
  }
}
