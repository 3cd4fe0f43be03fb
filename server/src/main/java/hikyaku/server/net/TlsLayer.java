package hikyaku.server.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS over another layer (RFC 8446, RFC 5246). Holds buffers only while a record is incomplete or
 * its content is not yet read: an idle connection costs the engine's own state.
 */
final class TlsLayer implements Prompt {
  private static final int HEADER = 5;
  private static final byte[] NOTHING = {};

  private final Layer below;
  private final SSLEngine engine;

  /** The longest time for the rest of a record whose first octets have come. */
  private final long recordNanos;

  // Ciphertext received and not unwrapped; null when there is none.
  private byte @Nullable [] sealed;
  private int sealedAt;
  private int sealedEnd;
  // Content of a record, not yet read; null when there is none.
  private byte @Nullable [] plain;
  private int plainAt;
  private int plainEnd;
  private boolean inputEnded;
  private boolean established;

  TlsLayer(Layer below, SSLEngine engine, long recordNanos) {
    this.below = below;
    this.engine = engine;
    this.recordNanos = recordNanos;
  }

  SSLEngine engine() {
    return engine;
  }

  /**
   * Negotiates. A stop of the server ends it: nothing was promised to the client yet.
   *
   * @throws NetException.TlsFailure also when the deadline comes first
   */
  void handshake(long deadline) throws IOException {
    try {
      engine.beginHandshake();
      while (step(deadline)) {
        // Until the engine says that it is done.
      }
      established = true;
    } catch (SSLException e) {
      sayAlert();
      throw new NetException.TlsFailure(String.valueOf(e.getMessage()), e);
    } catch (NetException.ReadTimeout e) {
      throw new NetException.TlsFailure("handshake not finished in time", e);
    } finally {
      releaseSealed();
      releasePlain();
    }
  }

  private boolean step(long deadline) throws IOException {
    switch (engine.getHandshakeStatus()) {
      case NEED_TASK -> runTasks();
      case NEED_WRAP -> wrap(NOTHING, 0, 0);
      case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
        if (!receiveRecord(Waiting.IDLE, deadline)) {
          throw new NetException.TlsFailure("client left during the handshake", null);
        }
        unwrap();
      }
      case FINISHED, NOT_HANDSHAKING -> {
        return false;
      }
    }
    return true;
  }

  private void runTasks() {
    Runnable task;
    while ((task = engine.getDelegatedTask()) != null) {
      task.run();
    }
  }

  /** The alert that tells the client what was wrong, if it can still be sent. */
  private void sayAlert() {
    try {
      while (engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_WRAP
          && !engine.isOutboundDone()) {
        wrap(NOTHING, 0, 0);
      }
      below.flush();
    } catch (IOException e) {
      // The connection ends with the failure that is being reported.
      engine.closeOutbound();
    }
  }

  @Override
  public boolean hasInput() {
    return plainAt < plainEnd;
  }

  @Override
  public Wake await(Waiting waiting, long deadline) throws IOException {
    while (!hasInput()) {
      if (inputEnded) {
        return Wake.END;
      }
      if (sealedAt == sealedEnd) {
        releaseSealed();
        Wake wake = below.await(waiting, deadline);
        if (wake != Wake.INPUT) {
          inputEnded |= wake == Wake.END;
          return wake;
        }
      }
      // A record has begun: its rest is not worth a wait that a stop could end.
      open(waiting == Waiting.IN_COMMAND ? deadline : System.nanoTime() + recordNanos);
    }
    return Wake.INPUT;
  }

  @Override
  public int read(byte[] buffer, int offset, int length, long deadline) throws IOException {
    while (!hasInput()) {
      if (inputEnded) {
        return -1;
      }
      open(deadline);
    }
    return take(buffer, offset, length);
  }

  private int take(byte[] buffer, int offset, int length) {
    byte[] from = plain;
    if (from == null) {
      throw new IllegalStateException("content without a buffer");
    }
    int count = Math.min(length, plainEnd - plainAt);
    System.arraycopy(from, plainAt, buffer, offset, count);
    plainAt += count;
    if (!hasInput()) {
      releasePlain();
    }
    return count;
  }

  /** Receives and unwraps one record, which need not have content. */
  private void open(long deadline) throws IOException {
    try {
      if (!receiveRecord(Waiting.IN_COMMAND, deadline)) {
        // No close_notify came; the protocols know by themselves where their texts end.
        inputEnded = true;
        releaseSealed();
        return;
      }
      openRecord();
    } finally {
      if (sealedAt == sealedEnd) {
        releaseSealed();
      }
    }
  }

  /** Unwraps the record that is there. */
  private void openRecord() throws IOException {
    try {
      unwrap();
      settle();
    } catch (SSLException e) {
      sayAlert();
      throw new NetException.TlsFailure(String.valueOf(e.getMessage()), e);
    } finally {
      if (sealedAt == sealedEnd) {
        releaseSealed();
      }
      if (!hasInput()) {
        releasePlain();
      }
    }
  }

  @Override
  public int readNow(byte[] buffer, int offset, int length) throws IOException {
    if (!(below instanceof Prompt prompt)) {
      throw new IllegalStateException("TLS over what cannot say what is there");
    }
    while (!hasInput()) {
      if (inputEnded) {
        return -1;
      }
      if (missing() > 0) {
        byte[] into = roomForRecord();
        int count = prompt.readNow(into, sealedEnd, into.length - sealedEnd);
        if (count <= 0) {
          inputEnded |= count < 0;
          releaseSealed();
          return count;
        }
        sealedEnd += count;
      } else {
        openRecord();
      }
    }
    return take(buffer, offset, length);
  }

  @Override
  public boolean holds() {
    return hasInput() || sealedAt < sealedEnd;
  }

  /** Answers what a record asked for: a key update (RFC 8446 §4.6.3), an alert. */
  private void settle() throws IOException {
    while (true) {
      switch (engine.getHandshakeStatus()) {
        case NEED_WRAP -> {
          if (engine.isOutboundDone()) {
            return;
          }
          wrap(NOTHING, 0, 0);
        }
        case NEED_TASK -> {
          if (!engine.getSession().getProtocol().equals("TLSv1.3")) {
            // Renegotiation costs a client nothing and us a signature each time.
            throw new NetException.TlsFailure("renegotiation refused", null);
          }
          runTasks();
        }
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN, FINISHED, NOT_HANDSHAKING -> {
          return;
        }
      }
    }
  }

  /**
   * Receives until a whole record is there.
   *
   * @return false at the end of input
   */
  private boolean receiveRecord(Waiting waiting, long deadline) throws IOException {
    while (missing() > 0) {
      if (waiting != Waiting.IN_COMMAND && !awaitMore(waiting, deadline)) {
        return false;
      }
      byte[] into = roomForRecord();
      int count = below.read(into, sealedEnd, into.length - sealedEnd, deadline);
      if (count < 0) {
        return false;
      }
      sealedEnd += count;
    }
    return true;
  }

  /** Octets that are missing of the record at hand, as far as its header tells. */
  private int missing() throws NetException.TlsFailure {
    int have = sealedEnd - sealedAt;
    return (have < HEADER ? HEADER : HEADER + recordLength()) - have;
  }

  private byte[] roomForRecord() throws NetException.TlsFailure {
    byte[] into = sealed;
    if (into == null) {
      into = Buffers.take();
      sealed = into;
    } else if (into.length - sealedEnd < missing()) {
      int have = sealedEnd - sealedAt;
      System.arraycopy(into, sealedAt, into, 0, have);
      sealedAt = 0;
      sealedEnd = have;
    }
    return into;
  }

  private boolean awaitMore(Waiting waiting, long deadline) throws IOException {
    return switch (below.await(waiting, deadline)) {
      case INPUT -> true;
      case END -> false;
      case TIMEOUT, SIGNAL -> throw new NetException.ReadTimeout();
      case STOPPING, MOVED -> throw new NetException.Closed(CloseReason.STOPPING, null);
    };
  }

  /** The length in the header at hand; what is no TLS record is refused before more is read. */
  private int recordLength() throws NetException.TlsFailure {
    byte[] octets = sealed;
    if (octets == null) {
      return 0;
    }
    int type = octets[sealedAt];
    int length = (octets[sealedAt + 3] & 0xff) << 8 | octets[sealedAt + 4] & 0xff;
    if (type < 20 || type > 24 || octets[sealedAt + 1] != 3 || length > Buffers.SIZE - HEADER) {
      throw new NetException.TlsFailure("not a TLS record", null);
    }
    return length;
  }

  private void unwrap() throws IOException {
    byte[] from = sealed;
    if (from == null) {
      throw new IllegalStateException("no record");
    }
    byte[] into = plain;
    if (into == null) {
      into = Buffers.take();
      plain = into;
    }
    ByteBuffer source = ByteBuffer.wrap(from, sealedAt, sealedEnd - sealedAt);
    ByteBuffer target = ByteBuffer.wrap(into);
    SSLEngineResult result = engine.unwrap(source, target);
    sealedAt = source.position();
    plainAt = 0;
    plainEnd = target.position();
    switch (result.getStatus()) {
      case OK -> {}
      case CLOSED -> inputEnded = true;
      case BUFFER_OVERFLOW, BUFFER_UNDERFLOW ->
          throw new NetException.TlsFailure("record of a wrong size", null);
    }
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    if (engine.isOutboundDone()) {
      // Under TLS 1.2 a client that closes its side closes ours as well (RFC 5246 §7.2.1).
      throw new NetException.Closed(CloseReason.PEER_CLOSED, null);
    }
    try {
      wrap(octets, offset, length);
      settle();
    } catch (SSLException e) {
      throw new NetException.TlsFailure(String.valueOf(e.getMessage()), e);
    }
  }

  /** Wraps all of it, or one record of the handshake where there is none. */
  private void wrap(byte[] octets, int offset, int length) throws IOException {
    ByteBuffer source = ByteBuffer.wrap(octets, offset, length);
    byte[] record = Buffers.take();
    try {
      do {
        ByteBuffer target = ByteBuffer.wrap(record);
        SSLEngineResult result = engine.wrap(source, target);
        below.write(record, 0, target.position());
        switch (result.getStatus()) {
          case OK -> {}
          case CLOSED -> {
            if (source.hasRemaining()) {
              throw new SSLException("output after close");
            }
          }
          case BUFFER_OVERFLOW, BUFFER_UNDERFLOW ->
              throw new SSLException("record larger than " + record.length);
        }
      } while (source.hasRemaining());
    } finally {
      Buffers.giveBack(record);
    }
  }

  @Override
  public void flush() throws IOException {
    below.flush();
  }

  @Override
  public void endOutput() throws IOException {
    if (established) {
      engine.closeOutbound();
      while (!engine.isOutboundDone()) {
        wrap(NOTHING, 0, 0);
      }
    }
    below.endOutput();
  }

  @Override
  public void release() {
    releaseSealed();
    releasePlain();
    below.release();
  }

  private void releaseSealed() {
    byte[] held = sealed;
    if (held != null && sealedAt == sealedEnd) {
      sealed = null;
      sealedAt = 0;
      sealedEnd = 0;
      Buffers.giveBack(held);
    }
  }

  private void releasePlain() {
    byte[] held = plain;
    if (held != null) {
      plain = null;
      plainAt = 0;
      plainEnd = 0;
      Buffers.giveBack(held);
    }
  }
}
