package hikyaku.protocol.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/** Headers that say whose connection is passed on. */
public final class ProxyWriter {
  private ProxyWriter() {}

  /** A header of version 1 (PROXY §2.1). Addresses of two families are both written as IPv6. */
  public static byte[] version1(InetSocketAddress source, InetSocketAddress destination) {
    boolean four = areIpv4(source, destination);
    String line =
        "PROXY "
            + (four ? "TCP4 " : "TCP6 ")
            + text(source, four)
            + " "
            + text(destination, four)
            + " "
            + source.getPort()
            + " "
            + destination.getPort()
            + "\r\n";
    return line.getBytes(US_ASCII);
  }

  /** A header of version 2 without TLVs (PROXY §2.2). */
  public static byte[] version2(InetSocketAddress source, InetSocketAddress destination) {
    boolean four = areIpv4(source, destination);
    int block = four ? 12 : 36;
    ByteBuffer header = ByteBuffer.allocate(Version2.FIXED + block);
    header.put(Version2.SIGNATURE).put((byte) Version2.PROXY);
    header.put((byte) (four ? Version2.TCP4 : Version2.TCP6)).putShort((short) block);
    header.put(octets(source, four)).put(octets(destination, four));
    header.putShort((short) source.getPort()).putShort((short) destination.getPort());
    return header.array();
  }

  private static boolean areIpv4(InetSocketAddress one, InetSocketAddress other) {
    return one.getAddress() instanceof Inet4Address && other.getAddress() instanceof Inet4Address;
  }

  private static byte[] octets(InetSocketAddress endpoint, boolean four) {
    byte[] address = endpoint.getAddress().getAddress();
    if (four || address.length == 16) {
      return address;
    }
    byte[] mapped = new byte[16];
    mapped[10] = (byte) 0xff;
    mapped[11] = (byte) 0xff;
    System.arraycopy(address, 0, mapped, 12, 4);
    return mapped;
  }

  private static String text(InetSocketAddress endpoint, boolean four) {
    InetAddress address = endpoint.getAddress();
    if (four) {
      return address.getHostAddress();
    }
    if (address instanceof Inet4Address) {
      return "::ffff:" + address.getHostAddress();
    }
    try {
      // Made anew, it has no zone.
      return Inet6Address.getByAddress(null, address.getAddress(), -1).getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an IPv6 address has 16 octets", e);
    }
  }
}
