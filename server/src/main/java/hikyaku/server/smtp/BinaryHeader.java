package hikyaku.server.smtp;

import hikyaku.mailbox.Intake;
import hikyaku.mailbox.store.BlobReader;
import hikyaku.mailbox.store.BlobStore;
import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;

/**
 * The header of a message whose content may be binary. It is of lines in any case (RFC 3030 §3:
 * text is in lines that end with CRLF). One that is has the same fields and the same end for
 * whoever takes CR or LF alone for the end of a line and for whoever does not.
 */
final class BinaryHeader implements OctetSink {
  private boolean crPending;
  private boolean bareLineEnding;
  private boolean nul;

  private BinaryHeader() {}

  static BinaryHeader of(BlobStore blobs, Intake.Received message) throws IOException {
    BinaryHeader header = new BinaryHeader();
    try (BlobReader reader = blobs.open(message.blob().id())) {
      reader.copy(0, message.structure().root().bodyStart(), header);
    }
    return header;
  }

  /** Whether it has a CR or LF outside of a pair. */
  boolean hasBareLineEnding() {
    return bareLineEnding || crPending;
  }

  boolean hasNul() {
    return nul;
  }

  @Override
  public void write(byte[] octets, int offset, int length) {
    for (int at = offset; at < offset + length; at++) {
      byte octet = octets[at];
      bareLineEnding |= crPending != (octet == '\n');
      nul |= octet == 0;
      crPending = octet == '\r';
    }
  }
}
