package hikyaku.protocol.proxy;

import hikyaku.protocol.proxy.ProxyHeader.Incomplete;
import hikyaku.protocol.proxy.ProxyHeader.Malformed;
import hikyaku.protocol.proxy.ProxyHeader.Proxied;
import hikyaku.protocol.proxy.ProxyHeader.Unproxied;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** A binary header (PROXY §2.2). */
final class Version2 {
  static final byte[] SIGNATURE = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

  /** Signature, version and command, family and transport, length of what follows. */
  static final int FIXED = 16;

  private static final int LOCAL = 0x20;
  static final int PROXY = 0x21;

  static final int TCP4 = 0x11;
  static final int TCP6 = 0x21;

  private static final int IPV4_BLOCK = 12;
  private static final int IPV6_BLOCK = 36;
  private static final int UNIX_BLOCK = 216;

  /** Type of the TLV that holds a checksum of the whole header (PROXY §2.2.4). */
  private static final int CRC32C = 0x03;

  private static final int TLV_HEAD = 3;

  private Version2() {}

  /** Whether the octets are the beginning of such a header, as far as they go. */
  static boolean begins(byte[] octets, int length) {
    int shown = Math.min(length, SIGNATURE.length);
    return Arrays.equals(octets, 0, shown, SIGNATURE, 0, shown);
  }

  static ProxyHeader parse(byte[] octets, int length) {
    if (length < SIGNATURE.length) {
      return new Incomplete(length + 1);
    }
    if (length < FIXED) {
      return new Incomplete(FIXED);
    }
    ByteBuffer header = ByteBuffer.wrap(octets, 0, length);
    int total = FIXED + Short.toUnsignedInt(header.getShort(14));
    if (total > ProxyHeader.LONGEST_V2) {
      return new Malformed("version 2 is too long");
    }
    if (length < total) {
      return new Incomplete(total);
    }
    return whole(header.limit(total));
  }

  private static ProxyHeader whole(ByteBuffer header) {
    int command = Byte.toUnsignedInt(header.get(12));
    if (command == LOCAL) {
      return new Unproxied(header.limit());
    }
    if (command != PROXY) {
      return new Malformed("version 2 with another version or command");
    }
    int kind = Byte.toUnsignedInt(header.get(13));
    int transport = kind & 0xf;
    if (transport > 2) {
      return new Malformed("version 2 with another transport");
    }
    return switch (kind >> 4) {
      // Whatever is in there, it is not said how long the addresses are.
      case 0 -> new Unproxied(header.limit());
      case 1 -> addressed(header, IPV4_BLOCK, kind == TCP4);
      case 2 -> addressed(header, IPV6_BLOCK, kind == TCP6);
      case 3 -> addressed(header, UNIX_BLOCK, false);
      default -> new Malformed("version 2 with another family");
    };
  }

  /**
   * @param tcp whether the addresses are those of a client; of other transports they are not used
   *     (PROXY §2.2: what is valid and not supported counts as UNSPEC)
   */
  private static ProxyHeader addressed(ByteBuffer header, int block, boolean tcp) {
    int end = FIXED + block;
    if (header.limit() < end) {
      return new Malformed("version 2 without its addresses");
    }
    String fault = extensionsFault(header, end);
    if (!fault.isEmpty()) {
      return new Malformed(fault);
    }
    if (!tcp) {
      return new Unproxied(header.limit());
    }
    int size = (block - 4) / 2;
    int ports = FIXED + 2 * size;
    return new Proxied(
        endpoint(header, FIXED, size, ports),
        endpoint(header, FIXED + size, size, ports + 2),
        header.limit());
  }

  private static InetSocketAddress endpoint(ByteBuffer header, int at, int size, int port) {
    byte[] address = new byte[size];
    header.get(at, address);
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(address), Short.toUnsignedInt(header.getShort(port)));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address has 4 or 16 octets", e);
    }
  }

  /** What is wrong with the TLVs, or nothing. All but the checksum are skipped. */
  private static String extensionsFault(ByteBuffer header, int from) {
    int at = from;
    while (at < header.limit()) {
      if (header.limit() - at < TLV_HEAD) {
        return "version 2 with a broken TLV";
      }
      int type = Byte.toUnsignedInt(header.get(at));
      int length = Short.toUnsignedInt(header.getShort(at + 1));
      at += TLV_HEAD;
      if (header.limit() - at < length) {
        return "version 2 with a broken TLV";
      }
      if (type == CRC32C
          && (length != Integer.BYTES || header.getInt(at) != checksum(header, at))) {
        return "version 2 with a wrong checksum";
      }
      at += length;
    }
    return "";
  }

  /** Of all octets, with zeros in place of the checksum itself. */
  private static int checksum(ByteBuffer header, int at) {
    CRC32C checksum = new CRC32C();
    checksum.update(header.slice(0, at));
    checksum.update(new byte[Integer.BYTES]);
    int rest = at + Integer.BYTES;
    checksum.update(header.slice(rest, header.limit() - rest));
    return (int) checksum.getValue();
  }
}
