package hikyaku.server.net;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * What goes to the client, gathered and sent when {@link #flush()} is called, when much has
 * gathered, and before the connection blocks for input.
 *
 * <p>In a protocol trace, what is written as text is shown and what is written as octets is
 * summarised: literals and message content are to be written as octets.
 */
public interface Output extends OctetSink {
  /** Writes text whose every char is one octet (ISO-8859-1): replies are ASCII. */
  void write(String text) throws IOException;

  /** The same text as octets. */
  default void writeText(byte[] octets, int offset, int length) throws IOException {
    write(new String(octets, offset, length, StandardCharsets.ISO_8859_1));
  }

  /** Like {@link #write(String)}, but a trace shows only its length: challenges, headers. */
  void writeHidden(String text) throws IOException;

  /** Sends what has gathered; returns when the operating system has taken it. */
  void flush() throws IOException;
}
