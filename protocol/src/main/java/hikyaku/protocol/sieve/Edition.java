package hikyaku.protocol.sieve;

import hikyaku.protocol.mime.MessageOctets;
import hikyaku.protocol.wire.OctetSink;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A message as a script made it (RFC 5293, RFC 5703): octets of its own between stretches of the
 * message that came. Immutable; it takes memory for its own octets alone.
 */
public final class Edition {
  private static final int BUFFER = 16 * 1024;

  private sealed interface Piece {
    long size();

    /** Octets that the script brought, which nobody changes any more. */
    record Made(byte[] octets, int from, int to) implements Piece {
      @Override
      public long size() {
        return to - from;
      }
    }

    /** Octets of the message that came. */
    record Kept(long from, long to) implements Piece {
      @Override
      public long size() {
        return to - from;
      }
    }
  }

  private final List<Piece> pieces;
  private final boolean isOfHeader;

  private Edition(List<Piece> pieces, boolean isOfHeader) {
    this.pieces = List.copyOf(pieces);
    this.isOfHeader = isOfHeader;
  }

  /**
   * Whether only its header is another one. Then it counts as the message that came wherever a
   * message must not be twice (RFC 5293 §7).
   */
  public boolean isOfHeader() {
    return isOfHeader;
  }

  /** Puts one together. */
  static final class Builder {
    private final List<Piece> pieces = new ArrayList<>();

    void made(byte[] octets) {
      made(octets, 0, octets.length);
    }

    void made(byte[] octets, int from, int to) {
      pieces.add(new Piece.Made(octets, from, to));
    }

    void kept(long from, long to) {
      pieces.add(new Piece.Kept(from, to));
    }

    /**
     * @param isOfHeader whether only the header is another one
     */
    Edition build(boolean isOfHeader) {
      return new Edition(pieces, isOfHeader);
    }
  }

  /** Octets of it. */
  public long size() {
    return pieces.stream().mapToLong(Piece::size).sum();
  }

  /**
   * Writes it.
   *
   * @param message that came, without the fields of its delivery
   * @throws EOFException if that message is not as long as it was
   */
  public void writeTo(MessageOctets message, OctetSink sink) throws IOException {
    byte[] buffer = new byte[BUFFER];
    for (Piece piece : pieces) {
      switch (piece) {
        case Piece.Made(byte[] octets, int from, int to) -> sink.write(octets, from, to - from);
        case Piece.Kept(long from, long to) -> {
          long at = from;
          while (at < to) {
            int count = message.read(at, buffer, 0, (int) Math.min(buffer.length, to - at));
            if (count == 0) {
              throw new EOFException("the message ends at " + at + ", before " + to);
            }
            sink.write(buffer, 0, count);
            at += count;
          }
        }
      }
    }
  }

  /** To be read at any place, out of the message that came. */
  MessageOctets octets(MessageOctets message) {
    return (position, octets, offset, length) -> {
      long start = 0;
      for (Piece piece : pieces) {
        long at = position - start;
        if (at < piece.size()) {
          int count = (int) Math.min(length, piece.size() - at);
          switch (piece) {
            case Piece.Made(byte[] own, int from, int _) ->
                System.arraycopy(own, from + (int) at, octets, offset, count);
            case Piece.Kept(long from, long _) -> {
              return message.read(from + at, octets, offset, count);
            }
          }
          return count;
        }
        start += piece.size();
      }
      return 0;
    };
  }
}
