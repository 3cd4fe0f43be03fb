package hikyaku.server.net;

import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection that was let in: its layers, its life, and how its end is told. */
final class Session implements Connection, Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  private final NetShared shared;
  private final ListenerSpec listener;
  private final NetMetrics.OfProtocol metrics;
  private final Admission.Ticket ticket;
  private final String sessionId;
  private final InetSocketAddress remote;
  private final InetSocketAddress local;
  private final Instant since;
  private final long begun = System.nanoTime();
  private final SocketLayer socket;
  private final SessionTrace trace;
  private final WireReader in;
  private final OutputBuffer out;
  private Layer layer;
  private final Pace pace;
  private long readTimeoutNanos;
  private boolean peerEnded;

  /**
   * Octets that the protocol's reader has taken: with what it has not used, a place in the input.
   */
  private long inputRead;

  private boolean toldToStop;
  private int traceVersion = -1;
  private volatile @Nullable TlsLayer tls;
  private volatile boolean compressed;
  private volatile @Nullable String account;
  private volatile String state = "";

  /** Fails if the client is gone already. The channel remains the caller's to close then. */
  Session(
      NetShared shared,
      ListenerSpec listener,
      SocketChannel channel,
      NetMetrics.OfProtocol metrics,
      Admission.Ticket ticket)
      throws IOException {
    this.shared = shared;
    this.listener = listener;
    this.metrics = metrics;
    this.ticket = ticket;
    this.sessionId = shared.ids().get();
    this.remote = (InetSocketAddress) channel.getRemoteAddress();
    this.local = (InetSocketAddress) channel.getLocalAddress();
    this.since = shared.clock().instant();
    this.socket = new SocketLayer(channel, shared.lot(), metrics);
    this.layer = socket;
    this.trace = new SessionTrace(sessionId, listener.protocol().redaction());
    this.in = new WireReader(new Source(), trace);
    this.out = new OutputBuffer(socket, trace);
    this.readTimeoutNanos = Deadline.nanos(shared.limits().read());
    this.pace = new Pace(shared.limits());
    if (listener.protocol().authenticates()) {
      pace.loginBy(shared.limits().login());
    }
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
      return count;
    }
  }

  @Override
  public void run() {
    metrics.opened();
    LOG.atDebug()
        .addKeyValue("session", sessionId)
        .addKeyValue("listener", listener.name())
        .addKeyValue("remote", remote)
        .log("connected");
    CloseReason reason = CloseReason.BUG;
    try {
      reason = serve();
    } finally {
      end(reason);
    }
  }

  private CloseReason serve() {
    try {
      noticeTraces();
      if (listener.tls() == TlsMode.IMPLICIT) {
        negotiateTls();
      }
      listener.protocol().serve(this);
      out.flush();
      return toldToStop
          ? CloseReason.STOPPING
          : peerEnded ? CloseReason.PEER_CLOSED : CloseReason.DONE;
    } catch (WireException.End e) {
      return CloseReason.PEER_CLOSED;
    } catch (NetException e) {
      return e.reason();
    } catch (WireException e) {
      return broken(e);
    } catch (IOException e) {
      return socket.hasFailed() ? broken(e) : failed(e);
    } catch (Throwable e) {
      // A bug, or the memory or stack it used up: this session ends, the others go on.
      return bug(e);
    }
  }

  private CloseReason broken(IOException e) {
    LOG.atDebug().addKeyValue("session", sessionId).setCause(e).log("connection broken");
    return CloseReason.BROKEN;
  }

  private CloseReason failed(IOException e) {
    LOG.atWarn().addKeyValue("session", sessionId).setCause(e).log("session failed");
    sayLast(Refusal.INTERNAL_ERROR);
    return CloseReason.FAILED;
  }

  private CloseReason bug(Throwable e) {
    metrics.bug();
    LOG.atError().addKeyValue("session", sessionId).setCause(e).log("bug in a session");
    sayLast(Refusal.INTERNAL_ERROR);
    return CloseReason.BUG;
  }

  /** Replies that were gathered and not sent may be half a line, so they are sent before. */
  private void sayLast(Refusal refusal) {
    try {
      out.write(listener.protocol().refusal(refusal));
      out.flush();
    } catch (IOException | RuntimeException e) {
      LOG.atDebug().addKeyValue("session", sessionId).setCause(e).log("goodbye not said");
    }
  }

  private void end(CloseReason reason) {
    Duration duration = Duration.ofNanos(System.nanoTime() - begun);
    try {
      closeLayers(reason);
    } finally {
      ticket.release();
      metrics.closed(reason, duration);
      trace.event("end: " + reason);
      LOG.atInfo()
          .addKeyValue("session", sessionId)
          .addKeyValue("protocol", listener.protocol().name())
          .addKeyValue("listener", listener.name())
          .addKeyValue("remote", remote)
          .addKeyValue("account", account)
          .addKeyValue("seconds", duration.toMillis() / 1000.0)
          .addKeyValue("in", bytesIn())
          .addKeyValue("out", bytesOut())
          .addKeyValue("reason", reason)
          .log("session ended");
    }
  }

  /** In order where the connection still works, so that the last reply arrives. */
  private void closeLayers(CloseReason reason) {
    out.discard();
    in.discardBuffered();
    try {
      switch (reason) {
        case DONE, STOPPING, BUG, FAILED, READ_TIMEOUT, PEER_CLOSED, REFUSED -> {
          if (!socket.hasFailed()) {
            layer.endOutput();
            if (!peerEnded) {
              socket.linger(Deadline.after(shared.limits().linger()));
            }
          }
        }
        case BROKEN, WRITE_TIMEOUT, TLS_FAILED, COMPRESSION_FAILED, OPERATOR, ACCOUNT -> {}
      }
    } catch (IOException | RuntimeException e) {
      LOG.atDebug().addKeyValue("session", sessionId).setCause(e).log("not closed in order");
    } finally {
      layer.release();
      socket.close(reason);
    }
  }

  /** Turns the client away with the protocol's own words; in place of {@link #run()}. */
  void refuse(Refusal refusal) {
    try {
      if (listener.tls() == TlsMode.IMPLICIT) {
        negotiateTls();
      }
      sayLast(refusal);
    } catch (IOException e) {
      LOG.atDebug().addKeyValue("session", sessionId).setCause(e).log("refusal not said");
    } finally {
      closeLayers(CloseReason.REFUSED);
      ticket.release();
    }
  }

  private void negotiateTls() throws IOException {
    TlsContext context = shared.tls().get();
    if (context == null) {
      throw new NetException.TlsFailure("no certificate", null);
    }
    TlsLayer layerWithTls =
        new TlsLayer(
            socket,
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
    layer = layerWithTls;
    out.layer(layer);
    tls = layerWithTls;
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
    if (socket.isStopping()) {
      toldToStop = true;
      return Wake.STOPPING;
    }
    if (in.buffered() > 0 || layer.hasInput()) {
      return Wake.INPUT;
    }
    out.flush();
    Wake wake = layer.await(waiting, pace.idle(timeout));
    noticeTraces();
    peerEnded |= wake == Wake.END;
    toldToStop |= wake == Wake.STOPPING;
    return wake;
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
      if (!was) {
        trace.event(listener.protocol().name() + " from " + remote);
      }
    }
  }

  @Override
  public void startTls() throws IOException {
    if (!canStartTls()) {
      throw new IllegalStateException("TLS cannot be started here");
    }
    out.flush();
    int dropped = in.buffered() + socket.discardInput();
    in.discardBuffered();
    if (dropped > 0) {
      LOG.atWarn()
          .addKeyValue("session", sessionId)
          .addKeyValue("octets", dropped)
          .log("input sent ahead of TLS was dropped");
    }
    negotiateTls();
  }

  @Override
  public void startCompression() throws IOException {
    if (compressed) {
      throw new IllegalStateException("compression is on already");
    }
    out.flush();
    ByteArrayOutputStream early = new ByteArrayOutputStream();
    if (in.buffered() > 0) {
      in.readCounted(in.buffered(), early::write);
    }
    layer = new DeflateLayer(layer, early.toByteArray());
    out.layer(layer);
    compressed = true;
    trace.event("compression on");
  }

  @Override
  public void setReadTimeout(Duration timeout) {
    readTimeoutNanos = Deadline.nanos(timeout);
  }

  @Override
  public void describe(String name) {
    account = name;
    ticket.authenticated();
    pace.loggedIn();
    traceVersion = -1;
  }

  @Override
  public void state(String now) {
    state = now;
  }

  @Override
  public void settle(Supplier<byte[]> position) {
    // A client of this node's own goes when the node goes.
  }

  @Override
  public String commandKey() {
    return sessionId + "." + (inputRead - in.buffered());
  }

  @Override
  public boolean isRepeat() {
    return false;
  }

  @Override
  public void pin(long seq) {
    // Nothing is repeated here.
  }

  @Override
  public OptionalLong pinned() {
    return OptionalLong.empty();
  }

  @Override
  public void hideInput() {
    trace.hideInput();
  }

  @Override
  public void signal() {
    socket.signal();
  }

  @Override
  public void close(CloseReason reason) {
    socket.close(reason);
  }

  /** Has the session say goodbye as soon as it is between commands. From any thread. */
  void stop() {
    socket.stop();
  }

  /** Gives up on a client that takes no output. From the watch. */
  void checkWrite(long now) {
    socket.checkWrite(now, Deadline.nanos(shared.limits().write()));
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
        socket.isWaiting(),
        isTls(),
        compressed,
        bytesIn(),
        bytesOut());
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
    return Optional.ofNullable(tls).map(TlsLayer::engine).map(ChannelBindings::describe);
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
    return socket.octetsIn();
  }

  @Override
  public long bytesOut() {
    return socket.octetsOut();
  }

  @Override
  public boolean isStopping() {
    return socket.isStopping();
  }
}
