package hikyaku.server.tlsrpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import hikyaku.server.testing.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a real HTTPS server. */
@Timeout(60)
class HttpsReportsTest {
  private static final byte[] REPORT = {31, -117, 8, 0};

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

  private void post(TestCa.Identity identity, Duration timeout, HttpHandler handler)
      throws IOException {
    try (HttpsReports reports = reports(identity, timeout, handler)) {
      post(reports);
    }
  }

  private void post(HttpsReports reports) throws IOException {
    reports.post(
        URI.create("https://localhost:" + server.getAddress().getPort() + "/reports"), REPORT);
  }

  private HttpsReports reports(TestCa.Identity identity, Duration timeout, HttpHandler handler)
      throws IOException {
    server =
        HttpsServer.create(
            new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0),
            0,
            "/",
            exchange -> {
              requests.incrementAndGet();
              handler.handle(exchange);
            });
    server.setHttpsConfigurator(new HttpsConfigurator(identity.server()));
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    return new HttpsReports(new TlsReportSettings(true, "", timeout), ca.client());
  }

  private void post(HttpHandler handler) throws IOException {
    post(ca.identity("localhost"), Duration.ofSeconds(20), handler);
  }

  @Test
  void aReportIsPosted() throws IOException {
    post(exchange -> {
      boolean fits =
          exchange.getRequestMethod().equals("POST")
              && exchange.getRequestURI().toString().equals("/reports")
              && "application/tlsrpt+gzip"
                  .equals(exchange.getRequestHeaders().getFirst("Content-Type"))
              && java.util.Arrays.equals(exchange.getRequestBody().readAllBytes(), REPORT);
      exchange.sendResponseHeaders(fits ? 201 : 400, -1);
      exchange.close();
    });
    assertThat(requests).hasValue(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 307, 308, 400, 404, 413, 500, 503})
  void whatIsNoSuccessIsNone(int status) {
    assertThatThrownBy(() ->
            post(exchange -> {
              exchange.getResponseHeaders().set("Location", "/elsewhere");
              exchange.sendResponseHeaders(status, -1);
              exchange.close();
            }))
        .isInstanceOf(IOException.class)
        .hasMessage("the answer is " + status);
    assertThat(requests).as("redirects are not followed").hasValue(1);
  }

  @Test
  void aServerThatIsNotTrustedGetsNothing() {
    for (TestCa.Identity each :
        new TestCa.Identity[] {
          new TestCa("other").identity("localhost"), ca.identity("elsewhere.test")
        }) {
      assertThatThrownBy(() ->
              post(each, Duration.ofSeconds(20), exchange -> exchange.sendResponseHeaders(200, -1)))
          .isInstanceOf(SSLException.class);
    }
    assertThat(requests).hasValue(0);
  }

  @Test
  void anAnswerThatDoesNotComeIsNotWaitedFor() {
    assertThatThrownBy(() -> post(ca.identity("localhost"), Duration.ofMillis(500), _ -> await()))
        .isInstanceOf(HttpTimeoutException.class);
  }

  /** A stop has seconds, and a web server may take as long as it is given. */
  @Test
  void aStopDoesNotWaitForAnAnswer() throws Exception {
    HttpsReports reports = reports(ca.identity("localhost"), Duration.ofHours(1), _ -> await());
    FutureTask<Void> posting =
        new FutureTask<>(() -> {
          post(reports);
          return null;
        });
    Thread.ofVirtual().start(posting);
    while (requests.get() == 0 && !posting.isDone()) {
      Thread.onSpinWait();
    }
    reports.close();
    assertThatThrownBy(posting::get).hasCauseInstanceOf(IOException.class);
    assertThatThrownBy(() -> post(reports)).isInstanceOf(IOException.class);
    assertThat(requests).hasValue(1);
  }

  /** The body of an answer says nothing that counts, and may never end. */
  @Test
  void anAnswerIsNotReadToItsEnd() {
    assertThatCode(() ->
            post(exchange -> {
              exchange.sendResponseHeaders(200, 0);
              exchange.getResponseBody().write('x');
              exchange.getResponseBody().flush();
              await();
            }))
        .doesNotThrowAnyException();
  }

  private void await() {
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
