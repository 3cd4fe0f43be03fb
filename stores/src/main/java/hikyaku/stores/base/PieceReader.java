package hikyaku.stores.base;

import hikyaku.mailbox.store.BlobReader;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An open blob that is kept in pieces. Holds what was read last, for readers mostly go on where
 * they were.
 */
public final class PieceReader implements BlobReader {
  private static final byte[] NOTHING = {};

  /** The pieces of one blob, each of one size but for the last. Used by one thread. */
  public interface Pieces extends AutoCloseable {
    /** Octets of each. */
    int size();

    /**
     * The octets of one, and of others behind it if that is of use.
     *
     * @param onwards whether the reader goes on where it was
     * @param spare nobody's any more: the octets may come in it, if they are as many
     */
    byte[] from(int index, boolean onwards, byte[] spare);

    /** They are not asked for any more. */
    @Override
    default void close() {}
  }

  private final Runnable requireOpen;
  private final long size;

  /** Null if all of the blob is held already. */
  private final @Nullable Pieces pieces;

  private byte[] held;
  private long heldFrom;
  private boolean closed;

  /**
   * Of a blob that is here as a whole.
   *
   * @param requireOpen throws once the store is closed
   */
  public PieceReader(Runnable requireOpen, byte[] content) {
    this.requireOpen = requireOpen;
    this.size = content.length;
    this.pieces = null;
    this.held = content;
  }

  /**
   * Of a blob that is read as it is asked for.
   *
   * @param requireOpen throws once the store is closed
   * @param size of the blob, in octets
   */
  public PieceReader(Runnable requireOpen, long size, Pieces pieces) {
    this.requireOpen = requireOpen;
    this.size = size;
    this.pieces = pieces;
    this.held = NOTHING;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, byte[] buffer, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    if (closed) {
      throw new IllegalStateException("the reader has been closed");
    }
    requireOpen.run();
    if (position >= size) {
      return 0;
    }
    int wanted = (int) Math.min(length, size - position);
    int done = 0;
    while (done < wanted) {
      long at = position + done;
      fetch(at);
      int skip = (int) (at - heldFrom);
      int taken = Math.min(wanted - done, held.length - skip);
      System.arraycopy(held, skip, buffer, offset + done, taken);
      done += taken;
    }
    return done;
  }

  /** Holds the piece with this position. */
  private void fetch(long position) {
    if (position >= heldFrom && position < heldFrom + held.length) {
      return;
    }
    if (pieces == null) {
      throw new IllegalStateException("a blob held whole has no other piece");
    }
    int index = (int) (position / pieces.size());
    boolean onwards = position == heldFrom + held.length;
    byte[] spare = held;
    held = NOTHING;
    held = pieces.from(index, onwards, spare);
    heldFrom = (long) index * pieces.size();
  }

  @Override
  public void close() {
    closed = true;
    held = NOTHING;
    if (pieces != null) {
      pieces.close();
    }
  }
}
