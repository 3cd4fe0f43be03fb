package hikyaku.server.imap;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.CommandReader;
import hikyaku.protocol.imap.Condition;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.protocol.imap.ResponseWriter;
import hikyaku.protocol.imap.SearchKey;
import hikyaku.protocol.wire.WireException;
import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.ForeignSession;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Service;
import hikyaku.server.imap.CommandTable.State;
import hikyaku.server.imap.CommandTable.Telling;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.Connection;
import hikyaku.server.net.Home;
import hikyaku.server.net.NetException;
import hikyaku.server.net.Wake;
import hikyaku.server.story.MailStory;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** One client from greeting to goodbye. Owned by the connection's thread. */
final class Session {
  private static final Logger log = LoggerFactory.getLogger(Session.class);

  final ImapProtocol server;
  final Connection connection;
  final ResponseWriter out;
  final CommandReader reader;
  final SessionState state = new SessionState();
  final Updates updates;
  final Looking looking;
  final Places places = new Places(this);
  private boolean over;
  private boolean moved;
  private long signOfLife;
  private int errors;
  private int failedLogins;
  private @Nullable AfterReply afterReply;

  /** What the client wants to be told of at any time; null if it never said. */
  private @Nullable Notifying notifying;

  /** The tag of the command at hand. */
  private String atWork = "";

  /** One that is to have the session, and does not have it yet. */
  private LoginResult.@Nullable Success passing;

  private Session(ImapProtocol server, Connection connection) {
    this.server = server;
    this.connection = connection;
    Wire wire = new Wire(connection.out());
    this.out = new ResponseWriter(wire);
    this.reader = new CommandReader(connection.in(), server.settings.limits());
    this.updates = new Updates(this);
    this.looking = new Looking(connection, wire);
  }

  /** Serves a client that has just come. */
  static void run(ImapProtocol server, Connection connection) throws IOException {
    Session session = new Session(server, connection);
    session.run(session::greet);
  }

  /** Carries a session on. */
  static void resume(ImapProtocol server, Connection connection, ImapPosition from)
      throws IOException {
    Session session = new Session(server, connection);
    session.run(() -> session.carryOn(from));
  }

  /** How a session begins. */
  @FunctionalInterface
  private interface Beginning {
    void run() throws IOException;
  }

  private void run(Beginning beginning) throws IOException {
    connection.setReadTimeout(server.settings.command());
    try {
      beginning.run();
      while (!over && awaitInput()) {
        serveCommand();
        settle(null);
      }
    } catch (NetException.ReadTimeout e) {
      bye(null, "The rest of the command did not come in time");
      connection.out().flush();
      throw e;
    } catch (BrokenOff e) {
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
    connection.state("greeted");
    out.untagged(
        Reply.ok(new ResponseCode.Capability(Capabilities.of(this)), "Hikyaku IMAP server ready"));
    settle(null);
  }

  // ---- from node to node

  /**
   * Says where the session stands. An answer that ends the session is not settled: it ends with it.
   *
   * @param inside the command at hand, if it goes on; else null
   */
  void settle(ImapPosition.@Nullable Inside inside) throws IOException {
    if (!over) {
      connection.settle(() -> position(inside).encode());
    }
  }

  private ImapPosition position(ImapPosition.@Nullable Inside inside) {
    SessionState.Login login = state.login();
    Selected selected = state.selected();
    return new ImapPosition(
        errors,
        failedLogins,
        login == null
            ? null
            : new ImapPosition.Login(login.account().id(), login.epoch(), state.enabled()),
        selected == null ? null : selected.position(state.saved()),
        notifying == null ? null : notifying.state(),
        inside);
  }

  /** What was is looked up again; what may no longer go on gets its goodbye. */
  private void carryOn(ImapPosition from) throws IOException {
    errors = from.errors();
    failedLogins = from.failedLogins();
    ImapPosition.Login login = from.login();
    if (login != null) {
      switch (server.authenticator.resume(authContext(), login.account(), login.epoch())) {
        case LoginResult.Success success -> {
          carryOn(success, login, from.selected());
          Notifying.State notified = from.notified();
          notifying = notified == null ? null : new Notifying(this, notified);
        }
        case LoginResult.Suspended refused ->
            bye(ResponseCode.Plain.CONTACTADMIN, refused.goodbye());
        case LoginResult.Unavailable refused ->
            bye(ResponseCode.Plain.UNAVAILABLE, refused.goodbye());
        case LoginResult.Refused refused -> bye(null, refused.goodbye());
      }
    }
    log.atDebug()
        .addKeyValue("session", id())
        .addKeyValue("account", accountName())
        .addKeyValue("over", over)
        .log("IMAP session carried on");
    connection.state(state.state().name().toLowerCase(Locale.ROOT));
    if (!over && from.inside() != null) {
      carryOn(from.inside());
      settle(null);
    }
  }

  private void carryOn(ImapPosition.Inside inside) throws IOException {
    switch (inside) {
      case ImapPosition.InIdle(String tag) -> carryOn(tag, "IDLE", () -> Idle.resume(this, tag));
      case ImapPosition.InExchange exchange ->
          carryOn(exchange.tag(), "AUTHENTICATE", () -> Authenticate.resume(this, exchange));
      case ImapPosition.InNotify(String tag) ->
          carryOn(tag, "NOTIFY", () -> Notify.resume(this, tag));
      case ImapPosition.InNews() -> {
        looking.begin();
        Notifying.tellSelected(this);
      }
      case ImapPosition.InMultiSearch search ->
          carryOn(search.tag(), "ESEARCH", () -> MultiSearch.resume(this, search));
      case ImapPosition.InList list ->
          carryOn(list.tag(), "LIST", () -> ListMailboxes.resume(this, list));
    }
  }

  private void carryOn(String tag, String name, Execution rest) throws IOException {
    long began = System.nanoTime();
    looking.begin();
    atWork = tag;
    connection.state(name.toLowerCase(Locale.ROOT));
    complete(tag, name, attempt(name, CommandTable.rule(name).telling(), rest), began);
    connection.state(state.state().name().toLowerCase(Locale.ROOT));
  }

  private void carryOn(
      LoginResult.Success success, ImapPosition.Login login, ImapPosition.@Nullable InMailbox in) {
    AccountMail mail = server.mail.account(success.account().id());
    state.loggedIn(
        new SessionState.Login(success.account(), success.epoch(), success.lease(), mail));
    describe(success.account());
    login.enabled().forEach(state::enable);
    if (state.utf8()) {
      out.useUtf8(true);
    }
    if (in != null) {
      AccountMail theirs = in.owner().isEmpty() ? mail : server.mail.account(in.owner());
      state.select(Selected.carriedOn(theirs, in, !state.rev2(), server.settings.limits()));
      state.save(in.saved());
    }
  }

  @Nullable Notifying notifying() {
    return notifying;
  }

  /** From now on the client is told of this; of nothing but as usual if it is null. */
  void notifying(@Nullable Notifying next) {
    Notifying before = notifying;
    if (before != null) {
      before.close();
    }
    notifying = next;
  }

  /** Who it is, and so where the session is served best. */
  void describe(Account account) {
    connection.describe(
        account.primary().toString(), new Home(account.routing().node(), account.routing().pool()));
  }

  private void leave() {
    notifying(null);
    LoginResult.Success never = passing;
    if (never != null) {
      never.lease().close();
      ForeignSession there = never.elsewhere();
      if (there != null) {
        there.close();
      }
    }
    SessionState.Login login = state.login();
    if (login != null) {
      login.lease().close();
      log.atLevel(moved ? Level.DEBUG : Level.INFO)
          .addKeyValue("session", id())
          .addKeyValue("account", login.account().primary())
          .addKeyValue("in", connection.bytesIn())
          .addKeyValue("out", connection.bytesOut())
          .log(moved ? "IMAP session moved" : "IMAP session ended");
    }
  }

  // ---- commands

  /**
   * Waits for the client between commands, or within one that asks something.
   *
   * @return false if the session is over
   */
  boolean awaitInput() throws IOException {
    boolean loggedIn = !state.is(State.NOT_AUTHENTICATED);
    Duration patience = loggedIn ? server.settings.idle() : server.settings.login();
    Notifying here = notifying;
    return goesOn(here == null ? connection.await(patience) : here.await(patience));
  }

  /**
   * Says goodbye where that is called for.
   *
   * @return whether there is input
   */
  private boolean goesOn(Wake wake) throws IOException {
    switch (wake) {
      case INPUT -> {
        return true;
      }
      case TIMEOUT -> bye(null, "Nothing heard for too long");
      case STOPPING -> bye(ResponseCode.Plain.UNAVAILABLE, "The server is stopping");
      case END -> over = true;
      case MOVED -> moved();
      case SIGNAL -> throw new IllegalStateException("a signal where none is waited for");
    }
    return false;
  }

  /** Says goodbye; the session ends when the command at hand is done. */
  void bye(@Nullable ResponseCode code, String text) throws IOException {
    if (!over) {
      over = true;
      out.untagged(new Reply(Condition.BYE, code, text));
    }
  }

  /** The session goes on elsewhere: not a word more. */
  void moved() {
    over = true;
    moved = true;
  }

  CommandReader.Mode mode() {
    return new CommandReader.Mode(!state.is(State.NOT_AUTHENTICATED), state.utf8());
  }

  private void serveCommand() throws IOException {
    long began = System.nanoTime();
    looking.begin();
    try (AppendIntake intake = new AppendIntake(this)) {
      switch (reader.next(mode(), intake)) {
        case CommandReader.Parsed(String tag, String name, Command command) -> {
          connection.state(name.toLowerCase(Locale.ROOT));
          Reply reply = attempt(tag, name, command, intake);
          complete(tag, name, reply, began);
        }
        case CommandReader.Refused(String tag, String name, Reply reply) ->
            refuse(tag, name, reply, began);
        case CommandReader.Bye(String text) -> bye(ResponseCode.Plain.TOOBIG, text);
      }
    }
    connection.state(state.state().name().toLowerCase(Locale.ROOT));
  }

  private void refuse(@Nullable String tag, @Nullable String name, Reply reply, long began)
      throws IOException {
    if (reply.condition() == Condition.BAD) {
      server.metrics.malformed.increment();
    }
    if (tag == null || name == null) {
      if (tag == null) {
        out.untagged(reply);
      } else {
        out.tagged(tag, reply);
      }
      countError(reply);
    } else {
      if (reply.condition() == Condition.NO && (name.equals("SELECT") || name.equals("EXAMINE"))) {
        // What comes behind it is not meant for the mailbox before.
        Select.leave(this);
      }
      complete(tag, name, reply, began);
    }
  }

  private void complete(String tag, String name, Reply reply, long began) throws IOException {
    if (moved) {
      return;
    }
    out.tagged(tag, reply);
    countError(reply);
    server
        .metrics
        .command(name, reply.condition())
        .record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
    AfterReply then = afterReply;
    if (then != null) {
      afterReply = null;
      then.run();
    }
  }

  /** News are about to be told between two commands: a sign of life is not due before long. */
  void newsBegin() {
    signOfLife = System.nanoTime();
    atWork = "";
  }

  /** Something that a command starts behind its completion: TLS, compression. */
  @FunctionalInterface
  interface AfterReply {
    void run() throws IOException;
  }

  void afterReply(AfterReply then) {
    afterReply = then;
  }

  /** Behind the reply to the login the rest of the session is another server's. */
  void passTo(LoginResult.Success success, ForeignSession there) {
    passing = success;
    afterReply(() -> {
      over = true;
      passing = null;
      Elsewhere.run(this, success, there);
    });
  }

  private void countError(Reply reply) throws IOException {
    if (reply.condition() == Condition.OK) {
      errors = 0;
    } else if (reply.condition() == Condition.BAD) {
      mistake();
    }
  }

  /** A mistake of the client's, whatever it is told. Too many end the session. */
  void mistake() throws IOException {
    errors++;
    if (errors >= server.settings.errors()) {
      bye(null, "Too many errors");
    }
  }

  private Reply attempt(String tag, String name, Command command, AppendIntake intake)
      throws IOException {
    CommandTable.Rule rule = CommandTable.rule(name);
    if (!rule.states().contains(state.state())) {
      return Reply.bad(complaint(rule));
    }
    if (rule.numbers() && state.has(SessionState.Extension.UIDONLY)) {
      return Targets.uidRequired();
    }
    atWork = tag;
    return attempt(name, telling(rule, command), () -> execute(tag, command, intake));
  }

  /** A command that finds messages by their numbers uses these too (RFC 7162 §3.2.10.2). */
  private static Telling telling(CommandTable.Rule rule, Command command) {
    SearchKey key =
        switch (command) {
          case Command.Search c -> c.key();
          case Command.MultiSearch c -> c.key();
          case Command.Sort c -> c.key();
          case Command.Threads c -> c.key();
          default -> null;
        };
    return key != null && SearchProgram.usesNumbers(key) ? Telling.NO_EXPUNGES : rule.telling();
  }

  /** What a command does, or what is left of it to do. */
  @FunctionalInterface
  private interface Execution {
    Reply run() throws IOException, Targets.Invalid;
  }

  private Reply attempt(String name, Telling telling, Execution execution) throws IOException {
    signOfLife = System.nanoTime();
    Reply reply;
    try {
      reply = mayGoOn(name) ? execution.run() : refusal(new MailboxException.NotPermitted());
    } catch (StoreException e) {
      reply = unavailable(name, e);
    } catch (MailboxException e) {
      reply = refusal(e);
    } catch (Targets.Invalid e) {
      reply = e.reply();
    } catch (Stopping e) {
      bye(ResponseCode.Plain.UNAVAILABLE, "The server is stopping");
      reply = Reply.no(ResponseCode.Plain.UNAVAILABLE, "The server is stopping");
    }
    passOver();
    tell(telling, name);
    return reply;
  }

  /** RFC 5465 §5: what the client does itself it is not told. */
  private void passOver() throws IOException {
    Notifying here = notifying;
    if (here == null) {
      return;
    }
    try {
      looking.written().ifPresent(here::passOver);
    } catch (StoreException e) {
      failed("NOTIFY", e);
    }
  }

  /**
   * Whether the selected mailbox, if that is what the command is about, may still be read: what
   * somebody else shares can be taken back at any time. Other commands do not wait for the store
   * here: NOOP and LOGOUT have no NO (RFC 9051 §6.1), and UNAUTHENTICATE may have none (RFC 8437
   * §3).
   */
  private boolean mayGoOn(String name) {
    Selected selected = state.selected();
    if (selected == null || !CommandTable.rule(name).readsMailbox()) {
      return true;
    }
    places.refresh(selected);
    return selected.rights.has(Right.READ);
  }

  private String complaint(CommandTable.Rule rule) {
    if (state.is(State.NOT_AUTHENTICATED)) {
      return "Log in first";
    }
    if (!rule.states().contains(State.AUTHENTICATED) && !rule.states().contains(State.SELECTED)) {
      return "Logged in already";
    }
    return state.is(State.SELECTED) ? "A mailbox is selected" : "Select a mailbox first";
  }

  /** A failure to tell does not undo what the command did. */
  private void tell(Telling telling, String name) throws IOException {
    if (telling == Telling.NOTHING || over) {
      return;
    }
    tell(telling == Telling.EVERYTHING, name.startsWith("UID "), name);
    if (CommandTable.rule(name).states().equals(CommandTable.IN_MAILBOX)) {
      updates.tellDelayed();
    }
  }

  /**
   * Tells what is new and the client wants to know; a mailbox that cannot be told of any more ends
   * the session.
   */
  void tell(boolean expungesAllowed, boolean uid, String name) throws IOException {
    Notifying here = notifying;
    if (here == null) {
      tell(expungesAllowed, uid, name, Notifying.OfSelected.USUAL);
    } else {
      // RFC 5465 §5.1 wants UIDs with flags.
      tell(expungesAllowed, true, name, here.ofSelected());
    }
  }

  /** Tells all that is new, as NOOP does where nothing else is wanted. */
  void tellAll(String name) throws IOException {
    tell(true, false, name, Notifying.OfSelected.USUAL);
  }

  private void tell(boolean expungesAllowed, boolean uid, String name, Notifying.OfSelected wanted)
      throws IOException {
    try {
      Selected selected = state.selected();
      if (selected != null) {
        places.refresh(selected);
      }
      updates.tell(expungesAllowed, uid, wanted);
    } catch (MailboxException.Gone e) {
      bye(ResponseCode.Plain.NONEXISTENT, "The selected mailbox has been deleted");
    } catch (MailboxException.TooFarBehind e) {
      bye(ResponseCode.Plain.UNAVAILABLE, "Too much has happened in the mailbox, select it again");
    } catch (StoreException e) {
      failed(name, e);
    }
  }

  /** Counts and logs a failure of ours. */
  void failed(String command, RuntimeException cause) {
    server.metrics.failures.increment();
    server.failures.write(
        log.atWarn()
            .addKeyValue("session", id())
            .addKeyValue("account", accountName())
            .addKeyValue("command", command),
        "IMAP command failed",
        cause);
  }

  Reply unavailable(String command, StoreException cause) {
    failed(command, cause);
    return Reply.no(
        ResponseCode.Plain.UNAVAILABLE, "The mail store cannot do this now, try again later");
  }

  /** The replies that {@link MailboxException} names. */
  static Reply refusal(MailboxException e) {
    ResponseCode code =
        switch (e) {
          case MailboxException.Gone _, MailboxException.Nonexistent _ ->
              ResponseCode.Plain.NONEXISTENT;
          case MailboxException.TooFarBehind _ -> ResponseCode.Plain.UNAVAILABLE;
          case MailboxException.AlreadyExists _ -> ResponseCode.Plain.ALREADYEXISTS;
          case MailboxException.InvalidName _, MailboxException.NotAllowed _ ->
              ResponseCode.Plain.CANNOT;
          case MailboxException.SpecialUseTaken _ -> ResponseCode.Plain.USEATTR;
          case MailboxException.LimitReached _ -> ResponseCode.Plain.LIMIT;
          case MailboxException.NotPermitted _ -> ResponseCode.Plain.NOPERM;
          case MailboxException.TooManyAnnotations _ -> new ResponseCode.MetadataTooMany();
          case MailboxException.OverQuota _ -> ResponseCode.Plain.OVERQUOTA;
        };
    String text = e.getMessage();
    return Reply.no(code, text == null ? "Refused" : text);
  }

  private Reply execute(String tag, Command command, AppendIntake intake)
      throws IOException, Targets.Invalid {
    return switch (command) {
      case Command.Capability _ -> Capability.execute(this);
      case Command.Noop _ -> Reply.ok("NOOP completed");
      case Command.Check _ -> Reply.ok("CHECK completed");
      case Command.Language c -> Language.execute(this, c);
      case Command.Id _ -> Id.execute(this);
      case Command.Logout _ -> Logout.execute(this);
      case Command.StartTls _ -> StartTls.execute(this);
      case Command.Authenticate c -> Authenticate.execute(this, tag, c);
      case Command.Login c -> Login.execute(this, c);
      case Command.Unauthenticate _ -> Unauthenticate.execute(this);
      case Command.Enable c -> Enable.execute(this, c);
      case Command.Compress c -> Compress.execute(this, c);
      case Command.Select c -> Select.execute(this, c);
      case Command.Create c -> Create.execute(this, c);
      case Command.Delete c -> Delete.execute(this, c);
      case Command.Rename c -> Rename.execute(this, c);
      case Command.Subscribe c -> Subscribe.execute(this, c);
      case Command.Unsubscribe c -> Subscribe.undo(this, c);
      case Command.ListMailboxes c -> ListMailboxes.execute(this, tag, c);
      case Command.Lsub c -> Lsub.execute(this, c);
      case Command.Namespace _ -> Namespace.execute(this);
      case Command.Status c -> Status.execute(this, c);
      case Command.GetAcl c -> Acl.get(this, c);
      case Command.SetAcl c -> Acl.set(this, c);
      case Command.DeleteAcl c -> Acl.delete(this, c);
      case Command.ListRights c -> Acl.list(this, c);
      case Command.MyRights c -> Acl.mine(this, c);
      case Command.GetMetadata c -> Metadata.get(this, c);
      case Command.SetMetadata c -> Metadata.set(this, c);
      case Command.GetQuota c -> GetQuota.execute(this, c);
      case Command.GetQuotaRoot c -> GetQuota.ofMailbox(this, c);
      case Command.SetQuota c -> SetQuota.execute(this, c);
      case Command.Append c -> intake.execute(c);
      case Command.Replace c -> intake.execute(c);
      case Command.Notify c -> Notify.execute(this, tag, c);
      case Command.UnknownEvent _ -> Notify.refuse();
      case Command.Idle _ -> Idle.execute(this, tag);
      case Command.Close _ -> Close.execute(this);
      case Command.Unselect _ -> Close.unselect(this);
      case Command.Expunge c -> Expunge.execute(this, c);
      case Command.Search c -> Search.execute(this, tag, c);
      case Command.MultiSearch c -> MultiSearch.execute(this, tag, c);
      case Command.CancelUpdate c -> Contexts.cancel(this, c);
      case Command.Sort c -> Sort.execute(this, tag, c);
      case Command.Threads c -> Threads.execute(this, c);
      case Command.UnknownCharset c -> Search.refuse(this, c);
      case Command.Fetch c -> Fetch.execute(this, c);
      case Command.Store c -> Store.execute(this, c);
      case Command.Copy c -> Copy.execute(this, c);
      case Command.Move c -> Move.execute(this, c);
    };
  }

  // ---- login

  AuthContext authContext() {
    AuthContext.ChannelBindings bindings =
        type -> connection.tls().flatMap(tls -> tls.channelBinding(type));
    return new AuthContext(
        id(),
        Service.IMAP,
        connection.remote().getAddress(),
        connection.remote().getPort(),
        connection.isTls(),
        bindings);
  }

  /** A login was refused. Too many end the session. */
  void refusedLogin() throws IOException {
    server.metrics.loginsRefused.increment();
    failedLogins++;
    if (failedLogins >= server.settings.failedLogins()) {
      bye(null, "Too many failed logins");
    }
  }

  /**
   * Reads a line that is no command and may hold a secret.
   *
   * @return null if the session is over, or the line is longer than any answer may be
   */
  @Nullable String secretAnswer() throws IOException {
    if (!awaitInput()) {
      return null;
    }
    connection.hideInput();
    try {
      return reader.line(mode());
    } catch (WireException.LineTooLong e) {
      return null;
    }
  }

  /**
   * Lets a long command notice that the server stops, and tells the client that it goes on: without
   * that nothing would be written, and a client that has gone would never be missed. Only between
   * responses.
   *
   * @throws Stopping if the server stops
   * @throws IOException if the client is gone
   */
  void checkpoint() throws IOException {
    if (connection.isStopping()) {
      throw new Stopping();
    }
    if (System.nanoTime() - signOfLife > server.settings.working().toNanos()) {
      connection.aside(ResponseWriter.inProgress(atWork));
      signOfLife = System.nanoTime();
    }
  }

  /** The server stops, and the command at hand would take long. */
  static final class Stopping extends IOException {
    Stopping() {
      super("the server is stopping");
    }
  }

  boolean isOver() {
    return over;
  }

  /** Tells what becomes of messages. */
  MailStory story() {
    return new MailStory(log, id());
  }

  /** The selected mailbox with what is seen of it, for {@link #story}. */
  MailStory.Origin origin(Selected selected, MailboxState seen) {
    return new MailStory.Origin(places.told(selected), selected.mailbox(), seen);
  }

  String id() {
    return connection.sessionId();
  }

  String accountName() {
    SessionState.Login login = state.login();
    return login == null ? "" : login.account().primary().toString();
  }
}
