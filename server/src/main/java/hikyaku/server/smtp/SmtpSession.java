package hikyaku.server.smtp;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.StoreException;
import hikyaku.protocol.smtp.Command;
import hikyaku.protocol.smtp.CommandParser;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.Reply;
import hikyaku.protocol.smtp.Verb;
import hikyaku.protocol.wire.OctetSink;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.LoginLease;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.SaslExchange;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Service;
import hikyaku.server.net.Connection;
import hikyaku.server.net.FailureLog;
import hikyaku.server.net.Home;
import hikyaku.server.net.NetException;
import hikyaku.server.net.Wake;
import hikyaku.server.origin.Examination;
import hikyaku.server.queue.Outbox;
import hikyaku.server.smtp.CommandTable.Flag;
import hikyaku.server.smtp.CommandTable.Rule;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/** One client, from greeting to goodbye: its state, and the way of a command through the table. */
final class SmtpSession {
  private static final byte[] NO_EXCHANGE = {};

  /** One of the waits that a longer one is made of. */
  private static final Duration SHORT_WAIT = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(SmtpSession.class);

  private final Connection connection;
  private final SmtpFace face;
  private final SmtpSettings settings;
  private final SmtpServices services;
  private final SmtpMetrics metrics;
  private final FailureLog failures;
  private final ErrorBudget budget;

  private @Nullable Hello hello;
  private @Nullable Account account;
  private long epoch;
  private @Nullable LoginLease lease;
  private @Nullable Transaction transaction;
  private int transactionsBegun;
  private boolean repeat;

  SmtpSession(
      Connection connection,
      SmtpFace face,
      SmtpSettings settings,
      SmtpServices services,
      SmtpMetrics metrics,
      FailureLog failures,
      ErrorBudget.Counts counts) {
    this.connection = connection;
    this.face = face;
    this.settings = settings;
    this.services = services;
    this.metrics = metrics;
    this.failures = failures;
    this.budget = new ErrorBudget(settings.limits(), face == SmtpFace.LMTP, counts);
  }

  // -------------------------------------------------------------------------------- the session

  /** Serves a client that has just come. */
  void run() throws IOException {
    run(this::greet);
  }

  /** Carries a session on. */
  void resume(SmtpPosition from) throws IOException {
    run(() -> carryOn(from));
  }

  /** How a session begins. */
  @FunctionalInterface
  private interface Beginning {
    /** False if the session ends with it. */
    boolean run() throws IOException;
  }

  private void run(Beginning beginning) throws IOException {
    try {
      boolean goesOn = beginning.run();
      while (goesOn) {
        goesOn = next();
      }
    } catch (NetException.ReadTimeout e) {
      write(Replies.TIMED_OUT);
      connection.out().flush();
      throw e;
    } catch (TransactionTimeoutException e) {
      write(Replies.TIMED_OUT);
    } finally {
      endTransaction();
      if (lease != null) {
        lease.close();
      }
    }
  }

  private boolean greet() throws IOException {
    if (isEarlyTalker()) {
      return give("CONNECT", Answer.closing(Replies.NOT_PIPELINED));
    }
    String protocol = face == SmtpFace.LMTP ? "LMTP" : "ESMTP";
    write(Reply.plain(220, settings.hostName() + " " + protocol + " Hikyaku"));
    settle();
    return true;
  }

  /** Who was logged in is looked up again; who may no longer be is told goodbye. */
  private boolean carryOn(SmtpPosition from) throws IOException {
    hello = from.hello();
    transactionsBegun = from.transactionsBegun();
    if (!from.exchange().isEmpty()) {
      boolean goesOn = give("AUTH", AuthCommand.resume(this, from.exchange().toByteArray()));
      if (goesOn) {
        settle();
      }
      return goesOn;
    }
    if (from.account().isEmpty()) {
      return true;
    }
    return switch (services.authenticator().resume(authContext(), from.account(), from.epoch())) {
      case LoginResult.Success success -> {
        login(success);
        yield true;
      }
      case LoginResult.Refused refused ->
          give("RESUME", Answer.closing(Reply.of(421, "4.7.0", refused.goodbye())));
    };
  }

  /**
   * Says where the session stands, unless a transaction is open: that is replayed from its
   * beginning.
   */
  void settle() throws IOException {
    settle(NO_EXCHANGE);
  }

  /**
   * The same inside AUTH.
   *
   * @param exchange where it stands, by {@link SaslExchange#state()}
   */
  void settle(byte[] exchange) throws IOException {
    if (transaction == null) {
      connection.settle(() ->
          new SmtpPosition(
                  hello,
                  account == null ? "" : account.id(),
                  epoch,
                  transactionsBegun,
                  budget.counts(),
                  ByteString.copyFrom(exchange))
              .encode());
    }
  }

  private boolean isEarlyTalker() throws IOException {
    return face == SmtpFace.MX
        && settings.greetingDelay().isPositive()
        && talksWithin(settings.greetingDelay());
  }

  /** In short waits: a long one that is over would be the connection's last. */
  private boolean talksWithin(Duration delay) throws IOException {
    Duration left = delay;
    Wake wake = Wake.TIMEOUT;
    while (wake == Wake.TIMEOUT && left.isPositive()) {
      Duration part = left.compareTo(SHORT_WAIT) < 0 ? left : SHORT_WAIT;
      wake = connection.await(part);
      left = left.minus(part);
    }
    return wake == Wake.INPUT;
  }

  /** Waits for a command and answers it; false if the session ends. */
  private boolean next() throws IOException {
    connection.state(transaction == null ? "idle" : "transaction");
    Answer gone = awaitInput();
    if (gone != null) {
      return give("WAIT", gone);
    }
    boolean goesOn = readAndAnswer();
    if (goesOn) {
      settle();
    }
    return goesOn;
  }

  /** Waits for the client; gives what to say if there is no input, and null if there is. */
  @Nullable Answer awaitInput() throws IOException {
    Wake wake = connection.await(limits().command());
    return switch (wake) {
      case INPUT -> {
        connection.setReadTimeout(limits().command());
        yield null;
      }
      case END, MOVED -> Answer.SILENCE;
      case TIMEOUT -> Answer.closing(Replies.TIMED_OUT);
      case STOPPING -> Answer.closing(Replies.STOPPING);
      case SIGNAL -> throw new IllegalStateException("a signal nobody waits for");
    };
  }

  private boolean readAndAnswer() throws IOException {
    repeat = connection.isRepeat();
    byte[] line;
    try {
      line = connection.in().readLine(CommandParser.MAX_AUTH_LINE, WireReader.LineEnding.STRICT);
    } catch (WireException.End e) {
      return false;
    } catch (WireException.LineTooLong e) {
      return give("UNKNOWN", Answer.of(Replies.LINE_TOO_LONG));
    } catch (WireException.BareLineEnding e) {
      return give("UNKNOWN", Answer.of(Replies.BARE_LINE_ENDING));
    }
    if (transaction != null && services.nanoTime().getAsLong() - transaction.deadline() > 0) {
      throw new TransactionTimeoutException();
    }
    Command command = CommandParser.parse(line);
    Verb verb = command.verb();
    return give(verb == null ? "UNKNOWN" : verb.name(), answer(command));
  }

  /** Writes the replies; false if the session ends with them. */
  private boolean give(String command, Answer answer) throws IOException {
    for (Reply reply : answer.replies()) {
      if (reply.code() >= 400) {
        boolean counts = budget.refuses(command, reply);
        metrics.refused(command, reply);
        LOG.atDebug()
            .addKeyValue("session", connection.sessionId())
            .addKeyValue("command", command)
            .addKeyValue("reply", reply)
            .log("refused");
        Duration delay = budget.delay();
        if (counts && delay.isPositive()) {
          services.pause().pause(delay);
        }
      }
      write(reply);
    }
    if (answer.closes()) {
      return false;
    }
    // RSET closes no connection (RFC 5321 §4.1.1.5); what comes next may.
    Reply exhausted = command.equals("RSET") ? null : budget.exhausted();
    return exhausted == null || give(command, Answer.closing(exhausted));
  }

  // ---------------------------------------------------------------------------- a command's way

  private Answer answer(Command command) throws IOException {
    if (command instanceof Command.Http) {
      return Answer.closing(Replies.NO_WEB_SERVER);
    }
    Verb verb = command.verb();
    Rule<?> rule = verb == null ? null : CommandTable.rule(face, verb);
    if (rule == null) {
      boolean greeting = verb == Verb.HELO || verb == Verb.EHLO || verb == Verb.LHLO;
      // RFC 2033 §4.1 wants 500 for the greetings of the other protocol.
      return Answer.of(
          verb == null || greeting ? Replies.UNKNOWN_COMMAND : Replies.NOT_IMPLEMENTED);
    }
    if (rule.has(Flag.IDLE)) {
      budget.idleCommand();
    } else {
      budget.usefulCommand();
    }
    // Of a command that is repeated nobody knows what was sent behind it before it was answered.
    if (rule.has(Flag.ENDS_PIPELINE)
        && !isOneRoundTrip(command)
        && !repeat
        && connection.in().buffered() > 0) {
      return Answer.closing(Replies.NOT_PIPELINED);
    }
    if (command instanceof Command.Malformed(Verb _, Reply refusal)) {
      // Octets of unknown number follow: nothing behind them can be trusted to be a command.
      return new Answer(List.of(refusal), rule.has(Flag.OCTETS_FOLLOW));
    }
    Reply missing = missing(rule.need());
    if (missing != null) {
      if (command instanceof Command.Bdat(long size, boolean _)) {
        skip(size);
      }
      return Answer.of(missing);
    }
    try {
      return carryOut(rule, command);
    } catch (StoreException e) {
      return Answer.of(storeFailure("carry out " + verb, e));
    }
  }

  /** A login that needs no challenge is the only one behind which more may come (RFC 4954 §4). */
  private static boolean isOneRoundTrip(Command command) {
    return command instanceof Command.Auth auth
        && auth.mechanism().equals("PLAIN")
        && auth.initialResponse() != null;
  }

  private <C extends Command> Answer carryOut(Rule<C> rule, Command command) throws IOException {
    return rule.handler().handle(this, rule.type().cast(command));
  }

  /** The refusal of a command that needs more than the session has, or null. */
  private @Nullable Reply missing(CommandTable.Need need) {
    if (need.compareTo(CommandTable.Need.HELLO) >= 0 && hello == null) {
      return face == SmtpFace.LMTP ? Replies.SAY_LHLO : Replies.SAY_EHLO;
    }
    if (need.compareTo(CommandTable.Need.LOGIN) >= 0
        && face == SmtpFace.SUBMISSION
        && account == null) {
      return Replies.LOGIN_FIRST;
    }
    if (need.compareTo(CommandTable.Need.SENDER) >= 0 && transaction == null) {
      return Replies.SAY_MAIL;
    }
    if (need == CommandTable.Need.RECIPIENT && requireTransaction().recipients().isEmpty()) {
      return requireTransaction().hasRefusedRecipients()
          ? Replies.NO_VALID_RECIPIENTS
          : Replies.SAY_RCPT;
    }
    return null;
  }

  /** Reads over octets that belong to a command that was refused. */
  void skip(long octets) throws IOException {
    long deadline = deadline();
    connection.setReadTimeout(limits().data());
    connection
        .in()
        .readCounted(
            octets,
            (_, _, _) -> {
              if (services.nanoTime().getAsLong() - deadline > 0) {
                throw new TransactionTimeoutException();
              }
            });
  }

  // ------------------------------------------------------------------------ what commands change

  /** A greeting, which also ends a transaction (RFC 5321 §4.1.4). */
  void greet(Hello said) {
    endTransaction();
    hello = said;
  }

  /** Everything a client said before TLS (RFC 3207 §4.2). */
  void forgetClient() {
    endTransaction();
    hello = null;
  }

  void begin(Command.Mail command) {
    transactionsBegun++;
    String id = connection.sessionId() + "." + transactionsBegun;
    transaction = new Transaction(id, command, services.clock().instant(), deadline());
  }

  private long deadline() {
    return services.nanoTime().getAsLong() + limits().transaction().toNanos();
  }

  /**
   * Starts the message of a transaction.
   *
   * @throws StoreException if the store cannot take one now
   */
  IncomingMessage receive(Transaction of) {
    IncomingMessage message =
        new IncomingMessage(
            services.mail().intake(),
            face == SmtpFace.SUBMISSION,
            passages(of),
            limits().messageOctets(),
            of.deadline(),
            services.nanoTime());
    of.receive(message);
    return message;
  }

  /** Begins to look at whom the message of a transaction is from, where that is to be found out. */
  void examine(Transaction of) {
    if (of.examination() == null && isStranger()) {
      Mailbox from = of.mail().from() instanceof Mailbox mailbox ? mailbox : null;
      services
          .origin()
          .ifPresent(origin ->
              of.examine(
                  origin.examine(
                      connection.remote().getAddress(),
                      requireHello().name(),
                      from == null ? "" : from.localPart(),
                      from == null ? "" : from.domain(),
                      of.id())));
    }
  }

  /** Whether it is found out whom mail of this client is from. */
  boolean canProve() {
    return isStranger() && services.origin().isPresent();
  }

  /** Whether the client is another server, and none of ours. */
  private boolean isStranger() {
    return face == SmtpFace.MX
        && services.origin().stream()
            .noneMatch(origin -> origin.isTrusted(connection.remote().getAddress()));
  }

  /** What a message passes on its way in; nobody's Authentication-Results are ours but our own. */
  private UnaryOperator<OctetSink> passages(Transaction of) {
    Examination examination = of.examination();
    if (examination != null) {
      return examination::through;
    }
    return face == SmtpFace.SUBMISSION && services.origin().isPresent()
        ? services.origin().get()::scrub
        : UnaryOperator.identity();
  }

  void endTransaction() {
    if (transaction != null) {
      transaction.close();
      transaction = null;
    }
  }

  void login(LoginResult.Success success) {
    account = success.account();
    epoch = success.epoch();
    lease = success.lease();
    budget.trust();
    connection.describe(
        success.account().primary().toString(),
        new Home(success.account().routing().node(), success.account().routing().pool()));
  }

  // -------------------------------------------------------------------------- what commands ask

  Connection connection() {
    return connection;
  }

  /** Whether the command at hand may have been carried out before, on another node. */
  boolean isRepeat() {
    return repeat;
  }

  SmtpFace face() {
    return face;
  }

  SmtpSettings settings() {
    return settings;
  }

  SmtpLimits limits() {
    return settings.limits();
  }

  SmtpMetrics metrics() {
    return metrics;
  }

  SmtpServices services() {
    return services;
  }

  Directory directory() {
    return services.directory();
  }

  /** Where mail goes that other servers take; the transaction has recipients there. */
  Outbox outbox() {
    return services
        .outbox()
        .orElseThrow(() -> new IllegalStateException("a recipient elsewhere, and no way there"));
  }

  MailStore mail() {
    return services.mail();
  }

  ErrorBudget budget() {
    return budget;
  }

  @Nullable Account account() {
    return account;
  }

  @Nullable Transaction transaction() {
    return transaction;
  }

  int transactionsBegun() {
    return transactionsBegun;
  }

  /** The transaction, which the table has made sure of. */
  Transaction requireTransaction() {
    if (transaction == null) {
      throw new IllegalStateException("no transaction");
    }
    return transaction;
  }

  /** The greeting, which the table has made sure of. */
  Hello requireHello() {
    if (hello == null) {
      throw new IllegalStateException("no greeting");
    }
    return hello;
  }

  boolean isExtended() {
    return requireHello().extended();
  }

  /** Whether a client may demand TLS on all of the way: only over TLS itself (RFC 8689 §2). */
  boolean offersRequireTls() {
    return face != SmtpFace.LMTP && connection.isTls();
  }

  /**
   * Whether NOTIFY and its kin are taken: only where every sender is local, so that a report has
   * somewhere to go.
   */
  boolean offersDsn() {
    return face == SmtpFace.SUBMISSION && settings.writeAs() != SmtpSettings.WriteAs.ANY;
  }

  /** Whether MT-PRIORITY is taken: from those whom it can be allowed. */
  boolean offersPriority() {
    return face == SmtpFace.SUBMISSION && services.outbox().isPresent();
  }

  /** What priority a message has: what its sender wants, as far as it may. */
  int priority(Transaction of) {
    Integer wanted = of.mail().parameters().priority();
    if (wanted == null || account == null) {
      return 0;
    }
    return Math.min(wanted, settings.highestPriority(account.primary()));
  }

  /** Whether BY is taken: where reports have somewhere to go, as with NOTIFY. */
  boolean offersDeliverBy() {
    return offersDsn() && services.outbox().isPresent();
  }

  /** Whether HOLDFOR and HOLDUNTIL are taken: in submission only (RFC 4865 §3). */
  boolean offersFutureRelease() {
    return face == SmtpFace.SUBMISSION
        && services.outbox().isPresent()
        && !settings.longestHold().isZero();
  }

  List<String> mechanisms() {
    return services.authenticator().mechanisms(authContext());
  }

  Optional<SaslExchange> startSasl(String mechanism) {
    return services.authenticator().start(authContext(), mechanism);
  }

  SaslExchange carryOnSasl(byte[] exchange) {
    return services.authenticator().carryOn(authContext(), exchange);
  }

  private AuthContext authContext() {
    return new AuthContext(
        connection.sessionId(),
        Service.SUBMISSION,
        connection.remote().getAddress(),
        connection.remote().getPort(),
        connection.isTls(),
        type -> connection.tls().flatMap(tls -> tls.channelBinding(type)));
  }

  // --------------------------------------------------------------------------------- telling

  void write(Reply reply) throws IOException {
    connection.out().write(reply.wire());
  }

  /** A SASL challenge, which may be a secret. */
  void writeChallenge(String base64) throws IOException {
    connection.out().writeHidden("334 " + base64 + "\r\n");
  }

  /** The reply to a failure of the store, which is logged. */
  Reply storeFailure(String attempt, StoreException e) {
    failed("the store failed at: " + attempt, e);
    return Replies.TRY_LATER;
  }

  /** Logs a failure of ours, which others may meet as well. */
  void failed(String what, RuntimeException cause) {
    failures.write(line(Level.WARN), what, cause);
  }

  /** A line of our log under this session's id. */
  LoggingEventBuilder log(Level level, String message) {
    return line(level).setMessage(message);
  }

  private LoggingEventBuilder line(Level level) {
    LoggingEventBuilder line = LOG.atLevel(level).addKeyValue("session", connection.sessionId());
    return transaction == null ? line : line.addKeyValue("transaction", transaction.id());
  }
}
