package hikyaku.protocol.mime;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.util.Locale;

/**
 * Undoes a Content-Transfer-Encoding as the octets pass by (RFC 2045 §6). Always gets to the end:
 * what is not of the encoding is passed over or through, and {@link #isDamaged} tells of it. Not
 * thread-safe.
 */
public abstract sealed class TransferDecoder implements OctetSink
    permits Base64Decoder, QuotedPrintableDecoder, TransferDecoder.Identity {
  private final OctetSink decoded;
  private final byte[] out = new byte[2048];
  private int size;
  private boolean damaged;

  TransferDecoder(OctetSink decoded) {
    this.decoded = decoded;
  }

  /**
   * Whether there is a decoder of this name. IMAP's BINARY answers {@code NO [UNKNOWN-CTE]} where
   * there is none (RFC 3516 §4.3).
   */
  public static boolean isKnown(String encoding) {
    return switch (encoding.toLowerCase(Locale.ROOT)) {
      case "7bit", "8bit", "binary", "base64", "quoted-printable" -> true;
      default -> false;
    };
  }

  /**
   * A decoder that writes to the sink. Under a name that is not known nothing is decoded (RFC 2045
   * §6.4 wants such content taken as opaque).
   */
  public static TransferDecoder of(String encoding, OctetSink decoded) {
    return switch (encoding.toLowerCase(Locale.ROOT)) {
      case "base64" -> new Base64Decoder(decoded);
      case "quoted-printable" -> new QuotedPrintableDecoder(decoded);
      default -> new Identity(decoded);
    };
  }

  /** Whether anything so far was not of the encoding. After {@link #finish} it is final. */
  public final boolean isDamaged() {
    return damaged;
  }

  /** Ends the input and hands on what is left. To be called once. */
  public final void finish() throws IOException {
    end();
    flush();
  }

  @Override
  public void write(byte[] octets, int offset, int length) throws IOException {
    for (int at = offset; at < offset + length; at++) {
      octet(octets[at]);
    }
    flush();
  }

  abstract void octet(byte octet) throws IOException;

  abstract void end() throws IOException;

  final void damage() {
    damaged = true;
  }

  final void put(int octet) throws IOException {
    if (size == out.length) {
      flush();
    }
    out[size++] = (byte) octet;
  }

  private void flush() throws IOException {
    if (size > 0) {
      decoded.write(out, 0, size);
      size = 0;
    }
  }

  /** 7bit, 8bit, binary: nothing to undo. */
  static final class Identity extends TransferDecoder {
    private final OctetSink decoded;

    Identity(OctetSink decoded) {
      super(decoded);
      this.decoded = decoded;
    }

    @Override
    public void write(byte[] octets, int offset, int length) throws IOException {
      decoded.write(octets, offset, length);
    }

    @Override
    void octet(byte octet) throws IOException {
      put(octet);
    }

    @Override
    void end() {}
  }
}
