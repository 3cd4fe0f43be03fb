package hikyaku.server.tlsrpt;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import javax.net.ssl.SSLContext;

/**
 * Posts reports (RFC 8460 §5.4) to servers with a certificate that this machine trusts. It is the
 * status of the answer that counts: what else it says is not read, however much or slow it is, and
 * a redirect leads nowhere.
 */
public final class HttpsReports implements TlsReporter.Web {
  /** How long a stop waits for answers: who has accepted a report gets it twice otherwise. */
  static final Duration GRACE = Duration.ofSeconds(5);

  private final HttpClient client;
  private final Duration timeout;

  /**
   * @param tls whom it trusts
   */
  public HttpsReports(TlsReportSettings settings, SSLContext tls) {
    this.timeout = settings.timeout();
    this.client =
        HttpClient.newBuilder()
            .sslContext(tls)
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(timeout)
            .build();
  }

  @Override
  public void post(URI at, byte[] report) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(at)
            .timeout(timeout)
            .header("Content-Type", "application/tlsrpt+gzip")
            .POST(BodyPublishers.ofByteArray(report))
            .build();
    try {
      // The time for an answer ends with its header; a body that was waited for could take for
      // ever.
      HttpResponse<InputStream> answer = client.send(request, BodyHandlers.ofInputStream());
      answer.body().close();
      if (answer.statusCode() / 100 != 2) {
        throw new IOException("the answer is " + answer.statusCode());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() {
    client.shutdown();
    try {
      if (client.awaitTermination(GRACE)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    client.shutdownNow();
  }
}
