package hikyaku.protocol.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.protocol.wire.OctetSink;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * Encodes as quoted-printable (RFC 2045 §6.7). Line endings stay; of what is none CR and LF are
 * encoded.
 */
final class QuotedPrintableEncoder implements Stage {
  /** RFC 2045 §6.7, rule 5, with the equals sign of a soft line break. */
  private static final int WIDTH = 76;

  /** Octets that are usually written at a time. */
  private static final int ROOM = 16 * 1024;

  private static final byte[] CRLF = {'\r', '\n'};
  private static final byte[] HEX = "0123456789ABCDEF".getBytes(ISO_8859_1);
  private static final byte[] SOFT = {'=', '\r', '\n'};

  private final OctetSink out;
  private final ByteArrayOutputStream ready = new ByteArrayOutputStream(ROOM);
  private int column;

  /** An octet whose form depends on the next one: white space or CR; -1 for none. */
  private int held = -1;

  QuotedPrintableEncoder(OctetSink out) {
    this.out = out;
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    for (int i = offset; i < offset + length; i++) {
      octet(octets[i] & 0xff);
    }
    flush();
  }

  private void octet(int octet) {
    if (held == '\r' && octet == '\n') {
      held = -1;
      ready.writeBytes(CRLF);
      column = 0;
      return;
    }
    release(octet == '\r');
    if (octet == ' ' || octet == '\t' || octet == '\r') {
      held = octet;
    } else {
      put(octet, octet > ' ' && octet < 127 && octet != '=');
    }
  }

  /**
   * @param ending whether a line ending may follow, before which no white space may stand
   */
  private void release(boolean ending) {
    if (held >= 0) {
      put(held, held != '\r' && !ending);
      held = -1;
    }
  }

  private void put(int octet, boolean plain) {
    int width = plain ? 1 : 3;
    if (column + width >= WIDTH) {
      ready.writeBytes(SOFT);
      column = 0;
    }
    if (plain) {
      ready.write(octet);
    } else {
      ready.write('=');
      ready.write(HEX[octet >> 4]);
      ready.write(HEX[octet & 15]);
    }
    column += width;
  }

  private void flush() throws IOException {
    byte[] octets = ready.toByteArray();
    ready.reset();
    out.write(octets, 0, octets.length);
  }

  @Override
  public void end() throws IOException {
    release(true);
    flush();
  }
}
