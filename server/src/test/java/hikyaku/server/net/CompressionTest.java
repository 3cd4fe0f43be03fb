package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against the JDK's streams, whose state lasts for the whole connection as a client's does. */
@Timeout(60)
class CompressionTest {
  static void compress(TestClient client) throws IOException {
    client.talk("COMPRESS", "OK begin");
    OutputStream plain = client.out;
    client.in = new InflaterInputStream(client.in, new Inflater(true), 4096);
    client.out =
        new DeflaterOutputStream(plain, new Deflater(Deflater.BEST_COMPRESSION, true), 4096, true);
  }

  @Test
  void compressesBothWays() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connect()) {
      use(server, client);
    }
  }

  @Test
  void compressesUnderTls() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connectTls()) {
      use(server, client);
    }
  }

  private static void use(TestServer server, TestClient client) throws Exception {
    compress(client);
    Connection connection = server.protocol.begun.take();
    client.talk("NOOP", "OK");
    assertThat(connection.isCompressed()).isTrue();
    Random random = new Random(11);
    // Refers back over more than a window, with a wait between all of them.
    for (int i = 0; i < 400; i++) {
      String text = "the same words again " + random.nextInt(1000) + " ".repeat(i);
      client.talk("ECHO " + text, text);
    }
    long before = connection.bytesOut();
    client.talk("BIG 500000", "abcdefghijklmnopqrstuvwxyz".repeat(20_000).substring(0, 500_000));
    client.expect("OK");
    assertThat(connection.bytesOut() - before).isLessThan(20_000);
    byte[] octets = new byte[300_000];
    random.nextBytes(octets);
    System.arraycopy(octets, 0, octets, 200_000, 100_000);
    client.talk("LIT " + octets.length, "+ send");
    Thread sender = Thread.startVirtualThread(() -> write(client, octets));
    client.expect("OK " + octets.length);
    assertThat(client.in.readNBytes(octets.length)).isEqualTo(octets);
    client.expect("");
    sender.join();
    client.send("ECHO 1\r\nECHO 2\r\n");
    client.expect("1");
    client.expect("2");
    client.talk("IDLE", "+ idling");
    connection.signal();
    client.expect("* SIGNAL");
    client.talk("DONE", "OK DONE");
    client.talk("QUIT", "BYE");
  }

  private static void write(TestClient client, byte[] octets) {
    try {
      client.out.write(octets);
      client.out.flush();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** RFC 4978 §3: a client may compress from the octet after its command on. */
  @Test
  void inputSentAheadOfTheAnswerIsCompressedAlready() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connect()) {
      java.io.ByteArrayOutputStream early = new java.io.ByteArrayOutputStream();
      early.write("COMPRESS\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      DeflaterOutputStream packed =
          new DeflaterOutputStream(early, new Deflater(6, true), 512, true);
      packed.write("ECHO early\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      packed.flush();
      client.out.write(early.toByteArray());
      client.expect("OK begin");
      client.in = new InflaterInputStream(client.in, new Inflater(true), 1);
      client.expect("early");
    }
  }

  @Test
  void junkEndsTheSession() throws Exception {
    try (TestServer server = new TestServer();
        TestClient client = server.connect()) {
      client.talk("COMPRESS", "OK begin");
      client.out.write(new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff});
      assertThat(client.in.read()).isEqualTo(-1);
      assertThat(server.protocol.failures.take())
          .isInstanceOf(NetException.CompressionFailure.class);
    }
  }
}
