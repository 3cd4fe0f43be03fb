package hikyaku.server.link;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The octets of a link, through TLS or not: first waiting, for the greeting, then never. One thread
 * reads and one writes.
 */
final class LinkChannel implements Closeable {
  /** Room for the content of any TLS record, and for the record itself. */
  static final int RECORD = 17 * 1024;

  /** Octets taken from the socket at a time: several records. */
  private static final int RECEIVED = 128 * 1024;

  /** A larger buffer for what is to be written is not kept. */
  private static final int KEPT = 2 * 1024 * 1024;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SocketChannel channel;
  private @Nullable SSLEngine engine;

  /** What came and was not opened. */
  private ByteBuffer sealed = NOTHING;

  /** Whether the last look at the socket may have left something there. */
  private boolean filled;

  private boolean ended;

  /** What the greeting did not use. */
  private ByteBuffer left = NOTHING;

  /** What is to be written as it is. */
  private ByteBuffer out = NOTHING;

  private byte @Nullable [] room;

  LinkChannel(SocketChannel channel) {
    this.channel = channel;
  }

  SocketChannel channel() {
    return channel;
  }

  // ---- the greeting: reads and writes wait

  /**
   * @return what both ends of this very TLS connection know, and nobody else (RFC 8446 §7.5)
   */
  byte[] startTls(SSLEngine with) throws IOException {
    engine = with;
    sealed = ByteBuffer.allocate(RECEIVED).flip();
    with.beginHandshake();
    ByteBuffer nothing = ByteBuffer.allocate(RECORD);
    while (true) {
      switch (with.getHandshakeStatus()) {
        case NEED_TASK -> runTasks(with);
        case NEED_WRAP -> {
          seal(with, NOTHING);
          writeAll();
        }
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
          if (with.unwrap(sealed, nothing).getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW
              && receiveWaiting(sealed) < 0) {
            throw new EOFException("closed by the peer");
          }
        }
        case FINISHED, NOT_HANDSHAKING -> {
          return LinkTls.binding((ExtendedSSLSession) with.getSession());
        }
      }
    }
  }

  private int receiveWaiting(ByteBuffer into) throws IOException {
    into.compact();
    try {
      int count =
          channel.socket().getInputStream().read(into.array(), into.position(), into.remaining());
      into.position(into.position() + Math.max(count, 0));
      return count;
    } finally {
      into.flip();
    }
  }

  private void writeAll() throws IOException {
    while (!write()) {
      // A channel that waits takes some octets each time.
    }
  }

  InputStream in() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        while (!left.hasRemaining()) {
          ByteBuffer more = ByteBuffer.allocate(RECORD);
          SSLEngine with = engine;
          if (with == null) {
            more.flip();
            if (receiveWaiting(more) < 0) {
              return -1;
            }
          } else {
            open(with, more);
            more.flip();
            if (ended || !more.hasRemaining() && receiveWaiting(sealed) < 0) {
              return -1;
            }
          }
          left = more;
        }
        int count = Math.min(length, left.remaining());
        left.get(into, offset, count);
        return count;
      }
    };
  }

  OutputStream out() {
    return new OutputStream() {
      @Override
      public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
      }

      @Override
      public void write(byte[] octets, int offset, int length) throws IOException {
        put(ByteBuffer.wrap(octets, offset, length));
        writeAll();
      }
    };
  }

  // ---- the link: nothing waits

  /**
   * Reads what there is now.
   *
   * @param length at least {@link #RECORD}
   * @return how much it was; 0 for nothing, -1 for the end
   */
  int read(byte[] into, int offset, int length) throws IOException {
    ByteBuffer target = ByteBuffer.wrap(into, offset, length);
    if (left.hasRemaining()) {
      int count = Math.min(length, left.remaining());
      target.put(left.slice(left.position(), count));
      left.position(left.position() + count);
      filled = true;
      return count;
    }
    left = NOTHING;
    SSLEngine with = engine;
    if (with == null) {
      int count = channel.read(target);
      filled = !target.hasRemaining();
      return count;
    }
    while (true) {
      open(with, target);
      if (target.position() > offset) {
        return target.position() - offset;
      }
      if (ended) {
        return -1;
      }
      sealed.compact();
      int count;
      try {
        count = channel.read(sealed);
        filled = !sealed.hasRemaining();
      } finally {
        sealed.flip();
      }
      if (count <= 0) {
        return count;
      }
    }
  }

  /** Whether there may be more now than the last {@link #read} gave. */
  boolean mayHaveMore() {
    return filled;
  }

  /** Opens whole records while there is room for any. */
  private void open(SSLEngine with, ByteBuffer target) throws IOException {
    while (sealed.hasRemaining()) {
      if (target.remaining() < RECORD) {
        filled = true;
        return;
      }
      SSLEngineResult result = with.unwrap(sealed, target);
      switch (result.getStatus()) {
        case OK -> {}
        case BUFFER_UNDERFLOW -> {
          return;
        }
        case CLOSED -> {
          ended = true;
          return;
        }
        case BUFFER_OVERFLOW -> throw new SSLException("a record larger than " + RECORD);
      }
      if (result.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_TASK) {
        // A new key (RFC 8446 §4.6.3). Our answer goes with the next that is sent, a beat at most.
        runTasks(with);
      }
    }
  }

  private static void runTasks(SSLEngine engine) {
    Runnable task;
    while ((task = engine.getDelegatedTask()) != null) {
      task.run();
    }
  }

  /** Has these octets written by {@link #write()}; they are lent until that is done. */
  void put(ByteBuffer octets) throws SSLException {
    SSLEngine with = engine;
    if (with == null) {
      out = octets;
    } else {
      seal(with, octets);
    }
  }

  private void seal(SSLEngine with, ByteBuffer octets) throws SSLException {
    int needed = octets.remaining() + (octets.remaining() / 8192 + 2) * 512 + RECORD;
    byte[] held = room;
    if (held == null || held.length < needed) {
      held = new byte[Math.max(needed, 5 * RECORD)];
      room = held.length <= KEPT ? held : null;
    }
    ByteBuffer into = ByteBuffer.wrap(held);
    do {
      SSLEngineResult result = with.wrap(octets, into);
      if (result.getStatus() != SSLEngineResult.Status.OK) {
        throw new SSLException("nothing can be sent: " + result.getStatus());
      }
      if (result.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_TASK) {
        runTasks(with);
      }
    } while (octets.hasRemaining());
    out = into.flip();
  }

  /** Writes what the socket takes; true if that is all. */
  boolean write() throws IOException {
    channel.write(out);
    if (out.hasRemaining()) {
      return false;
    }
    out = NOTHING;
    return true;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
