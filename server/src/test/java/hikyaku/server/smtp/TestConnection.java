package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.WireReader;
import hikyaku.server.net.CloseReason;
import hikyaku.server.net.Connection;
import hikyaku.server.net.Home;
import hikyaku.server.net.ListenerSpec;
import hikyaku.server.net.Output;
import hikyaku.server.net.TlsInfo;
import hikyaku.server.net.Wake;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** A client whose input arrives in given pieces, each when all before it has been read. */
final class TestConnection implements Connection {
  static final InetSocketAddress ADDRESS =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 25);

  private final String sessionId;
  private final boolean repeat;
  private final StringBuilder said = new StringBuilder();
  private final Iterator<byte[]> pieces;
  private final WireReader in;
  private byte[] piece = new byte[0];
  private int position;

  TestConnection(String sessionId, List<String> pieces) {
    this(sessionId, pieces, false);
  }

  private InetSocketAddress client = ADDRESS;

  /**
   * @param repeat whether another node may have had all of it before
   */
  TestConnection(String sessionId, List<String> pieces, boolean repeat) {
    this.sessionId = sessionId;
    this.repeat = repeat;
    this.pieces =
        pieces.stream()
            .filter(text -> !text.isEmpty())
            .map(text -> text.getBytes(ISO_8859_1))
            .iterator();
    in = new WireReader(new Pieces());
  }

  private final class Pieces implements OctetSource {
    @Override
    public boolean await() {
      return position < piece.length || pieces.hasNext();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      if (position == piece.length) {
        if (!pieces.hasNext()) {
          return -1;
        }
        piece = pieces.next();
        position = 0;
      }
      int count = Math.min(length, piece.length - position);
      System.arraycopy(piece, position, buffer, offset, count);
      position += count;
      return count;
    }
  }

  /** The connection as from another client. */
  TestConnection from(InetSocketAddress other) {
    client = other;
    return this;
  }

  /** All that the server said. */
  String said() {
    return said.toString();
  }

  @Override
  public String sessionId() {
    return sessionId;
  }

  @Override
  public ListenerSpec listener() {
    throw new UnsupportedOperationException();
  }

  @Override
  public InetSocketAddress remote() {
    return client;
  }

  @Override
  public InetSocketAddress local() {
    return ADDRESS;
  }

  @Override
  public boolean isLoopback() {
    return true;
  }

  @Override
  public boolean isTls() {
    return false;
  }

  @Override
  public Optional<TlsInfo> tls() {
    return Optional.empty();
  }

  @Override
  public boolean canStartTls() {
    return false;
  }

  @Override
  public boolean isCompressed() {
    return false;
  }

  @Override
  public WireReader in() {
    return in;
  }

  @Override
  public Output out() {
    return new Output() {
      @Override
      public void write(String text) {
        said.append(text);
      }

      @Override
      public void writeHidden(String text) {
        said.append(text);
      }

      @Override
      public void write(byte[] octets, int offset, int length) {
        said.append(new String(octets, offset, length, ISO_8859_1));
      }

      @Override
      public void flush() {}
    };
  }

  @Override
  public Wake await(Duration timeout) {
    return in.buffered() > 0 || position < piece.length || pieces.hasNext() ? Wake.INPUT : Wake.END;
  }

  @Override
  public Wake awaitOrSignal(Duration timeout) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void signal() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void setReadTimeout(Duration timeout) {}

  @Override
  public void startTls() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void startCompression(byte[] early) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void startCompression() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void describe(String account, Home home) {}

  @Override
  public void loggedOut() {}

  @Override
  public void state(String state) {}

  @Override
  public void hideInput() {}

  @Override
  public long bytesIn() {
    return 0;
  }

  @Override
  public long bytesOut() {
    return 0;
  }

  @Override
  public boolean isStopping() {
    return false;
  }

  @Override
  public void close(CloseReason reason) {}

  @Override
  public void aside(String line) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void settle(Supplier<byte[]> position) {}

  @Override
  public String commandKey() {
    return sessionId() + "." + in().buffered();
  }

  @Override
  public boolean isRepeat() {
    return repeat;
  }

  @Override
  public void pin(long seq) {}

  @Override
  public OptionalLong pinned() {
    return OptionalLong.empty();
  }
}
