package hikyaku.protocol.wire;

import java.util.function.IntUnaryOperator;

/** A source that hands its octets out in pieces, as a network would. */
public final class SplitSource implements OctetSource {
  private final byte[] octets;
  private final IntUnaryOperator pieceEnd;
  private int position;

  /**
   * @param pieceEnd for a position the end of the piece that starts there; taken into bounds
   */
  public SplitSource(byte[] octets, IntUnaryOperator pieceEnd) {
    this.octets = octets;
    this.pieceEnd = pieceEnd;
  }

  public static SplitSource octetByOctet(byte[] octets) {
    return new SplitSource(octets, position -> position + 1);
  }

  public static SplitSource twoPieces(byte[] octets, int split) {
    return new SplitSource(octets, position -> position < split ? split : octets.length);
  }

  @Override
  public boolean await() {
    return position < octets.length;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) {
    if (position == octets.length) {
      return -1;
    }
    int wanted = Math.clamp(pieceEnd.applyAsInt(position), position + 1, octets.length) - position;
    int count = Math.min(wanted, length);
    System.arraycopy(octets, position, buffer, offset, count);
    position += count;
    return count;
  }
}
