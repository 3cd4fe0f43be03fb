package hikyaku.mailbox.store;

import com.google.protobuf.ByteString;
import java.time.Instant;
import java.util.List;

/**
 * An event in its place in a log.
 *
 * @param seq its sequence, from 1
 * @param firstId the first id it took; meaningless if {@code ids} is 0
 * @param ids how many it took
 * @param time when the store took it, in milliseconds; never falls within a log
 * @param payload as appended
 * @param tally as appended
 * @param blobs as appended
 */
public record Entry(
    long seq,
    long firstId,
    int ids,
    Instant time,
    ByteString payload,
    Tally tally,
    List<BlobId> blobs) {}
