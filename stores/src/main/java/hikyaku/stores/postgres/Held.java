package hikyaku.stores.postgres;

import hikyaku.mailbox.store.BlobId;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A small blob that is finished and not yet written.
 *
 * @param number under which its pieces or its file are kept
 * @param place where: 0 in its row, 1 in chunks, 2 in a file
 * @param pieces empty for a file
 * @param sums CRC-32C of each 64 KiB of a file; otherwise empty
 * @param content all of it, for readers; empty for a file, which can be read
 * @param time when it was put, in milliseconds since 1970
 * @param written completed when it is written, exceptionally if it was lost
 */
record Held(
    BlobId id,
    long number,
    long size,
    int place,
    List<Codec.Piece> pieces,
    byte[] sums,
    byte[] content,
    long time,
    CompletableFuture<Boolean> written) {
  static final int IN_ROW = 0;
  static final int IN_CHUNKS = 1;
  static final int IN_FILE = 2;

  /** The order in which they are locked. */
  static final Comparator<Held> BY_ID =
      Comparator.comparing(
          held -> held.id().sha256(),
          com.google.protobuf.ByteString.unsignedLexicographicalComparator());

  /** The same, put again as the other was: the later time counts. */
  Held putAgainAs(Held other) {
    return new Held(
        id, number, size, place, pieces, sums, content, Math.max(time, other.time), written);
  }

  long weight() {
    return content.length + sums.length;
  }
}
