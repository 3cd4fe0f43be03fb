package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.server.ops.AdminApi;
import hikyaku.server.ops.AdminRequest;
import hikyaku.server.ops.AdminResponse;
import hikyaku.server.ops.Json;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The way of a command to a data directory: over the admin interface of the node that has it, or,
 * if none does, straight into it with the same operations. Safe for use by many threads.
 */
public abstract sealed class Door implements AutoCloseable {
  /** How long a node that starts or stops is waited for. */
  private static final long PATIENCE_MILLIS = 10_000;

  private static final long STEP_MILLIS = 50;

  /**
   * What to ask.
   *
   * @param path parts, as they are
   */
  public record Call(
      String method, List<String> path, Map<String, String> query, byte @Nullable [] body) {
    public static Call of(String method, String... path) {
      return new Call(method, List.of(path), Map.of(), null);
    }

    public Call with(String name, String value) {
      Map<String, String> more = new java.util.LinkedHashMap<>(query);
      more.put(name, value);
      return new Call(method, path, more, body);
    }

    public Call withBody(Object json) {
      return new Call(method, path, query, Json.MAPPER.writeValueAsBytes(json));
    }

    public Call withOctets(byte[] octets) {
      return new Call(method, path, query, octets);
    }
  }

  /**
   * Opens the way to a directory.
   *
   * @throws Failure if there is none, or it cannot be reached
   */
  public static Door open(Configuration configuration) throws Failure {
    Path data = configuration.data();
    if (!DataDirectory.exists(data)) {
      throw new Failure(
          "There is no data in "
              + data
              + ". Name the directory with --data, or start a node with 'hikyaku up' to make one.");
    }
    for (long waited = 0; ; waited += STEP_MILLIS) {
      Optional<DataDirectory> taken = DataDirectory.take(data);
      if (taken.isPresent() && DataDirectory.isFront(data)) {
        closed(taken.get());
        throw new Failure(
            "The front of " + data + " does not run; start it with 'hikyaku front' first.");
      }
      if (taken.isPresent()) {
        return new Local(
            Core.open(taken.get(), configuration, new SimpleMeterRegistry(), Clock.systemUTC()));
      }
      Optional<DataDirectory.Endpoint> endpoint = DataDirectory.endpoint(data);
      if (endpoint.isPresent()) {
        return new Remote(endpoint.get());
      }
      if (waited >= PATIENCE_MILLIS) {
        throw new Failure(
            "The data directory "
                + data
                + " is in use, and its node does not say how to reach it."
                + " It may be starting or stopping, or another command works on it; try again.");
      }
      pause();
    }
  }

  private static void closed(DataDirectory data) throws Failure {
    try {
      data.close();
    } catch (IOException e) {
      throw new Failure("The data directory cannot be left: " + Reason.of(e) + ".", e);
    }
  }

  private static void pause() throws Failure {
    try {
      Thread.sleep(STEP_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted.", e);
    }
  }

  /** Whether it leads into the directory itself, as no process runs on it. */
  public boolean isLocal() {
    return this instanceof Local;
  }

  /** Asks, and gives the answer; a refusal is a failure. */
  public abstract JsonNode call(Call call) throws Failure;

  /** Whether a node or a front is asked, not a data directory whose node does not run. */
  public boolean isRunning() {
    return true;
  }

  /** Asks for octets and writes them. */
  public abstract void fetch(Call call, OutputStream out) throws Failure, IOException;

  @Override
  public abstract void close() throws Failure;

  private static Failure refused(JsonNode answer, int status) {
    JsonNode error = answer.get("error");
    String sentence = error == null ? "the answer was " + status : error.stringValue();
    return new Failure(
        Character.toUpperCase(sentence.charAt(0))
            + sentence.substring(1)
            + (sentence.endsWith(".") ? "" : "."));
  }

  /** In this process. */
  private static final class Local extends Door {
    private final Core core;
    private final AdminApi api;

    Local(Core core) {
      this.core = core;
      this.api = core.adminApi();
    }

    @Override
    public boolean isRunning() {
      return false;
    }

    @Override
    public JsonNode call(Call call) throws Failure {
      return switch (answer(call)) {
        case AdminResponse.Value(int status, Object value) when status < 300 -> json(value);
        case AdminResponse.Value(int status, Object value) -> throw refused(json(value), status);
        case AdminResponse.Octets _ -> throw new IllegalStateException("octets, not a value");
      };
    }

    @Override
    public void fetch(Call call, OutputStream out) throws Failure, IOException {
      switch (answer(call)) {
        case AdminResponse.Value(int status, Object value) -> throw refused(json(value), status);
        case AdminResponse.Octets octets -> octets.writer().writeTo(out);
      }
    }

    /** As it would have come over HTTP. */
    private static JsonNode json(Object value) {
      return Json.MAPPER.readTree(Json.MAPPER.writeValueAsBytes(value));
    }

    private AdminResponse answer(Call call) {
      return api.handle(
          new AdminRequest(
              call.method,
              call.path,
              call.query,
              call.body == null
                  ? InputStream.nullInputStream()
                  : new ByteArrayInputStream(call.body)));
    }

    @Override
    public void close() throws Failure {
      core.close();
    }
  }

  /** Over HTTP. */
  private static final class Remote extends Door {
    private final DataDirectory.Endpoint endpoint;

    Remote(DataDirectory.Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public JsonNode call(Call call) throws Failure {
      try {
        HttpURLConnection connection = ask(call);
        int status = connection.getResponseCode();
        try (InputStream in =
            status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
          JsonNode answer = Json.MAPPER.readTree(in);
          if (status >= 300) {
            throw refused(answer, status);
          }
          return answer;
        }
      } catch (IOException e) {
        throw unreachable(e);
      }
    }

    @Override
    public void fetch(Call call, OutputStream out) throws Failure, IOException {
      HttpURLConnection connection;
      int status;
      try {
        connection = ask(call);
        status = connection.getResponseCode();
      } catch (IOException e) {
        throw unreachable(e);
      }
      if (status >= 300) {
        try (InputStream in = connection.getErrorStream()) {
          throw refused(Json.MAPPER.readTree(in), status);
        }
      }
      try (InputStream in = connection.getInputStream()) {
        in.transferTo(out);
      }
    }

    private HttpURLConnection ask(Call call) throws IOException {
      String path = call.path.stream().map(Remote::encode).collect(Collectors.joining("/"));
      String query =
          call.query.entrySet().stream()
              .map(e -> encode(e.getKey()) + "=" + encode(e.getValue()))
              .collect(Collectors.joining("&"));
      String host = endpoint.host().contains(":") ? "[" + endpoint.host() + "]" : endpoint.host();
      URI uri =
          URI.create(
              "http://"
                  + host
                  + ":"
                  + endpoint.port()
                  + "/api/"
                  + path
                  + (query.isEmpty() ? "" : "?" + query));
      HttpURLConnection connection =
          (HttpURLConnection) uri.toURL().openConnection(java.net.Proxy.NO_PROXY);
      connection.setRequestMethod(call.method);
      connection.setRequestProperty("Authorization", "Bearer " + endpoint.token());
      if (call.body != null) {
        connection.setDoOutput(true);
        connection.setFixedLengthStreamingMode(call.body.length);
        try (OutputStream out = connection.getOutputStream()) {
          out.write(call.body);
        }
      }
      return connection;
    }

    private static String encode(String part) {
      return URLEncoder.encode(part, StandardCharsets.UTF_8);
    }

    private Failure unreachable(IOException e) {
      return new Failure(
          "The node (process "
              + endpoint.process()
              + ") does not answer at "
              + endpoint.host()
              + ":"
              + endpoint.port()
              + ": "
              + Reason.of(e)
              + ". Look at its log.",
          e);
    }

    @Override
    public void close() {
      // Each call stands alone.
    }
  }
}
