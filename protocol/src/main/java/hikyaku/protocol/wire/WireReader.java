package hikyaku.protocol.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads lines, literals and dotted text from one connection. Not thread-safe: a connection is owned
 * by one thread.
 *
 * <p>Between commands, when all input has been consumed, the reader holds no buffer.
 */
public final class WireReader {
  private static final int CR = '\r';
  private static final int LF = '\n';
  private static final byte[] NOTHING = {};

  private final OctetSource source;
  private final Tap tap;
  private byte @Nullable [] buffer;
  private int position;
  private int end;

  /** Whether much is known to come, so that the next buffer should be a large one. */
  private boolean bulk;

  public WireReader(OctetSource source) {
    this(source, Tap.NONE);
  }

  /** A reader that tells the tap of everything it has read. */
  public WireReader(OctetSource source, Tap tap) {
    this.source = source;
    this.tap = tap;
  }

  /** Is told of what was read, piece by piece as the protocol takes it: for protocol traces. */
  public interface Tap {
    Tap NONE =
        new Tap() {
          @Override
          public void line(byte[] line) {}

          @Override
          public void octets(long count) {}
        };

    /** A line was read; the array is the reader's result and is not to be changed. */
    void line(byte[] line);

    /** A literal or dotted text of this many octets was read. */
    void octets(long count);
  }

  /** How line endings are judged. */
  public enum LineEnding {
    /** Only CRLF ends a line; a bare CR or LF is refused ({@link WireException.BareLineEnding}). */
    STRICT,
    /** CRLF or a bare LF ends a line, as typed by people and by old clients. */
    LENIENT
  }

  /**
   * Reads one line.
   *
   * @param limit the most octets the line may have, its line ending not counted
   * @return the line without its line ending
   * @throws WireException.End at the end of input before the line's first octet
   * @throws WireException.Truncated at the end of input inside the line
   * @throws WireException.LineTooLong after the whole line was read and dropped
   * @throws WireException.BareLineEnding under STRICT, after the line was read up to its CRLF or LF
   */
  public byte[] readLine(int limit, LineEnding ending) throws IOException {
    ByteArrayOutputStream gathered = null;
    byte[] tail = NOTHING;
    boolean tooLong = false;
    boolean lastWasCr = false;
    boolean bareCr = false;
    boolean started = false;
    while (true) {
      if (position == end && !fill()) {
        throw started ? new WireException.Truncated() : new WireException.End();
      }
      started = true;
      byte[] octets = held();
      int lineFeed = position;
      while (lineFeed < end && octets[lineFeed] != LF) {
        if (lastWasCr) {
          bareCr = true;
        }
        lastWasCr = octets[lineFeed] == CR;
        lineFeed++;
      }
      boolean ended = lineFeed < end;
      int take = lineFeed - position;
      if (gathered == null && ended) {
        // The common case: the whole line lies in the buffer and is copied once.
        int length = lastWasCr ? take - 1 : take;
        byte[] line = Arrays.copyOfRange(octets, position, position + Math.min(length, limit));
        int tailStart = position + Math.max(0, length - WireException.LineTooLong.TAIL);
        byte[] lineTail =
            length > limit ? Arrays.copyOfRange(octets, tailStart, position + length) : NOTHING;
        position = lineFeed + 1;
        releaseIfEmpty();
        if (length > limit) {
          throw new WireException.LineTooLong(limit, line, lineTail);
        }
        judge(ending, bareCr, lastWasCr);
        tap.line(line);
        return line;
      }
      if (gathered == null) {
        gathered = new ByteArrayOutputStream((int) Math.min(take + 256, limit + 2L));
      }
      // One octet above the limit is kept for the CR of the line ending.
      int room = (int) Math.clamp(limit + 1L - gathered.size(), 0, Integer.MAX_VALUE);
      tooLong |= take > room;
      tail = lastOf(tail, octets, position, take);
      gathered.write(octets, position, Math.min(take, room));
      position = ended ? lineFeed + 1 : lineFeed;
      releaseIfEmpty();
      if (ended) {
        byte[] line = gathered.toByteArray();
        int length = lastWasCr && !tooLong ? line.length - 1 : line.length;
        if (tooLong || length > limit) {
          // One octet more was kept of the end than is told: the CR of the line ending.
          int tailEnd = lastWasCr ? tail.length - 1 : tail.length;
          int tailStart = Math.max(0, tailEnd - WireException.LineTooLong.TAIL);
          throw new WireException.LineTooLong(
              limit,
              Arrays.copyOf(line, Math.min(line.length, limit)),
              Arrays.copyOfRange(tail, tailStart, tailEnd));
        }
        judge(ending, bareCr, lastWasCr);
        byte[] whole = length == line.length ? line : Arrays.copyOf(line, length);
        tap.line(whole);
        return whole;
      }
    }
  }

  /** The last octets of what was kept before and of what came now. */
  private static byte[] lastOf(byte[] before, byte[] octets, int offset, int length) {
    int size = WireException.LineTooLong.TAIL + 1;
    if (length >= size) {
      return Arrays.copyOfRange(octets, offset + length - size, offset + length);
    }
    int keep = Math.min(before.length, size - length);
    byte[] last =
        Arrays.copyOf(
            Arrays.copyOfRange(before, before.length - keep, before.length), keep + length);
    System.arraycopy(octets, offset, last, keep, length);
    return last;
  }

  private static void judge(LineEnding ending, boolean bareCr, boolean endedByCrLf)
      throws WireException {
    if (ending == LineEnding.STRICT && (bareCr || !endedByCrLf)) {
      throw new WireException.BareLineEnding();
    }
  }

  /**
   * Reads exactly {@code count} octets into the sink, whatever they are.
   *
   * @throws WireException.Truncated if the input ends before
   */
  public void readCounted(long count, OctetSink sink) throws IOException {
    long left = count;
    while (left > 0) {
      bulk = left > BufferPool.SMALL.size();
      if (position == end && !fill()) {
        throw new WireException.Truncated();
      }
      int take = (int) Math.min(left, end - position);
      sink.write(held(), position, take);
      position += take;
      left -= take;
      releaseIfEmpty();
    }
    bulk = false;
    tap.octets(count);
  }

  /**
   * Hands over what has arrived, whatever it is, waiting only if that is nothing.
   *
   * @return false at the end of input
   */
  public boolean readAvailable(OctetSink sink) throws IOException {
    if (position == end && !fill()) {
      return false;
    }
    int from = position;
    int count = end - from;
    position = end;
    try {
      sink.write(held(), from, count);
    } finally {
      releaseIfEmpty();
    }
    tap.octets(count);
    return true;
  }

  /** What came before the final dot. */
  public record Dotted(long octets, boolean bareLineEnding, int longestLine) {}

  /**
   * Reads dot-terminated text (RFC 5321 §4.5.2, RFC 1939 §3) up to CRLF "." CRLF and hands it to
   * the sink with the stuffed dots taken away. Only CRLF counts as a line ending, so "LF . LF" and
   * its relatives are text and never the end: nothing can be smuggled behind it. The text is read
   * to its end whatever it holds, so that the reply finds the connection in step.
   *
   * <p>A sink that throws ends the reading in the middle of the text: the connection is of no use
   * afterwards. A sink that can fail without costing the connection must keep its failure to itself
   * and take the rest.
   */
  public Dotted readDotted(OctetSink sink) throws IOException {
    Dotted dotted = new DotReader(sink).read();
    bulk = false;
    tap.octets(dotted.octets());
    return dotted;
  }

  /** The number of octets already received and not yet consumed. */
  public int buffered() {
    return end - position;
  }

  /** Forgets what was received and not consumed: nothing may be carried over STARTTLS. */
  public void discardBuffered() {
    position = end;
    releaseIfEmpty();
  }

  private boolean fill() throws IOException {
    if (buffer == null) {
      if (!source.await()) {
        return false;
      }
      buffer = (bulk ? BufferPool.LARGE : BufferPool.SMALL).take();
    }
    position = 0;
    end = 0;
    int count = source.read(buffer, 0, buffer.length);
    if (count < 0) {
      releaseIfEmpty();
      return false;
    }
    end = count;
    return true;
  }

  private byte[] held() {
    if (buffer == null) {
      throw new IllegalStateException("octets without a buffer");
    }
    return buffer;
  }

  private void releaseIfEmpty() {
    if (position == end && buffer != null) {
      BufferPool.giveBack(buffer);
      buffer = null;
      position = 0;
      end = 0;
    }
  }

  /** The states of RFC 5321 §4.5.2, with whole lines and runs of plain text passed on at once. */
  private final class DotReader {
    private final OctetSink sink;
    private State state = State.LINE_START;
    private long octets;
    private boolean bare;
    private int lineLength;
    private int longest;

    DotReader(OctetSink sink) {
      this.sink = sink;
    }

    private enum State {
      LINE_START,
      DOT,
      DOT_CR,
      TEXT,
      TEXT_CR
    }

    private static final byte[] ONE_CR = {CR};

    Dotted read() throws IOException {
      while (true) {
        if (position == end && !fill()) {
          throw new WireException.Truncated();
        }
        byte[] in = held();
        // Whoever fills a buffer has more to send.
        bulk = end == in.length;
        int run = position; // the first octet neither passed on nor withheld
        int at = position;
        while (at < end) {
          int octet = in[at];
          switch (state) {
            case LINE_START -> {
              if (octet == '.') {
                // Withheld: stuffed, or the first octet of the end.
                pass(in, run, at - run);
                at++;
                run = at;
                state = State.DOT;
              } else {
                at = lines(in, at);
              }
            }
            case DOT -> {
              at++;
              if (octet == CR) {
                // Withheld as well, until the next octet tells.
                run = at;
                state = State.DOT_CR;
              } else {
                state = text(octet);
              }
            }
            case DOT_CR -> {
              if (octet == LF) {
                position = at + 1;
                releaseIfEmpty();
                return new Dotted(octets, bare, longest);
              }
              // The dot was stuffing and the CR is text: it was withheld, so it is given now.
              pass(ONE_CR, 0, 1);
              bare = true;
              lineLength++;
              state = text(octet);
              at++;
            }
            case TEXT -> at = lines(in, at);
            case TEXT_CR -> {
              if (octet == LF) {
                endLine(lineLength - 1);
              } else {
                bare = true;
                state = text(octet);
              }
              at++;
            }
          }
        }
        pass(in, run, end - run);
        position = end;
        releaseIfEmpty();
      }
    }

    /**
     * Goes over text that is passed on as it is, from inside a line or the start of one that has no
     * dot there.
     *
     * @return where another state begins, at least one octet on
     */
    private int lines(byte[] in, int from) {
      int at = from;
      while (true) {
        int stop = OctetScan.below(in, at, end, CR + 1);
        lineLength += stop - at;
        if (stop == end) {
          state = State.TEXT;
          return end;
        }
        if (in[stop] == CR && stop + 1 < end && in[stop + 1] == LF) {
          endLine(lineLength);
          at = stop + 2;
          if (at == end || in[at] == '.') {
            return at;
          }
        } else {
          state = text(in[stop]);
          at = stop + 1;
          if (state != State.TEXT || at == end) {
            return at;
          }
        }
      }
    }

    /**
     * @param length octets of the line
     */
    private void endLine(int length) {
      longest = Math.max(longest, length);
      lineLength = 0;
      state = State.LINE_START;
    }

    private State text(int octet) {
      lineLength++;
      if (octet == LF) {
        bare = true;
      }
      return octet == CR ? State.TEXT_CR : State.TEXT;
    }

    private void pass(byte[] from, int offset, int length) throws IOException {
      if (length > 0) {
        sink.write(from, offset, length);
        octets += length;
      }
    }
  }
}
