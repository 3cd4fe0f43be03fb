package hikyaku.benchmarks;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hikyaku bench front}: the front beside HAProxy and nginx, before the same node. */
@Command(
    name = "front",
    description = {
      "The front beside HAProxy (TCP) and nginx (mail proxy), before one node, in one run:",
      "logins a second, commands a second and their delay, bulk octets, memory for each idle session.",
      "HAProxy and nginx (with its mail module) have to be installed. The rounds alternate; figures"
          + " are medians over them."
    })
final class FrontBench implements Callable<Integer> {
  @Option(
      names = "--seconds",
      defaultValue = "4",
      description = "How long each measurement of a round takes (default: ${DEFAULT-VALUE}).")
  double seconds;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "How often each is measured (default: ${DEFAULT-VALUE}).")
  int rounds;

  @Option(
      names = "--warm-up",
      defaultValue = "10",
      description =
          "How long each measurement takes in the round before them, which does not count: Java"
              + " compiles what is used often, and does so beside it (default: ${DEFAULT-VALUE}).")
  double warmUp;

  @Option(
      names = "--sessions",
      defaultValue = "4000",
      description = "Idle sessions, for the memory of each (default: ${DEFAULT-VALUE}).")
  int sessions;

  @Option(
      names = "--only",
      defaultValue = "",
      description = "Measure only what has this in its name: logins, NOOP, bulk or KiB.")
  String only;

  private static final int BULK = 5 * 1024 * 1024;

  private long nodeProcess;
  private double lasting;

  /** A way to the node. */
  private record Door(String name, Target target, List<Long> processes) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("hikyaku-bench-peers");
    try (Node node = Node.start(50, Memory.CLOSE_HEAP)) {
      nodeProcess = node.target().pid();
      Loads.fill(node.target(), 20, 4096);
      bulk(node.target());
      try (Node.FrontProcess front = node.front(Memory.CLOSE_HEAP);
          Peer haproxy = Peer.haproxy(directory, node.target());
          Peer nginx = Peer.nginx(directory, node.target())) {
        List<Door> doors =
            List.of(
                new Door("direct", node.target(), List.of()),
                new Door("front", front.target(), List.of(front.target().pid())),
                new Door("haproxy", haproxy.target(), haproxy.processes()),
                new Door("nginx", nginx.target(), nginx.processes()));
        rates(doors);
        if (wanted("KiB")) {
          memory(doors, front.target().pid());
        }
      }
    } finally {
      Node.delete(directory);
    }
    return 0;
  }

  private static void bulk(Target target) throws IOException {
    try (Client client = Client.plain(target.host(), target.imap())) {
      client.line();
      client.imap("LOGIN " + target.user(0) + " " + target.password());
      client.imap("CREATE Bulk");
      byte[] text = Mail.message(BULK);
      client.send("x APPEND Bulk {" + text.length + "+}\r\n");
      client.send(text);
      client.send("\r\n");
      client.imapDone("APPEND");
    }
  }

  private void rates(List<Door> doors) throws IOException, InterruptedException {
    Map<String, Map<String, List<Double>>> all = new LinkedHashMap<>();
    for (int round = 0; round <= rounds; round++) {
      lasting = round == 0 ? warmUp : seconds;
      for (Door door : doors) {
        Map<String, Double> figures = round(door);
        if (round > 0) {
          figures.forEach((what, figure) ->
              all.computeIfAbsent(what, _ -> new LinkedHashMap<>())
                  .computeIfAbsent(door.name(), _ -> new ArrayList<>())
                  .add(figure));
        }
      }
    }
    System.out.printf(Locale.ROOT, "%-44s", "medians of " + rounds + " rounds");
    doors.forEach(door -> System.out.printf("%12s", door.name()));
    System.out.println();
    all.forEach((what, byDoor) -> {
      System.out.printf("%-44s", what);
      byDoor
          .values()
          .forEach(figures -> System.out.printf(Locale.ROOT, "%12.2f", Comparison.median(figures)));
      System.out.println();
    });
  }

  private Map<String, Double> round(Door door) throws IOException, InterruptedException {
    Map<String, Double> figures = new LinkedHashMap<>();
    Target target = door.target();
    if (wanted("logins")) {
      Costs of = run(door, 16, Loads.login(target));
      figures.put("logins/s, 16 at a time", of.figures().perSecond());
      of.put(figures, "  processor microseconds", 1e6);
    }
    if (wanted("NOOP")) {
      Load.Figures one = run(door, 1, Loads.command(target, "NOOP")).figures();
      figures.put("NOOP, one client, median microseconds", one.millis(0.5) * 1000);
      figures.put("NOOP, one client, p99 microseconds", one.millis(0.99) * 1000);
      Costs of = run(door, 20, Loads.command(target, "NOOP"));
      figures.put("NOOP/s, 20 clients", of.figures().perSecond());
      of.put(figures, "  processor microseconds of a NOOP", 1e6);
    }
    if (wanted("bulk")) {
      Costs of = run(door, 2, fetchBulk(target));
      figures.put("bulk MB/s, 2 clients", of.figures().perSecond() * BULK / 1e6);
      of.put(figures, "  processor milliseconds of 100 MB", 1e3 * 1e8 / BULK);
    }
    return figures;
  }

  private boolean wanted(String what) {
    return what.contains(only) || only.contains(what);
  }

  private static Load.WorkerFactory fetchBulk(Target target) {
    return number -> {
      Client client = Client.plain(target.host(), target.imap());
      client.line();
      client.imap("LOGIN " + target.user(0) + " " + target.password());
      client.imap("SELECT Bulk");
      return new Load.Worker() {
        @Override
        public void step() throws IOException {
          client.imap("FETCH 1 BODY.PEEK[]");
        }

        @Override
        public void close() throws IOException {
          client.close();
        }
      };
    };
  }

  /**
   * What a load came to, and the seconds of processor time that it took: a machine that others use
   * as well makes rates low, and these hardly.
   */
  private record Costs(Load.Figures figures, double proxy, double node) {
    void put(Map<String, Double> into, String what, double scale) {
      into.put(what + ": proxy", proxy * scale / figures.all());
      into.put(what + ": node", node * scale / figures.all());
    }
  }

  private Costs run(Door door, int clients, Load.WorkerFactory factory)
      throws IOException, InterruptedException {
    double proxy = processorSeconds(door.processes());
    double node = processorSeconds(List.of(nodeProcess));
    Load.Figures figures = new Load(clients, 0.5, lasting).run(factory);
    return new Costs(
        figures,
        processorSeconds(door.processes()) - proxy,
        processorSeconds(List.of(nodeProcess)) - node);
  }

  private static double processorSeconds(List<Long> processes) {
    return processes.stream()
        .flatMap(process -> ProcessHandle.of(process).stream())
        .flatMap(process -> process.info().totalCpuDuration().stream())
        .mapToDouble(time -> time.toNanos() / 1e9)
        .sum();
  }

  /**
   * The slope between many sessions and some: what a program takes once, for the first of them or
   * for being warm, is none of it.
   */
  private void memory(List<Door> doors, long java) throws IOException, InterruptedException {
    for (boolean tls : new boolean[] {false, true}) {
      Map<String, Double> live = new LinkedHashMap<>();
      System.out.printf("%-44s", "KiB for each idle session, " + (tls ? "TLS" : "plain"));
      for (Door door : doors) {
        if (door.processes().isEmpty()) {
          System.out.printf("%12s", "");
          continue;
        }
        List<Client> open = new ArrayList<>(Loads.idle(door.target(), sessions / 4, tls));
        Memory before = memory(door, java);
        open.addAll(Loads.idle(door.target(), sessions, tls));
        Memory after = memory(door, java);
        System.out.printf(
            Locale.ROOT, "%12.1f", (after.processKib() - before.processKib()) / (double) sessions);
        live.put(door.name(), (after.heapKib() - before.heapKib()) / (double) sessions);
        for (Client client : open) {
          client.close();
        }
      }
      System.out.println();
      System.out.printf("%-44s", "  live objects of it");
      for (Door door : doors) {
        System.out.printf(
            "%12s",
            door.processes().contains(java)
                ? String.format(Locale.ROOT, "%.1f", live.get(door.name()))
                : "");
      }
      System.out.println();
    }
  }

  private static Memory memory(Door door, long java) throws IOException, InterruptedException {
    if (door.processes().contains(java)) {
      return Memory.of(java);
    }
    long sum = 0;
    for (long process : door.processes()) {
      sum += Memory.share(process);
    }
    return new Memory(sum, 0);
  }

  /** Another program as a proxy. */
  private static final class Peer implements AutoCloseable {
    private final Process process;
    private final Target target;
    private final Runnable after;

    private Peer(Process process, Target target, Runnable after) {
      this.process = process;
      this.target = target;
      this.after = after;
    }

    Target target() {
      return target;
    }

    /** The program and its workers. */
    List<Long> processes() {
      List<Long> all = new ArrayList<>(List.of(process.pid()));
      process.descendants().map(ProcessHandle::pid).forEach(all::add);
      return all;
    }

    static Peer haproxy(Path directory, Target node) throws IOException, InterruptedException {
      int[] ports = Node.freePorts(2);
      Path certificate = Certificate.in(directory).both();
      String text =
          """
          global
            maxconn 9000
            nbthread 2
          defaults
            mode tcp
            timeout connect 5s
            timeout client 1h
            timeout server 1h
          listen imap
            bind 127.0.0.1:%d
            server node 127.0.0.1:%d
          listen imaps
            bind 127.0.0.1:%d ssl crt %s
            server node 127.0.0.1:%d
          """
              .formatted(ports[0], node.imap(), ports[1], certificate, node.imap());
      Path config = Files.writeString(directory.resolve("haproxy.cfg"), text);
      return started(directory, node, ports, () -> {}, "haproxy", "-db", "-f", config.toString());
    }

    static Peer nginx(Path directory, Target node) throws IOException, InterruptedException {
      HttpServer auth = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 100);
      auth.createContext(
          "/",
          exchange -> {
            exchange.getResponseHeaders().set("Auth-Status", "OK");
            exchange.getResponseHeaders().set("Auth-Server", "127.0.0.1");
            exchange.getResponseHeaders().set("Auth-Port", Integer.toString(node.imap()));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      auth.setExecutor(java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor());
      auth.start();
      int[] ports = Node.freePorts(2);
      Path certificate = Certificate.in(directory).both();
      String text =
          """
          load_module /usr/lib/nginx/modules/ngx_mail_module.so;
          daemon off;
          worker_processes 2;
          worker_rlimit_nofile 20000;
          pid %1$s/nginx.pid;
          error_log %1$s/nginx.log;
          events { worker_connections 9000; }
          mail {
            auth_http 127.0.0.1:%2$d/;
            timeout 1h;
            imap_capabilities IMAP4rev1 IDLE;
            server { listen 127.0.0.1:%3$d; protocol imap; }
            server {
              listen 127.0.0.1:%4$d ssl; protocol imap;
              ssl_certificate %5$s; ssl_certificate_key %5$s;
            }
          }
          """
              .formatted(directory, auth.getAddress().getPort(), ports[0], ports[1], certificate);
      Path config = Files.writeString(directory.resolve("nginx.conf"), text);
      return started(
          directory,
          node,
          ports,
          () -> auth.stop(0),
          "nginx",
          "-p",
          directory.toString(),
          "-c",
          config.toString());
    }

    private static Peer started(
        Path directory, Target node, int[] ports, Runnable after, String... command)
        throws IOException, InterruptedException {
      Path log = directory.resolve(command[0] + ".out");
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      Peer peer = new Peer(process, node.at(ports[0], ports[1], process.pid()), after);
      for (int i = 0; i < 200 && process.isAlive(); i++) {
        try (Client client = Client.plain("127.0.0.1", ports[0])) {
          client.line();
          return peer;
        } catch (java.net.ConnectException e) {
          TimeUnit.MILLISECONDS.sleep(50);
        }
      }
      peer.close();
      throw new IOException(Arrays.toString(command) + " does not serve: " + Files.readString(log));
    }

    @Override
    public void close() {
      Node.end(process);
      after.run();
    }
  }
}
