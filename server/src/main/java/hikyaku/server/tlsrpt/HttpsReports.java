package hikyaku.server.tlsrpt;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** Posts reports (RFC 8460 §5.4); whatever else the answer says, it is its status that counts. */
public final class HttpsReports implements TlsReporter.Web, AutoCloseable {
  private final HttpClient client;
  private final Duration timeout;

  public HttpsReports(TlsReportSettings settings) {
    this.timeout = settings.timeout();
    this.client =
        HttpClient.newBuilder()
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
      HttpResponse<Void> answer = client.send(request, BodyHandlers.discarding());
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
    client.shutdownNow();
  }
}
