package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whatever octets come where a handshake or a deflate stream should be, the session ends in order
 * and no bug is counted: the server says so when it closes.
 */
@Timeout(120)
class HostileOctetsTest {
  private static final long SEED = 20260101;
  private static final int CASES = 300;

  @Test
  void mutatedHandshakes() throws Exception {
    byte[] hello = clientHello();
    Random random = new Random(SEED);
    try (TestServer server = new TestServer()) {
      for (int i = 0; i < CASES; i++) {
        throwAt(server, "tls", "", mutated(hello, random));
      }
      server.connectTls().close();
    }
  }

  @Test
  void mutatedDeflateStreams() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (DeflaterOutputStream out =
        new DeflaterOutputStream(packed, new Deflater(6, true), 512, true)) {
      for (int i = 0; i < 20; i++) {
        out.write(("ECHO " + "words ".repeat(i) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
      }
    }
    Random random = new Random(SEED);
    try (TestServer server = new TestServer()) {
      for (int i = 0; i < CASES; i++) {
        throwAt(server, "plain", "COMPRESS\r\n", mutated(packed.toByteArray(), random));
      }
      server.connect().close();
    }
  }

  /** Sends, closes the sending side, and reads to the end, which has to come. */
  private static void throwAt(TestServer server, String listener, String before, byte[] octets)
      throws IOException {
    try (TestClient client = TestClient.connect(server.port(listener))) {
      try {
        client.send(before);
        client.out.write(octets);
        client.socket.shutdownOutput();
        while (client.in.read() >= 0) {
          // Replies and alerts are of no interest here, only that they end.
        }
      } catch (java.net.SocketTimeoutException e) {
        throw new AssertionError("the server hangs, seed " + SEED, e);
      } catch (IOException e) {
        // A reset is an end as well.
        assertThat(e).isInstanceOf(java.net.SocketException.class);
      }
    }
  }

  private static byte[] mutated(byte[] from, Random random) {
    byte[] octets = Arrays.copyOf(from, from.length - random.nextInt(from.length / 2));
    int changes = 1 + random.nextInt(8);
    for (int i = 0; i < changes; i++) {
      octets[random.nextInt(octets.length)] = (byte) random.nextInt(256);
    }
    return octets;
  }

  private static byte[] clientHello() throws Exception {
    SSLEngine engine = TlsClient.context().createSSLEngine("localhost", 993);
    engine.setUseClientMode(true);
    ByteBuffer record = ByteBuffer.allocate(Buffers.SIZE);
    engine.wrap(ByteBuffer.allocate(0), record);
    return Arrays.copyOf(record.array(), record.position());
  }
}
