package hikyaku.server.mtasts;

import hikyaku.server.mtasts.StsException.Kind;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/**
 * Fetches policies by HTTPS (RFC 8461 §3.3): the certificate must be one for the policy host that
 * this machine trusts, redirects are not followed, nothing but 200 with plain text counts, and
 * neither time nor octets go beyond their bounds.
 */
public final class HttpsPolicyHost implements PolicyHost, AutoCloseable {
  private final HttpClient client;
  private final Duration timeout;
  private final int largest;
  private final Function<String, URI> place;

  public HttpsPolicyHost(StsSettings settings, SSLContext tls) {
    this(
        settings,
        tls,
        domain -> URI.create("https://mta-sts." + domain + "/.well-known/mta-sts.txt"));
  }

  /**
   * @param place where a domain's policy is
   */
  HttpsPolicyHost(StsSettings settings, SSLContext tls, Function<String, URI> place) {
    this.timeout = settings.timeout();
    this.largest = settings.policy();
    this.place = place;
    this.client =
        HttpClient.newBuilder()
            .sslContext(tls)
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(timeout)
            .build();
  }

  @Override
  public StsPolicy fetch(String domain) throws StsException {
    CompletableFuture<HttpResponse<byte[]>> asked;
    try {
      HttpRequest request = HttpRequest.newBuilder(place.apply(domain)).timeout(timeout).build();
      asked = client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), largest));
    } catch (IllegalArgumentException e) {
      throw new StsException(Kind.FETCH, "the policy host of " + domain + " cannot be named", e);
    }
    try {
      // The request's own end covers the header alone.
      return read(asked.get(timeout.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      throw new StsException(Kind.FETCH, "the policy host takes too long", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StsException(Kind.FETCH, "interrupted", e);
    } catch (ExecutionException e) {
      throw failure(Objects.requireNonNullElse(e.getCause(), e));
    } finally {
      asked.cancel(true);
    }
  }

  private static StsException failure(Throwable cause) {
    boolean tls = cause instanceof SSLException;
    String what =
        tls
            ? "TLS with the policy host failed: "
            : cause instanceof IOException ? "the policy host cannot be asked: " : "";
    String message =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return new StsException(tls ? Kind.CERTIFICATE : Kind.FETCH, what + message, cause);
  }

  private static StsPolicy read(HttpResponse<byte[]> response) throws StsException {
    if (response.statusCode() != 200) {
      throw new StsException(Kind.FETCH, "the policy host answers " + response.statusCode());
    }
    String type = response.headers().firstValue("Content-Type").orElse("").toLowerCase(Locale.ROOT);
    if (!type.replaceFirst(";.*", "").strip().equals("text/plain")) {
      throw new StsException(Kind.INVALID, "the policy is no plain text");
    }
    return StsParser.policy(response.body());
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
