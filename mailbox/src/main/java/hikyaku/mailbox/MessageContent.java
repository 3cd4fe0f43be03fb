package hikyaku.mailbox;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;

/**
 * A message's octets as clients see them: the prefix added at delivery, then the blob. Read from
 * any place; only what is asked for is fetched. Used by one thread.
 *
 * <p>Offsets of the message's structure count from the start of the blob; {@link #blobOffset} is
 * what to add.
 */
public final class MessageContent implements AutoCloseable {
  private final ByteString prefix;
  private final BlobReader blob;

  private MessageContent(ByteString prefix, BlobReader blob) {
    this.prefix = prefix;
    this.blob = blob;
  }

  public static MessageContent open(BlobStore blobs, NewMessage message) {
    return new MessageContent(message.prefix(), blobs.open(message.blob().id()));
  }

  public long size() {
    return prefix.size() + blob.size();
  }

  /** Where the blob begins. */
  public int blobOffset() {
    return prefix.size();
  }

  /**
   * @return the number of octets read; fewer than {@code length} only at the end, 0 behind it
   */
  public int read(long position, byte[] buffer, int offset, int length) {
    if (position >= prefix.size()) {
      return blob.read(position - prefix.size(), buffer, offset, length);
    }
    int fromPrefix = (int) Math.min(length, prefix.size() - position);
    prefix.copyTo(buffer, (int) position, offset, fromPrefix);
    if (fromPrefix == length) {
      return length;
    }
    return fromPrefix + blob.read(0, buffer, offset + fromPrefix, length - fromPrefix);
  }

  /**
   * Hands octets {@code from} (inclusive) to {@code to} (exclusive, cut at the end) to the sink.
   */
  public void copy(long from, long to, OctetSink sink) throws IOException {
    long end = Math.min(to, size());
    if (from < prefix.size() && from < end) {
      int stop = (int) Math.min(end, prefix.size());
      byte[] octets = prefix.substring((int) from, stop).toByteArray();
      sink.write(octets, 0, octets.length);
    }
    if (end > prefix.size()) {
      blob.copy(Math.max(0, from - prefix.size()), end - prefix.size(), sink);
    }
  }

  @Override
  public void close() {
    blob.close();
  }
}
