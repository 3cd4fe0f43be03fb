package hikyaku.benchmarks;

import hikyaku.server.ops.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku bench move}: what clients notice of a drain and of a death. */
@Command(
    name = "move",
    description = {
      "Idle TLS sessions through the front of a cluster of three nodes on this machine, while one node"
          + " is drained and one is killed: connections lost, and how long the others waited.",
      "Some of the sessions ask for something all the time: too few to keep the machine busy, as the line"
          + " shows that has them ask while nothing happens. Then all do at once: what they wait for then is"
          + " mostly each other."
    })
final class MoveBench implements Callable<Integer> {
  @Option(
      names = "--sessions",
      defaultValue = "1000",
      description = "How many (default: ${DEFAULT-VALUE}).")
  int sessions;

  @Option(
      names = "--accounts",
      defaultValue = "100",
      description = "Accounts that they belong to (default: ${DEFAULT-VALUE}).")
  int accounts;

  @Option(
      names = "--asking",
      defaultValue = "100",
      description = "How many of them ask all the time (default: ${DEFAULT-VALUE}).")
  int asking;

  @Option(
      names = "--every",
      paramLabel = "MILLIS",
      defaultValue = "100",
      description =
          "How long each of these waits before it asks again (default: ${DEFAULT-VALUE}).")
  int every;

  @Option(
      names = "--pace",
      paramLabel = "N",
      description = "Sessions a second that a draining node lets go (default: as configured).")
  int pace;

  private static final String PASSWORD = "bench-password-1";
  private static final int AFTER_DEATH_SECONDS = 5;
  private static final int STEP_MILLIS = 100;

  private final HttpClient http = HttpClient.newHttpClient();
  private Path directory = Path.of("");
  private int offset;

  @Override
  public Integer call() throws IOException, InterruptedException {
    directory = Files.createTempDirectory("hikyaku-bench-move");
    offset = 10_000 + ThreadLocalRandom.current().nextInt(100) * 100;
    Path log = directory.resolve("keeper.log");
    Process keeper =
        new ProcessBuilder(
                Node.program(
                    "",
                    "up",
                    "--nodes",
                    "3",
                    "--no-demo",
                    "--data",
                    data(),
                    "--config",
                    limits().toString(),
                    "--ports",
                    Integer.toString(offset)))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    List<Client> open = new ArrayList<>();
    try {
      awaitReady(keeper, log);
      run("", "domain", "add", "bench.test");
      StringBuilder lines = new StringBuilder();
      for (int i = 0; i < accounts; i++) {
        lines.append(user(i)).append('\t').append(PASSWORD).append('\n');
      }
      run(lines.toString(), "account", "add", "--from", "-");
      open.addAll(open());
      System.out.println(open.size() + " TLS sessions in IDLE through the front of three nodes");
      meanwhile(open, () -> TimeUnit.SECONDS.sleep(AFTER_DEATH_SECONDS))
          .print("  longest wait of each that asks, nothing else");
      all(open).print("  all sessions, asked at once, nothing else");
      drain(open);
      run("", "node", "undrain", "n1");
      kill(open);
    } finally {
      for (Client client : open) {
        client.close();
      }
      Node.end(keeper);
      Node.delete(directory);
    }
    return 0;
  }

  /**
   * The default limits would turn away what is beyond 10,000 sessions of a protocol and let logins
   * wait; and what is measured is not how long a password's hash takes.
   */
  private Path limits() throws IOException {
    return Files.writeString(
        directory.resolve("limits.toml"),
        """
        [connections]
        connections = 20000
        connections-per-protocol = 20000

        [flow]
        arrivals = 1000000
        arrivals-burst = 1000000
        logins = 1000000
        logins-burst = 1000000

        [passwords.argon2]
        memory-kib = "1K"
        passes = 1
        """
            + (pace > 0 ? "\n[link]\ndrain = " + pace + "\n" : ""));
  }

  private String data() {
    return directory.resolve("cluster").toString();
  }

  private static String user(int number) {
    return "u" + number + "@bench.test";
  }

  private static void awaitReady(Process keeper, Path log)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
    while (!Files.readString(log).contains("The cluster is ready")) {
      if (!keeper.isAlive() || System.nanoTime() > end) {
        throw new IOException("the cluster did not start: " + Files.readString(log));
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private void run(String input, String... arguments) throws IOException, InterruptedException {
    List<String> command = Node.program("", arguments);
    command.add("--data");
    command.add(data());
    Process tool = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var out = tool.outputWriter(StandardCharsets.UTF_8)) {
      out.write(input);
    }
    String said = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (tool.waitFor() != 0) {
      throw new IOException(String.join(" ", arguments) + ": " + said);
    }
  }

  private List<Client> open() throws InterruptedException, IOException {
    Semaphore atOnce = new Semaphore(16);
    List<Future<Client>> opening = new ArrayList<>();
    List<Client> open = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < sessions; i++) {
        int number = i;
        opening.add(
            threads.submit(() -> {
              atOnce.acquire();
              try {
                Client client = Client.tls("127.0.0.1", offset + 993);
                client.line();
                client.imap("LOGIN " + user(number % accounts) + " " + PASSWORD);
                client.imap("SELECT INBOX");
                idle(client);
                return client;
              } finally {
                atOnce.release();
              }
            }));
      }
      for (Future<Client> each : opening) {
        open.add(result(each));
        if (open.size() % 1000 == 0) {
          System.out.println(open.size() + " open");
        }
      }
    }
    return open;
  }

  private static <T> T result(Future<T> of) throws InterruptedException, IOException {
    try {
      return of.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    }
  }

  private static void idle(Client client) throws IOException {
    client.send("x IDLE\r\n");
    String line = client.line();
    if (!line.startsWith("+")) {
      throw new IOException("IDLE -> " + line);
    }
  }

  /** How long the end of IDLE takes; the session idles again afterwards. */
  private static long probe(Client client) throws IOException {
    long began = System.nanoTime();
    client.send("DONE\r\n");
    client.imapDone("IDLE");
    long took = System.nanoTime() - began;
    idle(client);
    return took;
  }

  private void drain(List<Client> open) throws InterruptedException, IOException {
    Outcome probed =
        meanwhile(
            open,
            () -> {
              long began = System.nanoTime();
              drain("n1");
              System.out.printf(
                  Locale.ROOT, "drain of n1: %.1f s%n", (System.nanoTime() - began) / 1e9);
            });
    probed.print("  longest wait of each that asks meanwhile");
    all(open).print("  all sessions, asked at once afterwards");
  }

  /** Asks the node itself: a command would have a machine of its own busy, to start and to look. */
  private void drain(String node) throws IOException, InterruptedException {
    ask(node, "PUT", "/draining", "{\"draining\":true,\"force\":false}");
    JsonNode now;
    do {
      TimeUnit.MILLISECONDS.sleep(STEP_MILLIS);
      now = ask(node, "GET", "", "");
    } while (!now.path("lettingGo").booleanValue() || now.path("attached").longValue() > 0);
  }

  private JsonNode ask(String node, String method, String path, String body)
      throws IOException, InterruptedException {
    JsonNode at = Json.MAPPER.readTree(Files.readString(admin(node)));
    URI uri =
        URI.create(
            "http://%s:%d/api/nodes/%s%s"
                .formatted(at.path("host").stringValue(), at.path("port").intValue(), node, path));
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .header("Authorization", "Bearer " + at.path("token").stringValue())
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new IOException(method + " " + uri.getPath() + ": " + answer.body());
    }
    return Json.MAPPER.readTree(answer.body());
  }

  private Path admin(String node) {
    return directory.resolve("cluster").resolve(node).resolve("admin.json");
  }

  private void kill(List<Client> open) throws IOException, InterruptedException {
    System.out.println("SIGKILL of n2");
    meanwhile(
            open,
            () -> {
              end("n2");
              TimeUnit.SECONDS.sleep(AFTER_DEATH_SECONDS);
            })
        .print("  longest wait of each that asks meanwhile");
    all(open).print("  all sessions, asked at once afterwards");
    // What n2 had is at n1 and n3.
    end("n3");
    all(open).print("SIGKILL of n3: all sessions, asked at once");
  }

  private void end(String node) throws IOException {
    long process = Json.MAPPER.readTree(Files.readString(admin(node))).path("process").longValue();
    ProcessHandle.of(process).orElseThrow().destroyForcibly();
  }

  /** What happens to the nodes while some sessions ask all the time. */
  @FunctionalInterface
  private interface Deed {
    void run() throws IOException, InterruptedException;
  }

  /** The longest wait of each session that asks meanwhile. */
  private Outcome meanwhile(List<Client> open, Deed deed) throws IOException, InterruptedException {
    AtomicBoolean over = new AtomicBoolean();
    List<Future<List<Long>>> probes = new ArrayList<>();
    Outcome probed = new Outcome();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Client client : open.subList(0, Math.min(asking, open.size()))) {
        probes.add(
            threads.submit(() -> {
              List<Long> took = new ArrayList<>();
              while (!over.get()) {
                took.add(probe(client));
                TimeUnit.MILLISECONDS.sleep(every);
              }
              return took;
            }));
      }
      try {
        deed.run();
      } finally {
        over.set(true);
      }
      for (Future<List<Long>> probe : probes) {
        try {
          probed.add(probe.get().stream().max(Long::compare).orElse(0L));
        } catch (ExecutionException e) {
          probed.lost++;
        }
      }
    }
    return probed;
  }

  private static Outcome all(List<Client> open) throws InterruptedException {
    Outcome outcome = new Outcome();
    List<Future<Long>> probes = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Client client : open) {
        probes.add(threads.submit(() -> probe(client)));
      }
    }
    for (Future<Long> probe : probes) {
      try {
        outcome.add(probe.get());
      } catch (ExecutionException e) {
        outcome.lost++;
      }
    }
    return outcome;
  }

  /** How long sessions waited, and how many did not live to tell. */
  private static final class Outcome {
    private final List<Long> nanos = new ArrayList<>();
    private int lost;

    void add(long took) {
      nanos.add(took);
    }

    void print(String what) {
      double[] sorted = nanos.stream().mapToDouble(n -> n / 1e6).sorted().toArray();
      System.out.printf(
          Locale.ROOT,
          "%-44s %d lost, %d: p50 %.0f ms, p99 %.0f ms, max %.0f ms%n",
          what,
          lost,
          sorted.length,
          at(sorted, 0.5),
          at(sorted, 0.99),
          at(sorted, 1));
    }

    private static double at(double[] sorted, double quantile) {
      return sorted.length == 0
          ? Double.NaN
          : sorted[(int) Math.min(sorted.length - 1L, (long) (sorted.length * quantile))];
    }
  }
}
