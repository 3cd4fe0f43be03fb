package hikyaku.protocol.mime;

import hikyaku.protocol.wire.OctetSink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;

/**
 * Encodes as base64 (RFC 2045 §6.8). Its last line has no ending: that belongs to what is around.
 */
final class Base64Encoder implements Stage {
  /** Octets of a line of 76 characters. */
  private static final int LINE = 57;

  private static final byte[] CRLF = {'\r', '\n'};

  private final OctetSink out;
  private final byte[] line = new byte[LINE];
  private int size;
  private boolean first = true;

  Base64Encoder(OctetSink out) {
    this.out = out;
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    ByteArrayOutputStream ready = new ByteArrayOutputStream(length * 3 / 2);
    for (int i = offset; i < offset + length; i++) {
      if (size == LINE) {
        line(ready);
      }
      line[size++] = octets[i];
    }
    byte[] encoded = ready.toByteArray();
    out.write(encoded, 0, encoded.length);
  }

  private void line(ByteArrayOutputStream to) {
    if (!first) {
      to.writeBytes(CRLF);
    }
    first = false;
    to.writeBytes(Base64.getEncoder().encode(Arrays.copyOf(line, size)));
    size = 0;
  }

  @Override
  public void end() throws IOException {
    if (size > 0) {
      ByteArrayOutputStream last = new ByteArrayOutputStream();
      line(last);
      byte[] encoded = last.toByteArray();
      out.write(encoded, 0, encoded.length);
    }
  }
}
