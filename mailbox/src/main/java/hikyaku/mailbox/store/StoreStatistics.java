package hikyaku.mailbox.store;

/**
 * An engine's figures since it was opened.
 *
 * @param appends appends applied, repeats under an idempotency key not counted
 * @param rounds durability rounds (one sync each)
 * @param entries entries written
 * @param blobsWritten blobs stored, those already there not counted
 * @param blobsShared blobs found already there
 * @param diskOctets octets on disk, as far as the engine can tell; -1 if it cannot
 * @param failures calls answered with {@link StoreException}
 */
public record StoreStatistics(
    long appends,
    long rounds,
    long entries,
    long blobsWritten,
    long blobsShared,
    long diskOctets,
    long failures) {}
