package hikyaku.server.net;

import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Raw DEFLATE in both directions (RFC 4978, RFC 1951), each flush ended by an empty stored block.
 *
 * <p>A compressor costs some 256 KiB and a decompressor some 40 KiB outside of the heap, so a
 * waiting connection has neither. After a flush the output is at the border of a block and of an
 * octet, and a fresh compressor may go on: all that it refers to is its own. The input refers back
 * to what the client has sent before; a copy of that, mostly small, is kept, and a fresh
 * decompressor is given it as a dictionary.
 */
final class DeflateLayer implements Layer {
  /** How far back a deflate stream may refer (RFC 1951 §2). */
  private static final int WINDOW = 32_768;

  /** The end of a flush: an empty stored block, which ends at the border of an octet. */
  private static final int FLUSHED = 0x0000ffff;

  private static final int KEPT = 32;
  private static final ArrayBlockingQueue<Deflater> DEFLATERS = new ArrayBlockingQueue<>(KEPT);
  private static final ArrayBlockingQueue<Inflater> INFLATERS = new ArrayBlockingQueue<>(KEPT);

  private final Layer below;
  private @Nullable Inflater inflater;
  private @Nullable Deflater deflater;
  private byte[] window = {};
  private int windowEnd;
  // The last four octets given to the decompressor.
  private int lastFour;
  // Compressed input that the decompressor works on; null when it has used all.
  private byte @Nullable [] packed;
  private byte @Nullable [] plain;
  private int plainAt;
  private int plainEnd;
  private byte @Nullable [] output;
  private int outputEnd;
  private boolean unflushed;
  private boolean inputEnded;

  /**
   * Compression from here on.
   *
   * @param early input that a client sent ahead of our answer, compressed as it must be (RFC 4978
   *     §3)
   */
  DeflateLayer(Layer below, byte[] early) {
    this.below = below;
    if (early.length > 0) {
      give(early, early.length);
    }
  }

  @Override
  public boolean hasInput() {
    return plainAt < plainEnd;
  }

  @Override
  public Wake await(Waiting waiting, long deadline) throws IOException {
    while (!hasInput()) {
      if (inflate()) {
        return Wake.INPUT;
      }
      if (inputEnded) {
        return Wake.END;
      }
      if (waiting != Waiting.IN_COMMAND && !below.hasInput()) {
        releaseForWait();
      }
      Wake wake = below.await(waiting, deadline);
      if (wake != Wake.INPUT) {
        inputEnded |= wake == Wake.END;
        return wake;
      }
      receive(deadline);
    }
    return Wake.INPUT;
  }

  @Override
  public int read(byte[] buffer, int offset, int length, long deadline) throws IOException {
    while (!hasInput() && !inflate()) {
      if (inputEnded) {
        return -1;
      }
      receive(deadline);
    }
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

  /** Reads what is there from below; all input given before has been used. */
  private void receive(long deadline) throws IOException {
    byte[] into = Buffers.take();
    int count = -1;
    try {
      count = below.read(into, 0, into.length, deadline);
    } finally {
      if (count < 0) {
        Buffers.giveBack(into);
      }
    }
    if (count < 0) {
      inputEnded = true;
    } else {
      give(into, count);
    }
  }

  private void give(byte[] octets, int length) {
    packed = octets;
    inflater().setInput(octets, 0, length);
    for (int i = Math.max(0, length - 4); i < length; i++) {
      lastFour = lastFour << 8 | octets[i] & 0xff;
    }
  }

  private Inflater inflater() {
    Inflater held = inflater;
    if (held == null) {
      held = INFLATERS.poll();
      if (held == null) {
        held = new Inflater(true);
      }
      if (windowEnd > 0) {
        held.setDictionary(window, 0, windowEnd);
      }
      inflater = held;
    }
    return held;
  }

  /** Gets content out of the input at hand; false if more input is needed or none follows. */
  private boolean inflate() throws IOException {
    Inflater held = inflater;
    if (held == null || inputEnded) {
      return false;
    }
    byte[] into = plain;
    if (into == null) {
      into = Buffers.take();
      plain = into;
    }
    try {
      plainAt = 0;
      plainEnd = held.inflate(into, 0, into.length);
    } catch (DataFormatException e) {
      throw new NetException.CompressionFailure(String.valueOf(e.getMessage()), e);
    }
    if (plainEnd > 0) {
      remember(into, plainEnd);
      return true;
    }
    releasePlain();
    if (held.finished()) {
      // A last block in a stream that has no end: the client compresses nothing more.
      inputEnded = true;
    }
    byte[] used = packed;
    if (used != null) {
      packed = null;
      Buffers.giveBack(used);
    }
    return false;
  }

  /** Keeps the last 32 KiB of content, in an array that grows with what the client sends. */
  private void remember(byte[] content, int length) {
    if (windowEnd + length > window.length) {
      int kept = Math.min(windowEnd, WINDOW - length);
      int size = Math.clamp(Integer.highestOneBit(kept + length) * 2L, 256, WINDOW);
      byte[] next = size > window.length ? new byte[size] : window;
      System.arraycopy(window, windowEnd - kept, next, 0, kept);
      window = next;
      windowEnd = kept;
    }
    System.arraycopy(content, 0, window, windowEnd, length);
    windowEnd += length;
  }

  /** Gives up both machines before a wait between commands, where the streams allow. */
  private void releaseForWait() {
    Inflater in = inflater;
    if (in != null && lastFour == FLUSHED && in.needsInput()) {
      inflater = null;
      giveBack(in);
    }
    Deflater out = deflater;
    if (out != null && !unflushed) {
      deflater = null;
      giveBack(out);
    }
  }

  private static void giveBack(Inflater used) {
    used.reset();
    if (!INFLATERS.offer(used)) {
      used.end();
    }
  }

  private static void giveBack(Deflater used) {
    used.reset();
    if (!DEFLATERS.offer(used)) {
      used.end();
    }
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    Deflater held = deflater();
    held.setInput(octets, offset, length);
    unflushed = true;
    while (!held.needsInput()) {
      deflate(held, Deflater.NO_FLUSH);
    }
  }

  private Deflater deflater() {
    Deflater held = deflater;
    if (held == null) {
      held = DEFLATERS.poll();
      if (held == null) {
        held = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
      }
      deflater = held;
    }
    return held;
  }

  /** Compresses into the output, which goes below when full; says whether it became full. */
  private boolean deflate(Deflater held, int flush) throws IOException {
    byte[] into = output;
    if (into == null) {
      into = Buffers.take();
      output = into;
    }
    outputEnd += held.deflate(into, outputEnd, Buffers.PLAIN - outputEnd, flush);
    if (outputEnd < Buffers.PLAIN) {
      return false;
    }
    outputEnd = 0;
    below.write(into, 0, Buffers.PLAIN);
    return true;
  }

  @Override
  public void flush() throws IOException {
    if (unflushed) {
      Deflater held = deflater();
      while (deflate(held, Deflater.SYNC_FLUSH)) {
        // The output was full: there may be more.
      }
      unflushed = false;
      byte[] from = output;
      if (from != null) {
        output = null;
        int length = outputEnd;
        outputEnd = 0;
        try {
          below.write(from, 0, length);
        } finally {
          Buffers.giveBack(from);
        }
      }
    }
    below.flush();
  }

  @Override
  public void endOutput() throws IOException {
    below.endOutput();
  }

  @Override
  public void release() {
    Inflater in = inflater;
    inflater = null;
    if (in != null) {
      giveBack(in);
    }
    Deflater out = deflater;
    deflater = null;
    if (out != null) {
      giveBack(out);
    }
    releasePlain();
    packed = null;
    output = null;
    below.release();
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
