package hikyaku.server.mtasts;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import hikyaku.server.mtasts.StsException.Kind;
import hikyaku.server.testing.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against a real HTTPS server. */
@Timeout(60)
class HttpsPolicyHostTest {
  private static final String POLICY =
      "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n";

  private final TestCa ca = new TestCa("trusted");
  private final CountDownLatch over = new CountDownLatch(1);
  private final AtomicInteger requests = new AtomicInteger();
  private HttpsServer server;

  @AfterEach
  void close() {
    over.countDown();
    if (server != null) {
      server.stop(0);
    }
  }

  private StsPolicy fetch(TestCa.Identity identity, HttpHandler handler) throws Exception {
    return fetch(identity, handler, Duration.ofSeconds(20));
  }

  private StsPolicy fetch(TestCa.Identity identity, HttpHandler handler, Duration timeout)
      throws Exception {
    close();
    server =
        HttpsServer.create(
            new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0),
            0,
            "/.well-known/mta-sts.txt",
            exchange -> {
              requests.incrementAndGet();
              handler.handle(exchange);
            });
    server.setHttpsConfigurator(new HttpsConfigurator(identity.server()));
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    StsSettings settings =
        new StsSettings(true, timeout, 1_000, Duration.ofMinutes(5), Duration.ofDays(30));
    try (HttpsPolicyHost host =
        new HttpsPolicyHost(
            settings,
            ca.client(),
            _ ->
                URI.create(
                    "https://localhost:"
                        + server.getAddress().getPort()
                        + "/.well-known/mta-sts.txt"))) {
      return host.fetch("example.com");
    }
  }

  private static HttpHandler answer(int status, String type, String body) {
    return exchange -> {
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.getResponseHeaders().set("Location", "/.well-known/mta-sts.txt?again");
      byte[] octets = body.getBytes(UTF_8);
      exchange.sendResponseHeaders(status, octets.length);
      exchange.getResponseBody().write(octets);
      exchange.close();
    };
  }

  private void fails(Kind kind, TestCa.Identity identity, HttpHandler handler) {
    assertThatThrownBy(() -> fetch(identity, handler))
        .isInstanceOfSatisfying(
            StsException.class, e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind));
  }

  @Test
  void aPolicyIsFetched() throws Exception {
    assertThat(
            fetch(ca.identity("localhost"), answer(200, "text/plain; charset=utf-8", POLICY)).mx())
        .containsExactly("mail.example.com");
  }

  @Test
  void whatIsNoPolicyIsRefused() {
    TestCa.Identity good = ca.identity("localhost");
    fails(Kind.FETCH, good, answer(404, "text/plain", POLICY));
    fails(Kind.FETCH, good, answer(302, "text/plain", POLICY));
    assertThat(requests).as("redirects are not followed").hasValue(2);
    fails(Kind.INVALID, good, answer(200, "text/html", POLICY));
    fails(Kind.INVALID, good, answer(200, "text/plain", "nothing"));
    fails(Kind.FETCH, good, answer(200, "text/plain", POLICY + "x: " + "y".repeat(2_000)));
    fails(Kind.FETCH, good, HttpExchange::close);
  }

  @Test
  void certificatesAreChecked() {
    HttpHandler fine = answer(200, "text/plain", POLICY);
    fails(Kind.CERTIFICATE, ca.identity("mta-sts.example.com"), fine);
    fails(Kind.CERTIFICATE, new TestCa("strange").identity("localhost"), fine);
    fails(
        Kind.CERTIFICATE, ca.identity(Instant.now().minus(Duration.ofHours(1)), "localhost"), fine);
    assertThat(requests).hasValue(0);
  }

  @Test
  void nobodyIsWaitedForWithoutEnd() {
    for (boolean header : new boolean[] {false, true}) {
      HttpHandler silent =
          exchange -> {
            if (header) {
              exchange.getResponseHeaders().set("Content-Type", "text/plain");
              exchange.sendResponseHeaders(200, 900);
              exchange.getResponseBody().write("version: STSv1\n".getBytes(UTF_8));
              exchange.getResponseBody().flush();
            }
            try {
              over.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          };
      assertThatThrownBy(() -> fetch(ca.identity("localhost"), silent, Duration.ofMillis(500)))
          .isInstanceOfSatisfying(
              StsException.class, e -> assertThat(e.kind()).isEqualTo(Kind.FETCH));
    }
  }
}
