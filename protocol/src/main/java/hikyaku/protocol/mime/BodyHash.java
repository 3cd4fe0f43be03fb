package hikyaku.protocol.mime;

import hikyaku.protocol.wire.OctetScan;
import hikyaku.protocol.wire.OctetSink;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The SHA-256 of a body as it passes, in one of the two canonical forms of signatures (RFC 6376
 * §3.4.3, §3.4.4). Lines end with CRLF; a CR or LF alone is content.
 */
public final class BodyHash implements OctetSink {
  private static final int BUFFER = 4_096;

  private final MessageDigest digest = sha256();
  private final boolean relaxed;
  private final long limit;

  private final byte[] buffer = new byte[BUFFER];
  private int count;
  private long length;
  private long emptyLines;
  private boolean space;
  private boolean cr;
  private boolean anything;

  /**
   * @param relaxed whether in the relaxed form, and not in the simple one
   * @param limit octets of the canonical form that count; {@link Long#MAX_VALUE} for all
   */
  public BodyHash(boolean relaxed, long limit) {
    this.relaxed = relaxed;
    this.limit = limit;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has it", e);
    }
  }

  @Override
  public void write(byte[] octets, int offset, int size) {
    int end = offset + size;
    int at = offset;
    while (at < end) {
      byte octet = octets[at];
      if (cr) {
        cr = false;
        if (octet == '\n') {
          // Spaces at the end of a line are none of it, so that it may be empty.
          space = false;
          emptyLines++;
          at++;
          continue;
        }
        begin();
        put((byte) '\r');
      }
      if (octet == '\r') {
        cr = true;
        at++;
      } else if (relaxed && isSpace(octet)) {
        space = true;
        at++;
      } else {
        begin();
        at = run(octets, at, end);
      }
    }
  }

  private static boolean isSpace(byte octet) {
    return octet == ' ' || octet == '\t';
  }

  /** What was held back and is not at the end after all. */
  private void begin() {
    for (; emptyLines > 0; emptyLines--) {
      put((byte) '\r');
      put((byte) '\n');
    }
    if (space) {
      space = false;
      put((byte) ' ');
    }
    anything = true;
  }

  /** Octets that pass as they are. */
  private int run(byte[] octets, int from, int end) {
    int limit = (relaxed ? ' ' : '\r') + 1;
    int at = OctetScan.below(octets, from, end, limit);
    while (at < end && octets[at] != '\r' && !(relaxed && isSpace(octets[at]))) {
      at = OctetScan.below(octets, at + 1, end, limit);
    }
    int size = at - from;
    if (size > BUFFER - count) {
      flush();
    }
    if (size > BUFFER) {
      update(octets, from, size);
    } else {
      System.arraycopy(octets, from, buffer, count, size);
      count += size;
    }
    return at;
  }

  private void put(byte octet) {
    if (count == BUFFER) {
      flush();
    }
    buffer[count++] = octet;
  }

  private void flush() {
    update(buffer, 0, count);
    count = 0;
  }

  private void update(byte[] octets, int from, int size) {
    digest.update(octets, from, (int) Math.clamp(limit - length, 0, size));
    length += size;
  }

  /** The hash. Nothing may be written afterwards. */
  public byte[] finish() {
    if (cr) {
      cr = false;
      begin();
      put((byte) '\r');
    }
    // One line ending, whether there were many or none; no body at all is a line in one form only.
    if (anything || !relaxed) {
      put((byte) '\r');
      put((byte) '\n');
    }
    flush();
    return digest.digest();
  }

  /** Octets of the canonical form, once it is finished. */
  public long length() {
    return length;
  }
}
