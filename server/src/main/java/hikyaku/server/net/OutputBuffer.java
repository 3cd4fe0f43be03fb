package hikyaku.server.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Gathers output in a lent buffer that is given back when flushed. Owned by the session. */
final class OutputBuffer implements Output {
  private static final byte[] NOTHING = {};

  private final SessionTrace trace;
  private final Brake brake;
  private Layer layer;
  private byte @Nullable [] buffer;
  private int end;

  OutputBuffer(Layer layer, SessionTrace trace, Brake brake) {
    this.layer = layer;
    this.trace = trace;
    this.brake = brake;
  }

  /** From now on octets go to this layer; there are none waiting. */
  void layer(Layer next) {
    if (end > 0) {
      throw new IllegalStateException("output waiting for the layer before");
    }
    layer = next;
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    trace.outputHidden(length);
    put(octets, offset, length);
  }

  @Override
  public void write(String text) throws IOException {
    trace.output(text);
    put(text);
  }

  @Override
  public void writeText(byte[] octets, int offset, int length) throws IOException {
    trace.output(octets, offset, length);
    put(octets, offset, length);
  }

  @Override
  public void writeHidden(String text) throws IOException {
    trace.outputHidden(text.length());
    put(text);
  }

  private void put(String text) throws IOException {
    if (text.length() <= Buffers.PLAIN - end) {
      copy(text, held(), end);
      end += text.length();
    } else {
      byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
      put(octets, 0, octets.length);
    }
  }

  /** One octet per char is what this method was deprecated for, and what is wanted here. */
  @SuppressWarnings("deprecation")
  private static void copy(String text, byte[] to, int at) {
    text.getBytes(0, text.length(), to, at);
  }

  private void put(byte[] octets, int offset, int length) throws IOException {
    int at = offset;
    int left = length;
    while (left > 0) {
      if (end == 0 && left >= Buffers.PLAIN) {
        // Whole records go as they are.
        int whole = left - left % Buffers.PLAIN;
        layer.write(octets, at, whole);
        brake.octets();
        at += whole;
        left -= whole;
        continue;
      }
      int take = Math.min(left, Buffers.PLAIN - end);
      System.arraycopy(octets, at, held(), end, take);
      end += take;
      at += take;
      left -= take;
      if (end == Buffers.PLAIN) {
        drain();
        brake.octets();
      }
    }
  }

  private byte[] held() {
    byte[] held = buffer;
    if (held == null) {
      held = Buffers.take();
      buffer = held;
    }
    return held;
  }

  private void drain() throws IOException {
    byte[] held = buffer;
    if (held != null) {
      int length = end;
      end = 0;
      layer.write(held, 0, length);
    }
  }

  @Override
  public void flush() throws IOException {
    if (buffer == null) {
      return;
    }
    try {
      drain();
      layer.flush();
    } finally {
      discard();
    }
    brake.octets();
  }

  boolean isEmpty() {
    return end == 0;
  }

  /** Takes what has gathered and was not sent, to be sent another way. */
  void take(Taker taker) throws IOException {
    byte[] held = buffer;
    if (held == null) {
      taker.take(NOTHING, 0);
      return;
    }
    try {
      int length = end;
      end = 0;
      taker.take(held, length);
    } finally {
      discard();
    }
  }

  /** Is given what has gathered; the array is lent. */
  @FunctionalInterface
  interface Taker {
    void take(byte[] octets, int length) throws IOException;
  }

  /** Forgets what was not sent. */
  void discard() {
    byte[] held = buffer;
    if (held != null) {
      buffer = null;
      end = 0;
      Buffers.giveBack(held);
    }
  }
}
