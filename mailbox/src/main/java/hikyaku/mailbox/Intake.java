package hikyaku.mailbox;

import hikyaku.mailbox.store.Blob;
import hikyaku.mailbox.store.BlobWriter;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.MimeParser;
import hikyaku.protocol.wire.OctetSink;

/**
 * A message coming in: its octets go to a blob and through the MIME parser in one pass, and none of
 * it is kept in memory. Used by one thread; closing it before {@link #finish} leaves nothing
 * behind.
 */
public final class Intake implements OctetSink, AutoCloseable {
  private final BlobWriter blob;
  private final MimeParser parser = new MimeParser();
  private long octets;

  /** Called by {@link MailStore#intake}. */
  Intake(BlobWriter blob) {
    this.blob = blob;
  }

  /** What came in: the blob, and what parsing found. Not durable before an append that names it. */
  public record Received(Blob blob, MessageStructure structure) {}

  @Override
  public void write(byte[] buffer, int offset, int length) {
    blob.write(buffer, offset, length);
    parser.write(buffer, offset, length);
    octets += length;
  }

  /** Octets so far. */
  public long octets() {
    return octets;
  }

  public Received finish() {
    return new Received(blob.finish(), parser.finish());
  }

  @Override
  public void close() {
    blob.close();
  }
}
