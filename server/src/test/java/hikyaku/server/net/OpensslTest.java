package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client other than the JDK's makes of our TLS, where openssl is installed. */
@Timeout(60)
class OpensslTest {
  @BeforeAll
  static void isInstalled() {
    boolean there;
    try {
      there = new ProcessBuilder("openssl", "version").start().waitFor() == 0;
    } catch (IOException | InterruptedException e) {
      there = false;
    }
    Assumptions.assumeTrue(there, "openssl is not installed");
  }

  /** A running s_client whose commands (R, K) work as typed at the begin of a line. */
  private static final class Openssl implements AutoCloseable {
    private final Process process;
    private final OutputStream to;
    private final BufferedReader from;

    Openssl(int port, String version) throws IOException {
      List<String> command =
          new ArrayList<>(List.of("openssl", "s_client", "-crlf", "-connect", "127.0.0.1:" + port));
      command.add(version);
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
      to = process.getOutputStream();
      from =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1));
    }

    void send(String line) throws IOException {
      to.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
      to.flush();
    }

    /** Reads until this line comes; false if the end comes first. */
    boolean sees(String expected) throws IOException {
      String line;
      while ((line = from.readLine()) != null) {
        if (line.equals(expected)) {
          return true;
        }
      }
      return false;
    }

    @Override
    public void close() {
      process.destroy();
    }
  }

  @Test
  void talksBothVersions() throws Exception {
    for (String version : List.of("-tls1_2", "-tls1_3")) {
      try (TestServer server = new TestServer();
          Openssl client = new Openssl(server.port("tls"), version)) {
        assertThat(client.sees("* HELLO")).isTrue();
        client.send("NOOP");
        assertThat(client.sees("OK")).isTrue();
      }
    }
  }

  @Test
  void answersAKeyUpdate() throws Exception {
    try (TestServer server = new TestServer();
        Openssl client = new Openssl(server.port("tls"), "-tls1_3")) {
      assertThat(client.sees("* HELLO")).isTrue();
      client.send("K");
      assertThat(client.sees("KEYUPDATE")).isTrue();
      client.send("ECHO with new keys");
      assertThat(client.sees("with new keys")).isTrue();
    }
  }

  @Test
  void refusesToRenegotiate() throws Exception {
    try (TestServer server = new TestServer();
        Openssl client = new Openssl(server.port("tls"), "-tls1_2")) {
      assertThat(client.sees("* HELLO")).isTrue();
      client.send("R");
      assertThat(client.sees("RENEGOTIATING")).isTrue();
      assertThat(server.protocol.failures.take())
          .isInstanceOf(NetException.TlsFailure.class)
          .hasMessageContaining("renegotiation");
    }
  }
}
