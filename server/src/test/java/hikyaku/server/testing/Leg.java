package hikyaku.server.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.Connection;
import hikyaku.server.net.Home;
import hikyaku.server.net.ListenerSpec;
import hikyaku.server.net.Output;
import hikyaku.server.net.TlsInfo;
import hikyaku.server.net.Wake;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * A session's connection as one node sees it, from when it gets the session to when it loses it.
 */
final class Leg implements Connection {
  private final Carrier.Journey journey;
  private final Connection client;
  private final WireReader in = new WireReader(new Input());
  private final Output out = new Answer();
  private final long tried;

  /** What the command at hand was pinned to by a node that died. */
  private OptionalLong pinned;

  /** What the client has got of the answer already: the answer has to begin so. */
  private byte[] expected;

  private int repeated;

  /** What has been written and the client has not got. */
  private final Octets pending = new Octets();

  /** How much of {@link Carrier.Journey#input} this node has read. */
  private int read;

  private OptionalLong pin;
  private boolean active;
  private boolean moves;
  private boolean moved;
  private boolean dead;

  Leg(Carrier.Journey journey) {
    this.journey = journey;
    this.client = journey.client;
    this.tried = journey.tried;
    this.expected = journey.told.toByteArray();
    // A pin comes with the octets that it explains; alone it may get lost.
    this.pinned =
        expected.length > 0 || journey.random.nextBoolean() ? journey.pin : OptionalLong.empty();
    this.pin = pinned;
  }

  // ---- the end

  boolean hasMoved() {
    return moved;
  }

  boolean isDead() {
    return dead;
  }

  /** The protocol has returned of itself. */
  void end() throws IOException {
    deliver(pending.size());
    if (repeated < expected.length) {
      throw differs("ends");
    }
  }

  /** What remains of a node that died. */
  void bury() {
    journey.tried = journey.settled + read;
    journey.pin = pin;
    journey.grave = journey.settled;
  }

  /** Whether this is where the node dies: not before it has settled, nor twice at one command. */
  boolean diesNow() {
    if (dead) {
      return true;
    }
    dead =
        journey.plan.kills() > 0
            && !journey.carrier.isSpared()
            && journey.position != null
            && journey.grave != journey.settled
            && journey.random.nextInt(journey.plan.kills()) == 0;
    return dead;
  }

  private void checkAlive() throws IOException {
    if (dead) {
      throw new Carrier.Killed();
    }
  }

  // ---- input

  private final class Input implements OctetSource {
    @Override
    public boolean await() throws IOException {
      checkAlive();
      if (read < journey.input.size()) {
        return true;
      }
      deliver(pending.size());
      return more();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      checkAlive();
      if (read == journey.input.size()) {
        deliver(pending.size());
        if (!more()) {
          return -1;
        }
      }
      int count = Math.min(length, journey.input.size() - read);
      System.arraycopy(journey.input.range(read, read + count), 0, buffer, offset, count);
      read += count;
      return count;
    }

    /** Waits for octets of the client; false at its end. */
    private boolean more() throws IOException {
      try {
        client.in().readCounted(1, journey.input::write);
      } catch (WireException.Truncated e) {
        return false;
      }
      int ready = client.in().buffered();
      if (ready > 0) {
        client.in().readCounted(ready, journey.input::write);
      }
      return true;
    }
  }

  private long place() {
    return journey.settled + read - in.buffered();
  }

  @Override
  public Wake await(Duration timeout) throws IOException {
    Wake ready = ready();
    return ready == null ? client.await(timeout) : ready;
  }

  @Override
  public Wake awaitOrSignal(Duration timeout) throws IOException {
    Wake ready = ready();
    return ready == null ? client.awaitOrSignal(timeout) : ready;
  }

  private Wake ready() throws IOException {
    checkAlive();
    if (moves) {
      moved = true;
      return Wake.MOVED;
    }
    if (in.buffered() > 0 || read < journey.input.size()) {
      return Wake.INPUT;
    }
    deliver(pending.size());
    return null;
  }

  // ---- output

  private final class Answer implements Output {
    @Override
    public void write(byte[] octets, int offset, int length) throws IOException {
      if (diesNow()) {
        throw new Carrier.Killed();
      }
      pending.write(octets, offset, length);
      while (pending.size() >= journey.plan.buffer()) {
        if (diesNow()) {
          deliver(journey.random.nextInt(journey.plan.buffer()));
          throw new Carrier.Killed();
        }
        deliver(journey.plan.buffer());
      }
    }

    @Override
    public void write(String text) throws IOException {
      write(text.getBytes(ISO_8859_1), 0, text.length());
    }

    @Override
    public void writeHidden(String text) throws IOException {
      write(text);
    }

    @Override
    public void flush() throws IOException {
      checkAlive();
      deliver(pending.size());
    }
  }

  /** Gives the client the first of what is pending, less what it has got before. */
  private void deliver(int count) throws IOException {
    byte[] octets = pending.range(0, count);
    pending.forget(count);
    int known = Math.min(count, expected.length - repeated);
    for (int i = 0; i < known; i++) {
      if (octets[i] != expected[repeated + i]) {
        throw differs(new String(octets, ISO_8859_1));
      }
    }
    repeated += known;
    if (count > known) {
      client.out().write(octets, known, count - known);
      client.out().flush();
      journey.told.write(octets, known, count - known);
      active = true;
    }
  }

  private AssertionError differs(String now) {
    return new AssertionError(
        "told \"%s\", repeated from %d as \"%s\""
            .formatted(new String(expected, ISO_8859_1), repeated, now));
  }

  @Override
  public void aside(String line) throws IOException {
    checkAlive();
    deliver(pending.size());
    if (repeated == expected.length) {
      client.aside(line);
    }
  }

  // ---- from node to node

  @Override
  public void settle(Supplier<byte[]> position) throws IOException {
    if (diesNow()) {
      throw new Carrier.Killed();
    }
    deliver(pending.size());
    int used = read - in.buffered();
    active |= used > 0;
    if (active) {
      // What it has done it need not do again: there may be one more death on the way.
      journey.grave = -1;
    }
    settled(used, position.get());
    moves |= active;
  }

  private void settled(int used, byte[] position) {
    if (repeated < expected.length) {
      throw differs("settled");
    }
    journey.position = position;
    journey.input.forget(used);
    journey.settled += used;
    read -= used;
    journey.told.reset();
    expected = new byte[0];
    repeated = 0;
    journey.pin = OptionalLong.empty();
    pin = OptionalLong.empty();
    pinned = OptionalLong.empty();
  }

  @Override
  public String commandKey() {
    return client.sessionId() + "." + place();
  }

  @Override
  public boolean isRepeat() {
    return place() < tried;
  }

  @Override
  public void pin(long seq) {
    pin = OptionalLong.of(seq);
  }

  @Override
  public OptionalLong pinned() {
    return pinned;
  }

  /** What was said before does not count: no word of it is kept. */
  @Override
  public void startTls() throws IOException {
    checkAlive();
    deliver(pending.size());
    client.startTls();
    in.discardBuffered();
    settled(journey.input.size(), new byte[0]);
    // What a session had counted before TLS is lost with a node that dies right here.
    journey.grave = journey.settled;
  }

  @Override
  public void startCompression() throws IOException {
    checkAlive();
    deliver(pending.size());
    client.startCompression();
    settled(read - in.buffered(), journey.position);
  }

  @Override
  public void startCompression(byte[] early) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close(CloseReason reason) {
    if (!dead) {
      client.close(reason);
    }
  }

  // ---- the client's

  @Override
  public String sessionId() {
    return client.sessionId();
  }

  @Override
  public ListenerSpec listener() {
    return client.listener();
  }

  @Override
  public InetSocketAddress remote() {
    return client.remote();
  }

  @Override
  public InetSocketAddress local() {
    return client.local();
  }

  @Override
  public boolean isLoopback() {
    return client.isLoopback();
  }

  @Override
  public boolean isTls() {
    return client.isTls();
  }

  @Override
  public Optional<TlsInfo> tls() {
    return client.tls();
  }

  @Override
  public boolean canStartTls() {
    return client.canStartTls();
  }

  @Override
  public boolean isCompressed() {
    return client.isCompressed();
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
  public void signal() {
    client.signal();
  }

  @Override
  public void setReadTimeout(Duration timeout) {
    client.setReadTimeout(timeout);
  }

  @Override
  public void describe(String account, Home home) {
    client.describe(account, home);
  }

  @Override
  public void loggedOut() {
    client.loggedOut();
  }

  @Override
  public void state(String state) {
    client.state(state);
  }

  @Override
  public void hideInput() {
    client.hideInput();
  }

  @Override
  public long bytesIn() {
    return client.bytesIn();
  }

  @Override
  public long bytesOut() {
    return client.bytesOut();
  }

  @Override
  public boolean isStopping() {
    return client.isStopping();
  }
}
