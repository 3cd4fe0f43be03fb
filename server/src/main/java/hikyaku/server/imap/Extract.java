package hikyaku.server.imap;

import hikyaku.mailbox.MessageContent;
import hikyaku.protocol.imap.FetchItem;
import hikyaku.protocol.imap.FetchWriter;
import hikyaku.protocol.mime.HeaderFieldFilter;
import hikyaku.protocol.mime.TransferDecoder;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Octets out of a message, of known length before the first is written. Nothing is whole in memory:
 * what is filtered or decoded is passed twice, once to count.
 *
 * @param length octets that {@code content} writes
 * @param hasNul whether NUL is among them; of a range that is not decoded, nobody has looked
 */
record Extract(long length, FetchWriter.Content content, boolean hasNul) {
  private static final int PIECE = 32 * 1024;

  /**
   * A range of the message as it is. Its first stored octet is read at once: what cannot be read
   * from the start is refused before a response has begun.
   */
  static Extract range(
      MessageContent message, long from, long to, FetchItem.@Nullable Partial partial) {
    long start = partial == null ? from : Math.min(to, saturated(from, partial.offset()));
    long end = partial == null ? to : Math.min(to, saturated(start, partial.length()));
    long stored = Math.max(start, message.blobOffset());
    if (stored < end) {
      message.read(stored, new byte[1], 0, 1);
    }
    return new Extract(end - start, sink -> message.copy(start, end, sink), false);
  }

  /** The same in a message that holds NUL somewhere. */
  Extract withNul() {
    return new Extract(length, content, true);
  }

  /**
   * The same for a literal, which NUL may not be in (RFC 9051 §4.3): it is told as 0x80, which
   * begins no character.
   */
  Extract masked() {
    FetchWriter.Content masked =
        sink ->
            content.writeTo((octets, offset, count) -> {
              byte[] told = Arrays.copyOfRange(octets, offset, offset + count);
              for (int i = 0; i < count; i++) {
                if (told[i] == 0) {
                  told[i] = (byte) 0x80;
                }
              }
              sink.write(told, 0, count);
            });
    return new Extract(length, masked, false);
  }

  private static long saturated(long position, long more) {
    return more > Long.MAX_VALUE - position ? Long.MAX_VALUE : position + more;
  }

  /** Makes a filter that writes to a sink. */
  @FunctionalInterface
  private interface Filter {
    Filtering to(OctetSink sink);
  }

  /** A filter at work. */
  private record Filtering(OctetSink in, End end) {
    @FunctionalInterface
    interface End {
      void run() throws IOException;
    }
  }

  /** Fields of the header in a range. */
  static Extract fields(
      MessageContent message,
      long from,
      long to,
      List<String> names,
      boolean not,
      FetchItem.@Nullable Partial partial)
      throws IOException {
    return filtered(
        message,
        from,
        to,
        sink -> {
          HeaderFieldFilter filter =
              not ? HeaderFieldFilter.not(names, sink) : HeaderFieldFilter.only(names, sink);
          return new Filtering(filter, filter::finish);
        },
        partial);
  }

  /** A range with its transfer encoding undone. */
  static Extract decoded(
      MessageContent message,
      long from,
      long to,
      String encoding,
      FetchItem.@Nullable Partial partial)
      throws IOException {
    return filtered(
        message,
        from,
        to,
        sink -> {
          TransferDecoder decoder = TransferDecoder.of(encoding, sink);
          return new Filtering(decoder, decoder::finish);
        },
        partial);
  }

  private static Extract filtered(
      MessageContent message,
      long from,
      long to,
      Filter filter,
      FetchItem.@Nullable Partial partial)
      throws IOException {
    long start = partial == null ? 0 : partial.offset();
    long end = partial == null ? Long.MAX_VALUE : saturated(start, partial.length());
    Slice counting = new Slice(start, end, (octets, offset, length) -> {});
    pass(message, from, to, filter, counting);
    if (counting.passed() == 0) {
      // The second pass would cost as much and give as little.
      return new Extract(0, sink -> {}, false);
    }
    return new Extract(
        counting.passed(),
        sink -> pass(message, from, to, filter, new Slice(start, end, sink)),
        counting.hasNul());
  }

  private static void pass(MessageContent message, long from, long to, Filter filter, Slice slice)
      throws IOException {
    Filtering filtering = filter.to(slice);
    byte[] piece = new byte[(int) Math.max(1, Math.min(PIECE, to - from))];
    long position = from;
    while (position < to && !slice.isFull()) {
      int count = message.read(position, piece, 0, (int) Math.min(piece.length, to - position));
      if (count == 0) {
        break;
      }
      filtering.in.write(piece, 0, count);
      position += count;
    }
    filtering.end.run();
  }

  /** Lets through the octets between two places of what comes. */
  private static final class Slice implements OctetSink {
    private final long start;
    private final long end;
    private final OctetSink sink;
    private long position;
    private long passed;
    private boolean nul;

    Slice(long start, long end, OctetSink sink) {
      this.start = start;
      this.end = end;
      this.sink = sink;
    }

    long passed() {
      return passed;
    }

    boolean hasNul() {
      return nul;
    }

    boolean isFull() {
      return position >= end;
    }

    @Override
    public void write(byte[] octets, int offset, int length) throws IOException {
      long from = Math.max(start, position);
      long to = Math.min(end, position + length);
      if (from < to) {
        int first = offset + (int) (from - position);
        for (int i = first; !nul && i < first + (int) (to - from); i++) {
          nul = octets[i] == 0;
        }
        sink.write(octets, first, (int) (to - from));
        passed += to - from;
      }
      position += length;
    }
  }
}
