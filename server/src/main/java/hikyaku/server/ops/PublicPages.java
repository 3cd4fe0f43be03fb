package hikyaku.server.ops;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.directory.Address;
import hikyaku.server.lists.ListDesk;
import hikyaku.server.mtasts.OwnPolicies;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What there is for everybody, over HTTPS.
 *
 * <p>The pages by which members leave a list, {@code /leave/DOMAIN/LIST/TOKEN}: POST lets the
 * member leave, whatever its body says (RFC 8058 §3.2: no cookies, no redirects, no questions); GET
 * shows a button that does so, since programs follow links that nobody has clicked. Who has no good
 * token learns nothing.
 *
 * <p>The policies of domains about TLS, under the name of each domain's policy host (RFC 8461 §3.3:
 * no redirects).
 */
public final class PublicPages implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PublicPages.class);
  private static final int BACKLOG = 64;

  /** Octets of a body that are read; nothing in it is needed. */
  private static final int LONGEST_BODY = 8 * 1024;

  private final HttpsServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private static final String POLICY = "/.well-known/mta-sts.txt";

  private final ListDesk desk;
  private final OwnPolicies policies;

  /** Binds; {@link #start} answers. */
  public PublicPages(InetSocketAddress address, SSLContext tls, ListDesk desk, OwnPolicies policies)
      throws IOException {
    this.desk = desk;
    this.policies = policies;
    HttpBounds.set();
    try {
      http = HttpsServer.create(address, BACKLOG);
    } catch (BindException e) {
      throw new IOException(
          "listener web on port " + address.getPort() + " cannot be bound: " + e.getMessage(), e);
    }
    useTls(tls);
    http.setExecutor(threads);
    http.createContext("/", this::answer);
  }

  /** New connections show other certificates. */
  public void useTls(SSLContext tls) {
    http.setHttpsConfigurator(
        new HttpsConfigurator(tls) {
          @Override
          public void configure(HttpsParameters parameters) {
            var wanted = getSSLContext().getDefaultSSLParameters();
            wanted.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
            parameters.setSSLParameters(wanted);
          }
        });
  }

  public void start() {
    http.start();
    LOG.atInfo()
        .addKeyValue("listener", "web")
        .addKeyValue("address", http.getAddress())
        .log("listening");
  }

  public InetSocketAddress address() {
    return http.getAddress();
  }

  /** Lets what is under way have a second to end. */
  @Override
  public void close() {
    http.stop(1);
    threads.close();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      var unused = exchange.getRequestBody().readNBytes(LONGEST_BODY);
      if (exchange.getRequestURI().getPath().equals(POLICY)) {
        policy(exchange);
        return;
      }
      String[] path = exchange.getRequestURI().getPath().split("/", -1);
      Optional<Address> list =
          path.length == 5 && path[1].equals("leave")
              ? Address.of(path[3], path[2])
              : Optional.empty();
      if (list.isEmpty() || !desk.isLink(list.get(), path[4])) {
        send(exchange, 404, page("There is nothing here", "This link is not a good one."));
        return;
      }
      switch (exchange.getRequestMethod()) {
        case "GET", "HEAD" -> send(exchange, 200, question(list.get(), path[4]));
        case "POST" -> {
          desk.leave(list.get(), path[4]);
          send(
              exchange,
              200,
              page("Done", "You get no more mail of the list " + escaped(list.get() + ".")));
        }
        default -> onlyThese(exchange, "GET, HEAD, POST");
      }
    } catch (StoreException e) {
      LOG.atWarn().addKeyValue("cause", e.getMessage()).log("a page cannot be shown now");
      send(exchange, 503, page("Not now", "Please try again later."));
    } catch (RuntimeException bug) {
      LOG.atError().setCause(bug).log("a bug in the pages for everybody");
      throw bug;
    }
  }

  private static void onlyThese(HttpExchange exchange, String methods) throws IOException {
    exchange.getResponseHeaders().set("Allow", methods);
    send(exchange, 405, page("Not possible", "Possible here are " + methods + "."));
  }

  private void policy(HttpExchange exchange) throws IOException {
    Optional<String> text =
        Optional.ofNullable(exchange.getRequestHeaders().getFirst("Host"))
            .flatMap(host -> policies.at(host.replaceFirst(":[0-9]*$", "")));
    if (text.isEmpty()) {
      send(exchange, 404, page("There is nothing here", "This name has no policy here."));
    } else if (exchange.getRequestMethod().matches("GET|HEAD")) {
      send(exchange, 200, "text/plain", text.get());
    } else {
      onlyThese(exchange, "GET, HEAD");
    }
  }

  private String question(Address list, String token) {
    return desk.leaving(list, token)
        .map(member ->
            page(
                "Leave the list " + escaped(list.toString()) + "?",
                "<form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\""
                    + " value=\"One-Click\"><button>Send no more mail to "
                    + escaped(member.address().toString())
                    + "</button></form>"))
        .orElseGet(() -> page("Done", "You get no more mail of the list " + escaped(list + ".")));
  }

  private static String page(String title, String body) {
    return "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\""
        + " content=\"width=device-width\"><title>"
        + title
        + "</title><h1>"
        + title
        + "</h1><p>"
        + body
        + "</html>\n";
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }

  private static void send(HttpExchange exchange, int status, String page) throws IOException {
    send(exchange, status, "text/html; charset=utf-8", page);
  }

  private static void send(HttpExchange exchange, int status, String type, String page)
      throws IOException {
    byte[] octets = page.getBytes(StandardCharsets.UTF_8);
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", type);
    headers.set("Cache-Control", "no-store");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("X-Robots-Tag", "noindex");
    headers.set(
        "Content-Security-Policy",
        "default-src 'none'; form-action 'self'; frame-ancestors 'none'");
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head ? -1 : octets.length);
    if (!head) {
      exchange.getResponseBody().write(octets);
    }
  }
}
