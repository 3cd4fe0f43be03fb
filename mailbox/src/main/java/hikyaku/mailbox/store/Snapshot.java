package hikyaku.mailbox.store;

import com.google.protobuf.ByteString;

/**
 * A fold of a log, kept so that it need not be folded from its beginning.
 *
 * @param seq the last entry folded in
 * @param state a Protocol Buffers message of the log's kind; opaque to the store
 */
public record Snapshot(long seq, ByteString state) {}
