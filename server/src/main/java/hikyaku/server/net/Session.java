package hikyaku.server.net;

import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.WireReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection that was let in, as its protocol sees it: its layers and its waits. */
final class Session implements TurnProtocol.TurnConnection {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  final NetShared shared;
  final ListenerSpec listener;
  final NetMetrics.OfProtocol metrics;
  final Entry entry;
  final String sessionId;
  final InetSocketAddress remote;
  private final InetSocketAddress local;
  private final Instant since;
  final long begun = System.nanoTime();
  final Ground ground;
  final Brake brake;

  /** The same as the ground, if a front carries this session. */
  final @Nullable CarriedLayer carried;

  final Start start;
  final SessionTrace trace;
  final WireReader in;
  final OutputBuffer out;
  Layer layer;
  private final Pace pace;
  private long readTimeoutNanos;
  boolean peerEnded;

  /**
   * Octets that the protocol's reader has taken: with what it has not used, a place in the input.
   */
  private long inputRead;

  /** The place in the input up to which everything is dealt with and said to be. */
  private long settledAt;

  boolean toldToStop;
  boolean moved;

  /** What the first command was pinned to elsewhere, until it is settled; -1 for nothing. */
  private long pinned = -1;

  private int traceVersion = -1;
  private volatile @Nullable Supplier<TlsInfo> tls;
  private volatile boolean compressed;
  private volatile @Nullable String account;
  private volatile String state = "";

  /** Set if this session goes on in turns. */
  private volatile @Nullable TurnRun turns;

  /** How a session begins: what is known of it when it gets here. */
  record Start(
      @Nullable TlsInfo tls, long inputOffset, long doubtfulTo, byte @Nullable [] position) {
    static final Start FRESH = new Start(null, 0, 0, null);

    static Start of(CarriedSession session) {
      return new Start(
          session.tls().orElse(null),
          session.inputOffset(),
          session.doubtfulTo(),
          session.position().orElse(null));
    }
  }

  Session(
      NetShared shared,
      ListenerSpec listener,
      String sessionId,
      InetSocketAddress remote,
      InetSocketAddress local,
      Instant since,
      Ground ground,
      Start start,
      NetMetrics.OfProtocol metrics,
      Entry entry) {
    this.shared = shared;
    this.listener = listener;
    this.metrics = metrics;
    this.entry = entry;
    this.sessionId = sessionId;
    this.remote = remote;
    this.local = local;
    this.since = since;
    this.ground = ground;
    this.brake = new Brake(shared.flow(), entry.passage(), ground);
    this.carried = ground instanceof CarriedLayer layer ? layer : null;
    this.start = start;
    this.inputRead = start.inputOffset();
    this.settledAt = start.inputOffset();
    TlsInfo negotiated = start.tls();
    this.tls = negotiated == null ? null : () -> negotiated;
    this.layer = ground;
    this.trace = new SessionTrace(sessionId, listener.protocol().redaction());
    this.in = new WireReader(new Source(), trace);
    this.out = new OutputBuffer(ground, trace, brake);
    this.readTimeoutNanos = Deadline.nanos(shared.limits().read());
    this.pace = new Pace(shared.limits());
    if (listener.protocol().authenticates()) {
      // A protocol that carries on a session that is logged in says so before it waits.
      pace.loginBy(shared.limits().login());
    }
  }

  /** A client of this node's own. */
  static Session of(NetShared shared, Arrival arrival, NetMetrics.OfProtocol metrics, Entry entry) {
    return new Session(
        shared,
        arrival.listener(),
        arrival.sessionId(),
        arrival.remote(),
        arrival.local(),
        shared.clock().instant(),
        arrival.ground(),
        Start.FRESH,
        metrics,
        entry);
  }

  /** A client that a front carries. */
  static Session of(
      NetShared shared,
      ListenerSpec listener,
      CarriedSession session,
      CarriedLayer ground,
      NetMetrics.OfProtocol metrics,
      Entry entry) {
    Session made =
        new Session(
            shared,
            listener,
            session.sessionId(),
            session.remote(),
            session.local(),
            session.since(),
            ground,
            Start.of(session),
            metrics,
            entry);
    made.compressed = session.compressed();
    made.pinned = session.pin().orElse(-1);
    return made;
  }

  /** What the reader reads from: inside a command, under its timeouts. */
  private final class Source implements OctetSource {
    @Override
    public boolean await() throws IOException {
      if (layer.hasInput()) {
        return true;
      }
      out.flush();
      long began = System.nanoTime();
      Wake wake = layer.await(Layer.Waiting.IN_COMMAND, pace.inside(began, readTimeoutNanos));
      pace.waited(System.nanoTime() - began, 0);
      return switch (wake) {
        case INPUT -> true;
        case END -> {
          peerEnded = true;
          yield false;
        }
        case TIMEOUT, SIGNAL, STOPPING, MOVED -> throw new NetException.ReadTimeout();
      };
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (!layer.hasInput()) {
        out.flush();
      }
      long began = System.nanoTime();
      int count = layer.read(buffer, offset, length, pace.inside(began, readTimeoutNanos));
      pace.waited(System.nanoTime() - began, count);
      peerEnded |= count < 0;
      inputRead += Math.max(count, 0);
      brake.octets();
      return count;
    }
  }

  /** What comes before any protocol speaks: the wait that a limit asks for, and TLS. */
  void enter() throws IOException {
    noticeTraces();
    brake.rest(entry.holdNanos(), true);
    startImplicitTls();
  }

  /** Whether {@link #enter()} waits for nothing. */
  boolean entersAtOnce() {
    return entry.holdNanos() <= 0 && listener.tls() != TlsMode.IMPLICIT && !ground.hasInput();
  }

  void startImplicitTls() throws IOException {
    if (listener.tls() == TlsMode.IMPLICIT && tls == null) {
      negotiateTls();
    }
  }

  private void negotiateTls() throws IOException {
    TlsContext context = shared.tls().get();
    if (context == null) {
      throw new NetException.TlsFailure("no certificate", null);
    }
    TlsLayer layerWithTls =
        new TlsLayer(
            ground,
            context.engine(listener.protocol().alpn()),
            Deadline.nanos(shared.limits().read()));
    boolean done = false;
    try {
      layerWithTls.handshake(Deadline.after(shared.limits().handshake()));
      done = true;
    } finally {
      metrics.handshake(done);
      if (!done) {
        layerWithTls.release();
      }
    }
    LOG.atDebug()
        .addKeyValue("session", sessionId)
        .addKeyValue("version", layerWithTls.engine().getSession().getProtocol())
        .addKeyValue("cipher", layerWithTls.engine().getSession().getCipherSuite())
        .log("TLS began");
    layer = layerWithTls;
    out.layer(layer);
    tls = () -> ChannelBindings.describe(layerWithTls.engine());
    trace.event("TLS established");
  }

  @Override
  public Wake await(Duration timeout) throws IOException {
    return await(Layer.Waiting.IDLE, timeout);
  }

  @Override
  public Wake awaitOrSignal(Duration timeout) throws IOException {
    return await(Layer.Waiting.IDLE_OR_SIGNAL, timeout);
  }

  private Wake await(Layer.Waiting waiting, Duration timeout) throws IOException {
    trace.betweenCommands();
    noticeTraces();
    pace.begin();
    if (ground.isStopping()) {
      toldToStop = true;
      return Wake.STOPPING;
    }
    if (carried != null && carried.mayLeave() && isSettled()) {
      moved = true;
      return Wake.MOVED;
    }
    if (in.buffered() > 0 || layer.hasInput()) {
      return inTurn();
    }
    out.flush();
    Wake wake =
        carried == null
            ? layer.await(waiting, pace.idle(timeout))
            : carried.await(waiting, pace.idle(timeout), carried.isSettled() && isSettled());
    noticeTraces();
    moved |= wake == Wake.MOVED;
    peerEnded |= wake == Wake.END;
    toldToStop |= wake == Wake.STOPPING;
    return wake == Wake.INPUT ? inTurn() : wake;
  }

  /** A command has come, which may have to wait for its turn, or to be left for another node. */
  private Wake inTurn() throws IOException {
    long nanos = brake.command();
    if (nanos == 0) {
      return Wake.INPUT;
    }
    out.flush();
    brake.rest(nanos, true);
    if (ground.isStopping()) {
      toldToStop = true;
      return Wake.STOPPING;
    }
    moved = carried != null && carried.mayLeave() && isSettled();
    return moved ? Wake.MOVED : Wake.INPUT;
  }

  /** Whether all that was read is settled, and nothing is written that is not. */
  private boolean isSettled() {
    return settledAt == inputRead - in.buffered() && out.isEmpty();
  }

  private void noticeTraces() {
    int version = shared.traces().version();
    if (version != traceVersion) {
      traceVersion = version;
      boolean was = trace.isOn();
      trace.followers(
          shared
              .traces()
              .followersOf(sessionId, remote.getAddress(), Optional.ofNullable(account)));
      if (!was && trace.isOn()) {
        trace.event(listener.protocol().name() + " from " + remote);
      }
    }
  }

  @Override
  public void startTls() throws IOException {
    if (!canStartTls()) {
      throw new IllegalStateException("TLS cannot be started here");
    }
    if (carried != null) {
      startTlsAtFront(carried);
      return;
    }
    out.flush();
    int dropped = in.buffered() + ground.discardInput();
    in.discardBuffered();
    if (dropped > 0) {
      LOG.atWarn()
          .addKeyValue("session", sessionId)
          .addKeyValue("octets", dropped)
          .log("input sent ahead of TLS was dropped");
    }
    negotiateTls();
  }

  private void startTlsAtFront(CarriedLayer front) throws IOException {
    long at = inputRead - in.buffered();
    in.discardBuffered();
    long deadline = Deadline.after(shared.limits().handshake());
    out.take((octets, length) -> {
      CarriedLayer.Started started = front.startTls(at, octets, length, deadline);
      tls = started::tls;
      inputRead = started.inputOffset();
    });
    settledAt = inputRead;
    trace.event("TLS established");
  }

  private void startCompressionAtFront(CarriedLayer front) throws IOException {
    long at = inputRead - in.buffered();
    in.discardBuffered();
    long deadline = Deadline.after(shared.limits().handshake());
    out.take((octets, length) -> {
      inputRead = front.startCompression(at, octets, length, deadline);
    });
    settledAt = inputRead;
    compressed = true;
    trace.event("compression on");
  }

  @Override
  public void startCompression() throws IOException {
    startCompression(new byte[0]);
  }

  @Override
  public void startCompression(byte[] early) throws IOException {
    if (compressed) {
      throw new IllegalStateException("compression is on already");
    }
    if (carried != null) {
      startCompressionAtFront(carried);
      return;
    }
    out.flush();
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    read.writeBytes(early);
    if (in.buffered() > 0) {
      in.readCounted(in.buffered(), read::write);
    }
    layer = new DeflateLayer(layer, read.toByteArray());
    out.layer(layer);
    compressed = true;
    trace.event("compression on");
  }

  @Override
  public void aside(String line) throws IOException {
    if (carried != null) {
      out.flush();
      carried.aside(line.getBytes(StandardCharsets.ISO_8859_1));
      return;
    }
    out.write(line);
    out.flush();
  }

  @Override
  public void setReadTimeout(Duration timeout) {
    readTimeoutNanos = Deadline.nanos(timeout);
  }

  @Override
  public void describe(String name, Home home) {
    account = name;
    if (carried != null) {
      carried.account(name, home);
    }
    entry.ticket().authenticated();
    entry.passage().account(name);
    pace.loggedIn();
    traceVersion = -1;
  }

  @Override
  public void loggedOut() {
    account = null;
    if (carried != null) {
      carried.account("", Home.ANYWHERE);
    }
    entry.ticket().unauthenticated();
    entry.passage().loggedOut();
    pace.loginBy(shared.limits().login());
    traceVersion = -1;
  }

  @Override
  public void state(String now) {
    state = now;
  }

  @Override
  public void settle(Supplier<byte[]> position) throws IOException {
    CarriedLayer front = carried;
    if (front == null) {
      // A client of this node's own goes when the node goes.
      return;
    }
    long at = inputRead - in.buffered();
    out.take((octets, length) -> front.settle(at, position.get(), octets, length));
    settledAt = at;
    pinned = -1;
    brake.octets();
  }

  @Override
  public String commandKey() {
    return sessionId + "." + (inputRead - in.buffered());
  }

  @Override
  public boolean isRepeat() {
    return inputRead - in.buffered() < start.doubtfulTo();
  }

  @Override
  public void pin(long seq) {
    if (carried != null) {
      carried.pin(seq);
    }
  }

  @Override
  public OptionalLong pinned() {
    return pinned < 0 ? OptionalLong.empty() : OptionalLong.of(pinned);
  }

  @Override
  public void hideInput() {
    trace.hideInput();
  }

  @Override
  public void signal() {
    ground.signal();
  }

  @Override
  public void close(CloseReason reason) {
    ground.close(reason);
  }

  /**
   * Octets were read for a protocol that takes them as they come, by an owner that must not wait.
   */
  void tookIn(int count) {
    trace.betweenCommands();
    noticeTraces();
    pace.begin();
    inputRead += count;
    brake.commandInHaste();
    brake.octets();
    trace.octets(count);
  }

  boolean isCompressedOrStopping() {
    return compressed || ground.isStopping();
  }

  /** Has the session say goodbye as soon as it is between commands. From any thread. */
  void stop() {
    ground.stop();
  }

  /**
   * Has the session leave for another node, or the same one, as soon as it is settled.
   *
   * @return false if no front carries it
   */
  boolean move() {
    CarriedLayer front = carried;
    if (front != null) {
      front.letGo();
    }
    return front != null;
  }

  /**
   * Ends what has taken too long: a wait, a write, a client that does not leave. From the watch.
   */
  void check(long now) {
    ground.checkWait(now);
    ground.checkWrite(now, Deadline.nanos(shared.limits().write()));
    TurnRun mine = turns;
    if (mine != null) {
      mine.checkLinger(now);
    }
  }

  ConnectionInfo info() {
    return new ConnectionInfo(
        sessionId,
        listener.name(),
        listener.protocol().name(),
        remote,
        since,
        Optional.ofNullable(account),
        state,
        isWaiting(),
        isTls(),
        compressed,
        bytesIn(),
        bytesOut());
  }

  /** Whether it waits between commands. */
  private boolean isWaiting() {
    TurnRun mine = turns;
    return ground.isWaiting() || mine != null && mine.isWaiting();
  }

  /**
   * The life of this session, to be started.
   *
   * @param left told when it is over
   */
  SessionRun run(Consumer<Session> left) {
    if (ground instanceof SocketLayer socket
        && listener.protocol() instanceof TurnProtocol protocol) {
      TurnRun run = new TurnRun(this, socket, protocol, left);
      turns = run;
      return run;
    }
    return new SessionRun(this, left);
  }

  @Override
  public boolean take() {
    TurnRun mine = turns;
    return mine != null && mine.take();
  }

  @Override
  public void giveBack(boolean turn) {
    TurnRun mine = turns;
    if (mine != null) {
      mine.giveBack(turn);
    }
  }

  @Override
  public void part() {
    TurnRun mine = turns;
    if (mine != null) {
      mine.part();
    }
  }

  @Override
  public String sessionId() {
    return sessionId;
  }

  @Override
  public ListenerSpec listener() {
    return listener;
  }

  @Override
  public InetSocketAddress remote() {
    return remote;
  }

  @Override
  public InetSocketAddress local() {
    return local;
  }

  @Override
  public boolean isLoopback() {
    return remote.getAddress().isLoopbackAddress();
  }

  @Override
  public boolean isTls() {
    return tls != null;
  }

  @Override
  public Optional<TlsInfo> tls() {
    return Optional.ofNullable(tls).map(Supplier::get);
  }

  @Override
  public boolean canStartTls() {
    return listener.tls() == TlsMode.STARTTLS && tls == null && !compressed;
  }

  @Override
  public boolean isCompressed() {
    return compressed;
  }

  @Override
  public WireReader in() {
    return in;
  }

  @Override
  public Output out() {
    return out;
  }

  @Override
  public long bytesIn() {
    return ground.octetsIn();
  }

  @Override
  public long bytesOut() {
    return ground.octetsOut();
  }

  @Override
  public boolean isStopping() {
    return ground.isStopping();
  }
}
