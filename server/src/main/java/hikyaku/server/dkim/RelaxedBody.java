package hikyaku.server.dkim;

import hikyaku.protocol.wire.OctetSink;
import java.security.MessageDigest;

/**
 * The SHA-256 of a body in the "relaxed" form (RFC 6376 §3.4.4), as its octets come. Lines end with
 * CRLF; a CR or LF alone is content.
 */
final class RelaxedBody implements OctetSink {
  private static final int BUFFER = 8 * 1024;

  private final MessageDigest digest = Algorithm.sha256();
  private final byte[] buffer = new byte[BUFFER];
  private int filled;

  /** Line endings that count only if something follows. */
  private long lines;

  private boolean space;
  private boolean cr;
  private boolean any;

  @Override
  public void write(byte[] octets, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      octet(octets[i]);
    }
  }

  private void octet(byte octet) {
    if (cr) {
      cr = false;
      if (octet == '\n') {
        space = false;
        lines++;
        return;
      }
      content((byte) '\r');
    }
    switch (octet) {
      case '\r' -> cr = true;
      case ' ', '\t' -> space = true;
      default -> content(octet);
    }
  }

  private void content(byte octet) {
    any = true;
    for (; lines > 0; lines--) {
      put((byte) '\r');
      put((byte) '\n');
    }
    if (space) {
      space = false;
      put((byte) ' ');
    }
    put(octet);
  }

  private void put(byte octet) {
    if (filled == buffer.length) {
      digest.update(buffer);
      filled = 0;
    }
    buffer[filled++] = octet;
  }

  /** The hash; nothing can be written afterwards. An empty body has that of no octets. */
  byte[] finish() {
    if (cr) {
      content((byte) '\r');
    }
    if (any) {
      put((byte) '\r');
      put((byte) '\n');
    }
    digest.update(buffer, 0, filled);
    return digest.digest();
  }
}
