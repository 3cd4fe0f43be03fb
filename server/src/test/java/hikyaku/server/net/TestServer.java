package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** A server on loopback with one line protocol per TLS mode; finds no bugs when it closes. */
final class TestServer implements AutoCloseable {
  static final NetLimits LIMITS =
      new NetLimits(
          100,
          100,
          100,
          true,
          100,
          8,
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          1000,
          Duration.ofSeconds(20),
          Duration.ofSeconds(5),
          Duration.ofSeconds(20),
          50);

  static final Credential DEFAULT = credential("localhost", "127.0.0.1");

  final LineProtocol protocol = new LineProtocol("line");
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final Traces traces = new Traces();
  final NetServer server;
  int bugsExpected;

  TestServer() throws IOException {
    this(LIMITS);
  }

  TestServer(NetLimits limits) throws IOException {
    this(limits, Flow.NONE);
  }

  TestServer(NetLimits limits, Flow flow) throws IOException {
    server =
        new NetServer(
            List.of(
                spec("plain", TlsMode.NONE),
                spec("starttls", TlsMode.STARTTLS),
                spec("tls", TlsMode.IMPLICIT)),
            limits,
            traces,
            new SessionIds(InstantSource.system()),
            flow,
            meters,
            InstantSource.system());
    server.useTls(TlsContext.of(List.of(DEFAULT)));
    server.start();
  }

  static Credential credential(String... names) {
    try {
      return SelfSigned.create(List.of(names), Instant.now());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  TestClient connectTls() throws Exception {
    TestClient client = TlsClient.connect(port("tls")).client();
    client.expect("* HELLO");
    return client;
  }

  ListenerSpec spec(String name, TlsMode mode) {
    return new ListenerSpec(
        name, protocol, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), mode);
  }

  int port(String listener) {
    return server.addresses().get(listener).getPort();
  }

  TestClient connect() throws IOException {
    TestClient client = TestClient.connect(port("plain"));
    client.expect("* HELLO");
    return client;
  }

  @Override
  public void close() {
    protocol.release.countDown();
    server.close();
    assertThat(server.bugs()).isEqualTo(bugsExpected);
    assertThat(server.connectionCount()).isZero();
  }
}
