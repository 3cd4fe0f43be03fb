package hikyaku.mailbox.store;

import com.google.protobuf.ByteString;
import java.util.List;

/**
 * Something that happened, to be appended to a log.
 *
 * @param payload a Protocol Buffers message of the log's kind; opaque to the store
 * @param ids how many ids of the log the event takes (a UID for each message it brings)
 * @param tally what it adds to the log's tally
 * @param blobs the blobs it names, which live as long as its entry does
 */
public record Event(ByteString payload, int ids, Tally tally, List<BlobId> blobs) {
  public Event {
    if (ids < 0) {
      throw new IllegalArgumentException("negative number of ids");
    }
    blobs = List.copyOf(blobs);
  }

  /** An event that takes no id, counts nothing and names no blob. */
  public static Event of(ByteString payload) {
    return new Event(payload, 0, Tally.ZERO, List.of());
  }
}
