package hikyaku.protocol.wire;

import java.io.IOException;

/** Where octets go: a blob being written, a parser being fed, a connection, or an array. */
@FunctionalInterface
public interface OctetSink {
  /** Takes the octets before returning; the caller may overwrite the array afterwards. */
  void write(byte[] octets, int offset, int length) throws IOException;

  default void write(byte[] octets) throws IOException {
    write(octets, 0, octets.length);
  }

  /** A sink that hands everything to both, in this order. */
  default OctetSink and(OctetSink other) {
    return (octets, offset, length) -> {
      write(octets, offset, length);
      other.write(octets, offset, length);
    };
  }
}
