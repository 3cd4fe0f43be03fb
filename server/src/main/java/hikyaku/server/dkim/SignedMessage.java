package hikyaku.server.dkim;

import hikyaku.protocol.mime.BodyHash;
import hikyaku.protocol.wire.OctetSink;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Optional;

/**
 * A message on its way through a signer, in one pass: its header is kept, and of its body the hash.
 */
final class SignedMessage implements OctetSink {
  /** Octets of a header that is signed. A longer one is no letter that anybody reads. */
  static final int LONGEST_HEADER = 256 * 1024;

  private static final byte[] END = {'\r', '\n', '\r', '\n'};

  private final ByteArrayOutputStream header = new ByteArrayOutputStream(4096);
  private final BodyHash body = new BodyHash(true, Long.MAX_VALUE);

  /** How much of {@link #END} was seen. A message may begin with the empty line. */
  private int matched = 2;

  @Override
  public void write(byte[] octets, int offset, int length) {
    int from = offset;
    int end = offset + length;
    while (from < end && matched < END.length) {
      byte octet = octets[from++];
      if (octet == END[matched]) {
        matched++;
      } else {
        matched = octet == '\r' ? 1 : 0;
      }
      // One octet more tells a header that is too long from one that just fits.
      if (header.size() <= LONGEST_HEADER) {
        header.write(octet);
      }
    }
    body.write(octets, from, end - from);
  }

  /** The fields; nothing if there is too much of them. */
  Optional<List<HeaderField>> fields() {
    return header.size() > LONGEST_HEADER
        ? Optional.empty()
        : Optional.of(HeaderField.all(header.toByteArray()));
  }

  /** To be asked for once, at the end. */
  byte[] bodyHash() {
    return body.finish();
  }
}
