package hikyaku.mailbox.store;

import hikyaku.protocol.wire.OctetSink;

/**
 * A blob coming in. Used by one thread. Closing it before {@link #finish} takes back what was
 * written; closing it afterwards does nothing.
 */
public interface BlobWriter extends OctetSink, AutoCloseable {
  /** Throws {@link StoreException} if the store cannot take more. */
  @Override
  void write(byte[] octets, int offset, int length);

  /**
   * Completes the blob. It can be opened from now on in this process; it is durable when an append
   * that begins after this and names it has returned.
   */
  Blob finish();

  @Override
  void close();
}
