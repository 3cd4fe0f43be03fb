package hikyaku.mailbox.store;

/**
 * A blob's name and size.
 *
 * @param size in octets, uncompressed
 */
public record Blob(BlobId id, long size) {}
