package hikyaku.server.net;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures what an idle connection costs and how long a command takes, with the server in a process
 * of its own. Run by hand: arguments are the number of connections and the rounds of commands.
 */
final class IdleCost {
  private IdleCost() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("server")) {
      serve();
      return;
    }
    int count = Integer.parseInt(arguments[0]);
    int rounds = Integer.parseInt(arguments[1]);
    for (String kind : List.of("plain", "tls", "tls+idle", "tls+compress")) {
      measure(kind, count, rounds);
    }
  }

  private static void measure(String kind, int count, int rounds) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms32m",
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                IdleCost.class.getName(),
                "server")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader from =
            new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        PrintStream to = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8)) {
      String[] ports = from.readLine().split(" ");
      int port = Integer.parseInt(kind.equals("plain") ? ports[0] : ports[1]);
      List<TestClient> clients = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        open(kind, port).close();
      }
      long[] before = ask(from, to);
      for (int i = 0; i < count; i++) {
        clients.add(open(kind, port));
      }
      long[] after = ask(from, to);
      System.out.printf(
          "%s: %d connections, %.1f KiB heap and %.1f KiB RSS each, RSS in all %d MiB%n",
          kind,
          count,
          (after[0] - before[0]) / 1024.0 / count,
          (after[1] - before[1]) / 1024.0 / count,
          after[1] >> 20);
      roundTrips(kind, clients.get(0), rounds);
      for (TestClient client : clients) {
        client.close();
      }
    } finally {
      process.destroy();
      process.waitFor();
    }
  }

  private static TestClient open(String kind, int port) throws IOException {
    TestClient client =
        kind.equals("plain") ? TestClient.connect(port) : TlsClient.connect(port).client();
    client.expect("* HELLO");
    client.talk("NOOP", "OK");
    switch (kind) {
      case "tls+idle" -> client.talk("IDLE", "+ idling");
      case "tls+compress" -> {
        CompressionTest.compress(client);
        client.talk("NOOP", "OK");
      }
      default -> {}
    }
    return client;
  }

  private static void roundTrips(String kind, TestClient client, int rounds) throws IOException {
    String command = kind.equals("tls+idle") ? "DONE" : "NOOP";
    String reply = kind.equals("tls+idle") ? "OK DONE" : "OK";
    long[] took = new long[rounds];
    for (int i = 0; i < rounds; i++) {
      long begin = System.nanoTime();
      client.talk(command, reply);
      if (kind.equals("tls+idle")) {
        client.talk("IDLE", "+ idling");
      }
      took[i] = System.nanoTime() - begin;
    }
    long[] warm = Arrays.copyOfRange(took, rounds / 2, rounds);
    Arrays.sort(warm);
    System.out.printf(
        "%s: round trip p50 %.1f us, p99 %.1f us%n",
        kind, warm[warm.length / 2] / 1000.0, warm[warm.length * 99 / 100] / 1000.0);
  }

  private static long[] ask(BufferedReader from, PrintStream to) throws IOException {
    to.println("measure");
    return Arrays.stream(from.readLine().split(" ")).mapToLong(Long::parseLong).toArray();
  }

  private static void serve() throws Exception {
    LineProtocol protocol = new LineProtocol("line");
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    NetServer server =
        new NetServer(
            List.of(
                new ListenerSpec("plain", protocol, any, TlsMode.NONE),
                new ListenerSpec("tls", protocol, any, TlsMode.IMPLICIT)),
            NetLimits.DEFAULT,
            new Traces(),
            new SessionIds(InstantSource.system()),
            new SimpleMeterRegistry(),
            InstantSource.system());
    server.useTls(TlsContext.of(List.of(SelfSigned.create(List.of("localhost"), Instant.now()))));
    server.start();
    var addresses = server.addresses();
    System.out.println(addresses.get("plain").getPort() + " " + addresses.get("tls").getPort());
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (in.readLine() != null) {
      protocol.begun.clear();
      System.gc();
      System.gc();
      long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      String resident =
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(line -> line.startsWith("VmRSS:"))
              .findFirst()
              .orElseThrow()
              .replaceAll("[^0-9]", "");
      System.out.println(heap + " " + Long.parseLong(resident) * 1024);
    }
    server.stop(java.time.Duration.ofSeconds(1));
  }
}
