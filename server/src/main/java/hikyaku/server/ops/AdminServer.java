package hikyaku.server.ops;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The admin interface over HTTP: the status page at {@code /}, {@code /metrics}, {@code
 * /health/live} and {@code /health/ready} for everybody who reaches the port, and {@link AdminApi}
 * under {@code /api/} for who holds the token.
 *
 * <p>Without TLS and so meant for loopback. A request whose Host is a name other than {@code
 * localhost} or the server's own is refused, so that no web page can reach it by a name that leads
 * here.
 */
public final class AdminServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final int BACKLOG = 64;

  private final HttpServer http;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AdminApi api;
  private final NodeStatus node;
  private final Supplier<List<String>> problems;
  private final StatusPage page;
  private final byte[] authorization;

  /**
   * Binds; {@link #start} answers.
   *
   * @param token what a caller of {@code /api/} must show as its bearer token
   * @param problems sentences about what keeps it from being ready
   */
  public AdminServer(
      InetSocketAddress address,
      String token,
      AdminApi api,
      NodeStatus node,
      Supplier<List<String>> problems,
      StatusPage page)
      throws IOException {
    this.api = api;
    this.node = node;
    this.problems = problems;
    this.page = page;
    authorization = ("Bearer " + token).getBytes(StandardCharsets.UTF_8);
    HttpBounds.set();
    try {
      http = HttpServer.create(address, BACKLOG);
    } catch (BindException e) {
      throw new IOException(
          "listener admin on " + Figures.address(address) + " cannot be bound: " + e.getMessage(),
          e);
    }
    http.setExecutor(threads);
    http.createContext("/", this::answer);
  }

  public void start() {
    http.start();
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
      if (!isForUs(exchange)) {
        send(exchange, 421, TEXT, "This server is not called that.\n");
      } else {
        route(exchange);
      }
    } catch (RuntimeException bug) {
      LOG.atError()
          .setCause(bug)
          .addKeyValue("path", exchange.getRequestURI().getPath())
          .log("A bug in the admin interface");
      throw bug;
    }
  }

  private void route(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (path.startsWith("/api/")) {
      operate(exchange);
      return;
    }
    String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      send(exchange, 405, TEXT, "Only GET is possible here.\n");
      return;
    }
    switch (path) {
      case "/" -> send(exchange, 200, "text/html; charset=utf-8", page.render());
      case "/metrics" ->
          send(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", node.metrics());
      case "/health/live" -> send(exchange, 200, TEXT, "live\n");
      case "/health/ready" -> {
        List<String> found = problems.get();
        String text = found.isEmpty() ? "ready\n" : String.join("\n", found) + "\n";
        send(exchange, found.isEmpty() ? 200 : 503, TEXT, text);
      }
      default ->
          send(
              exchange,
              404,
              TEXT,
              "There is nothing here. Try /, /metrics, /health/live, /health/ready.\n");
    }
  }

  private void operate(HttpExchange exchange) throws IOException {
    String shown = exchange.getRequestHeaders().getFirst("Authorization");
    if (shown == null
        || !MessageDigest.isEqual(shown.getBytes(StandardCharsets.UTF_8), authorization)) {
      exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer");
      sendValue(exchange, 401, new AdminApi.Refusal("the token of the data directory is needed"));
      return;
    }
    Optional<AdminRequest> request = request(exchange);
    if (request.isEmpty()) {
      sendValue(exchange, 400, new AdminApi.Refusal("the address is not well formed"));
      return;
    }
    switch (api.handle(request.get())) {
      case AdminResponse.Value(int status, Object value) -> sendValue(exchange, status, value);
      case AdminResponse.Octets(String type, long length, AdminResponse.Writer writer) -> {
        headers(exchange, type);
        exchange.sendResponseHeaders(200, length == 0 ? -1 : length);
        try (OutputStream out = new BufferedOutputStream(exchange.getResponseBody(), 16 * 1024)) {
          writer.writeTo(out);
        }
      }
    }
  }

  private static Optional<AdminRequest> request(HttpExchange exchange) {
    try {
      List<String> path =
          Stream.of(
                  exchange.getRequestURI().getRawPath().substring("/api/".length()).split("/", -1))
              .map(AdminServer::decode)
              .toList();
      Map<String, String> query = new HashMap<>();
      String raw = exchange.getRequestURI().getRawQuery();
      if (raw != null) {
        for (String pair : raw.split("&", -1)) {
          int equals = pair.indexOf('=');
          query.put(
              decode(equals < 0 ? pair : pair.substring(0, equals)),
              equals < 0 ? "" : decode(pair.substring(equals + 1)));
        }
      }
      return Optional.of(
          new AdminRequest(exchange.getRequestMethod(), path, query, exchange.getRequestBody()));
    } catch (IllegalArgumentException badEscape) {
      return Optional.empty();
    }
  }

  private static String decode(String part) {
    return URLDecoder.decode(part, StandardCharsets.UTF_8);
  }

  /** Whether the Host field names this machine and not somebody's domain that leads here. */
  private boolean isForUs(HttpExchange exchange) {
    String host = exchange.getRequestHeaders().getFirst("Host");
    if (host == null) {
      return false;
    }
    String name = host.replaceFirst(":[0-9]+$", "");
    return name.equals("localhost")
        || name.equalsIgnoreCase(node.hostname())
        || name.startsWith("[")
        || name.matches("[0-9.]+");
  }

  private static void sendValue(HttpExchange exchange, int status, Object value)
      throws IOException {
    send(exchange, status, "application/json", Json.MAPPER.writeValueAsString(value));
  }

  private static void send(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    byte[] octets = text.getBytes(StandardCharsets.UTF_8);
    headers(exchange, type);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head ? -1 : octets.length);
    if (!head) {
      exchange.getResponseBody().write(octets);
    }
  }

  private static void headers(HttpExchange exchange, String type) {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", type);
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
  }

  /** An address of this machine that a caller on it can use. */
  public InetSocketAddress reachableAddress() {
    InetSocketAddress bound = address();
    return bound.getAddress().isAnyLocalAddress()
        ? new InetSocketAddress(InetAddress.getLoopbackAddress(), bound.getPort())
        : bound;
  }
}
