package hikyaku.stores.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL under Patroni, as in the manual, on loopback: one etcd, and members that replicate
 * synchronously. It needs Debian's packages {@code postgresql}, {@code patroni}, {@code
 * python3-etcd}, {@code etcd-server}. Root runs all of it as the user {@code postgres}.
 *
 * <p>Members are processes: {@link Member#kill} and {@link Member#start}, {@link Member#freeze} and
 * {@link Member#thaw} do to one what befalls a machine. It depends on the Java platform alone, so
 * that tests of the built program can use it:
 *
 * <pre>
 * try (PatroniCluster database = PatroniCluster.start(3)) {
 *   // store.postgres.url, .user and .password-file of the nodes' configuration:
 *   database.url(), PatroniCluster.USER, database.passwordFile()
 *   database.awaitWhole();
 *   PatroniCluster.Member dead = database.awaitPrimary();
 *   dead.kill();
 *   database.awaitPrimary();
 *   dead.start();
 *   database.awaitWhole();
 * }
 * </pre>
 *
 * <p>Used by one thread at a time.
 */
public final class PatroniCluster implements AutoCloseable {
  /** The role that owns the database, and the database's name. */
  public static final String USER = "hikyaku";

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration ASKING = Duration.ofSeconds(2);
  private static final int LOG_SHOWN = 6000;
  private static final Pattern OF_MEMBER = Pattern.compile("\\{[^{}]*\\}");

  /** What Patroni waits for, in seconds; far less than one would give real machines. */
  private static final String TIMES =
      """
      ttl: 6
          loop_wait: 1
          retry_timeout: 2
      """
          .strip();

  private static final String CONFIGURATION =
      """
      scope: hikyaku
      name: %1$s
      restapi:
        listen: 127.0.0.1:%2$d
        connect_address: 127.0.0.1:%2$d
      etcd3:
        host: 127.0.0.1:%3$d
      bootstrap:
        dcs:
          %4$s
          synchronous_mode: true
          postgresql:
            use_pg_rewind: true
            use_slots: true
            parameters:
              max_connections: 200
              shared_buffers: 32MB
              max_wal_size: 512MB
              wal_keep_size: 256MB
              wal_log_hints: 'on'
              hot_standby: 'on'
        initdb:
          - encoding: UTF8
          - locale: C
          - data-checksums
        post_bootstrap: %5$s/post-bootstrap
      postgresql:
        listen: 127.0.0.1:%6$d
        connect_address: 127.0.0.1:%6$d
        data_dir: %7$s/data
        bin_dir: %8$s
        pgpass: %7$s/pgpass
        basebackup:
          - checkpoint: fast
        remove_data_directory_on_rewind_failure: true
        remove_data_directory_on_diverged_timelines: true
        pg_hba:
          - local all all trust
          - host all all 127.0.0.1/32 scram-sha-256
          - host replication replicator 127.0.0.1/32 scram-sha-256
        authentication:
          superuser:
            username: postgres
            password: %9$s
          replication:
            username: replicator
            password: %9$s
        parameters:
          unix_socket_directories: '%7$s'
      watchdog:
        mode: 'off'
      """;

  private static final String POST_BOOTSTRAP =
      """
      #!/bin/sh -e
      psql -v ON_ERROR_STOP=1 "$1" <<END
      CREATE ROLE %1$s LOGIN PASSWORD '%2$s';
      CREATE DATABASE %1$s OWNER %1$s ENCODING 'UTF8' TEMPLATE template0;
      END
      """;

  /** One server and the Patroni that keeps it. */
  public final class Member {
    private final String name;
    private final int port;
    private final int api;
    private final Path place;
    private @Nullable Process patroni;
    private List<Long> frozen = List.of();

    private Member(String name, int port, int api) {
      this.name = name;
      this.port = port;
      this.api = api;
      this.place = directory.resolve(name);
    }

    public String name() {
      return name;
    }

    /** Where PostgreSQL listens, on 127.0.0.1. */
    public int port() {
      return port;
    }

    /** Starts Patroni, which makes of the server what it has to be by now. */
    public void start() throws IOException {
      patroni = launch(name, "patroni", configuration().toString());
    }

    private Path configuration() {
      return place.resolve("patroni.yml");
    }

    /** Kills Patroni and every process of the server at once, as a loss of power does. */
    public void kill() throws IOException, InterruptedException {
      List<Long> all = halted();
      signal("-KILL", all);
      frozen = List.of();
      awaitEnd(all);
    }

    /** Kills Patroni alone: the server goes on with nobody to tell it what it is. */
    public void killPatroni() throws IOException, InterruptedException {
      long pid = process().pid();
      signal("-KILL", List.of(pid));
      awaitEnd(List.of(pid));
    }

    /** Kills the server's processes and leaves Patroni to deal with it. */
    public void killServer() throws IOException, InterruptedException {
      List<Long> all = new ArrayList<>();
      postmaster().ifPresent(server -> addTree(server, all));
      signal("-KILL", all);
      awaitEnd(all);
    }

    /** Halts Patroni and the server where they are. The system goes on to take connections. */
    public void freeze() throws IOException, InterruptedException {
      frozen = halted();
    }

    /** Lets a frozen member go on as if nothing had been. */
    public void thaw() throws IOException, InterruptedException {
      signal("-CONT", frozen);
      frozen = List.of();
    }

    /** All processes, each of them halted first so that no more come. */
    private List<Long> halted() throws IOException, InterruptedException {
      List<Long> all = new ArrayList<>();
      List<Long> before;
      do {
        before = List.copyOf(all);
        all.clear();
        addTree(process().toHandle(), all);
        postmaster().ifPresent(server -> addTree(server, all));
        signal("-STOP", all.stream().distinct().toList());
      } while (!before.equals(all));
      return all.stream().distinct().toList();
    }

    private Process process() {
      if (patroni == null) {
        throw new IllegalStateException(name + " does not run");
      }
      return patroni;
    }

    private Optional<ProcessHandle> postmaster() throws IOException {
      try {
        String first =
            Files.readAllLines(place.resolve("data").resolve("postmaster.pid")).getFirst();
        return ProcessHandle.of(Long.parseLong(first.strip()))
            .filter(handle -> handle.info().command().orElse("").contains("postgres"));
      } catch (NoSuchFileException e) {
        return Optional.empty();
      }
    }

    private void end() throws IOException, InterruptedException {
      Process running = patroni;
      if (running != null && running.isAlive()) {
        kill();
      } else if (running != null) {
        killServer();
      }
    }

    /** Runs a query on this very server, as the superuser. */
    public String query(String sql) throws IOException, InterruptedException {
      return run(
              "psql",
              "-XAtq",
              "-v",
              "ON_ERROR_STOP=1",
              "-c",
              sql,
              "host=127.0.0.1 port="
                  + port
                  + " dbname="
                  + USER
                  + " user=postgres password="
                  + password)
          .strip();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** What Patroni says of a member. */
  private record Said(String name, String role, String state, String timeline) {
    boolean leads() {
      return role.equals("leader") && state.equals("running");
    }

    boolean follows() {
      return !role.equals("leader") && (state.equals("running") || state.equals("streaming"));
    }
  }

  private final Path directory;
  private final String password;
  private final @Nullable String user;
  private final List<Member> members = new ArrayList<>();
  private final int etcdPort;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(ASKING).version(HttpClient.Version.HTTP_1_1).build();
  private @Nullable Process etcd;

  private PatroniCluster(Path directory, int count) throws IOException {
    this.directory = directory;
    this.user = "root".equals(System.getProperty("user.name")) ? "postgres" : null;
    byte[] secret = new byte[16];
    new Random().nextBytes(secret);
    password = HexFormat.of().formatHex(secret);
    List<Integer> ports = freePorts(2 + 2 * count);
    etcdPort = ports.get(0);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectory(directory.resolve("etcd"));
    write(passwordFile(), password + "\n", "rw-------");
    Path script = directory.resolve("post-bootstrap");
    write(script, POST_BOOTSTRAP.formatted(USER, password), "rwx------");
    give(script);
    give(directory.resolve("etcd"));
    String bin = bin();
    for (int i = 0; i < count; i++) {
      Member member = new Member("m" + (i + 1), ports.get(2 + 2 * i), ports.get(3 + 2 * i));
      members.add(member);
      Files.createDirectory(member.place);
      give(member.place);
      String text =
          CONFIGURATION.formatted(
              member.name,
              member.api,
              etcdPort,
              TIMES,
              directory,
              member.port,
              member.place,
              bin,
              password);
      write(member.configuration(), text, "rw-------");
      give(member.configuration());
    }
    String peers = "http://127.0.0.1:" + ports.get(1);
    String clients = "http://127.0.0.1:" + etcdPort;
    etcd =
        launch(
            "etcd",
            "etcd",
            "--data-dir=" + directory.resolve("etcd"),
            "--listen-client-urls=" + clients,
            "--advertise-client-urls=" + clients,
            "--listen-peer-urls=" + peers,
            "--initial-advertise-peer-urls=" + peers,
            "--initial-cluster=default=" + peers);
  }

  /** Patroni would look for it every five seconds only. */
  private void awaitEtcd() throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + etcdPort + "/health"))
            .timeout(ASKING)
            .build();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      try {
        String said = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        if (said.contains("true")) {
          return;
        }
      } catch (IOException e) {
        // It does not listen yet.
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    throw new AssertionError("etcd does not start\n" + logs());
  }

  /** Whether what is needed is installed. */
  public static boolean isInstalled() {
    return Stream.of("patroni", "etcd", "psql").allMatch(PatroniCluster::isOnPath);
  }

  private static boolean isOnPath(String program) {
    for (String place : System.getenv("PATH").split(":", -1)) {
      if (Files.isExecutable(Path.of(place, program))) {
        return true;
      }
    }
    return false;
  }

  /** Starts a cluster of its own in a temporary directory, and waits until it is whole. */
  public static PatroniCluster start(int members) throws IOException, InterruptedException {
    if (!isInstalled()) {
      throw new AssertionError(
          "Patroni is needed (Debian: apt-get install postgresql patroni python3-etcd"
              + " etcd-server)");
    }
    PatroniCluster cluster =
        new PatroniCluster(Files.createTempDirectory("hikyaku-patroni"), members);
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::killAll));
    try {
      cluster.awaitEtcd();
      for (Member member : cluster.members) {
        member.start();
      }
      cluster.awaitWhole();
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  public List<Member> members() {
    return List.copyOf(members);
  }

  /** JDBC's name of the database, with all members. */
  public String url() {
    return "jdbc:postgresql://"
        + members.stream()
            .map(member -> "127.0.0.1:" + member.port)
            .collect(Collectors.joining(","))
        + "/"
        + USER;
  }

  public Path passwordFile() {
    return directory.resolve("password");
  }

  /** The member that leads. */
  public Member awaitPrimary() throws InterruptedException {
    return await("a primary", said -> said.stream().anyMatch(Said::leads));
  }

  /** Waits until another member than this one leads, and gives it back. */
  public Member awaitPrimaryBut(Member former) throws InterruptedException {
    return await(
        "another primary than " + former,
        said -> said.stream().anyMatch(one -> one.leads() && !one.name.equals(former.name)));
  }

  /** Waits until all members follow one primary, a synchronous standby among them. */
  public Member awaitWhole() throws InterruptedException {
    return await(
        "all " + members.size() + " members",
        said ->
            said.stream().filter(Said::leads).count() == 1
                && said.stream().filter(Said::follows).count() == members.size() - 1
                && said.stream().map(Said::timeline).distinct().count() == 1
                && (members.size() == 1
                    || said.stream().anyMatch(one -> one.role.equals("sync_standby"))));
  }

  /** Hands the lead over in order. */
  public void switchover(Member from) throws IOException, InterruptedException {
    String unused =
        run(
            "patronictl",
            "-c",
            from.configuration().toString(),
            "switchover",
            "hikyaku",
            "--leader",
            from.name,
            "--force");
  }

  private Member await(String what, Predicate<List<Said>> condition) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    List<Said> said = List.of();
    while (System.nanoTime() < deadline) {
      said = ask();
      if (condition.test(said)) {
        Said leader = said.stream().filter(Said::leads).findFirst().orElseThrow();
        return members.stream()
            .filter(member -> member.name.equals(leader.name))
            .findFirst()
            .orElseThrow();
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    throw new AssertionError("no " + what + " but " + said + "\n" + logs());
  }

  /** The cluster as the first member that answers sees it. */
  private List<Said> ask() throws InterruptedException {
    for (Member member : members) {
      if (!member.frozen.isEmpty()) {
        continue;
      }
      try {
        HttpRequest request =
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + member.api + "/cluster"))
                .timeout(ASKING)
                .build();
        String body = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        List<Said> said = new ArrayList<>();
        for (Matcher object = OF_MEMBER.matcher(body); object.find(); ) {
          String text = object.group();
          said.add(
              new Said(
                  value(text, "name"),
                  value(text, "role"),
                  value(text, "state"),
                  value(text, "timeline")));
        }
        return said;
      } catch (IOException e) {
        // It is down; the next one may know.
      }
    }
    return List.of();
  }

  private static String value(String json, String name) {
    Matcher found = Pattern.compile("\"" + name + "\": *\"?([^\",}]*)").matcher(json);
    return found.find() ? found.group(1) : "";
  }

  /** The ends of all logs. */
  public String logs() {
    StringBuilder text = new StringBuilder();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".log")).sorted().toList()) {
        String all = Files.readString(file, StandardCharsets.ISO_8859_1);
        text.append("--- ").append(file.getFileName()).append('\n');
        text.append(all.substring(Math.max(0, all.length() - LOG_SHOWN)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /** Kills all of it and takes its directory away. */
  @Override
  public void close() throws IOException {
    killAll();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private void killAll() {
    try {
      for (Member member : members) {
        member.end();
      }
      Process running = etcd;
      if (running != null) {
        int unused = running.destroyForcibly().waitFor();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Process launch(String name, String... command) throws IOException {
    Process process =
        builder(command)
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(directory.resolve(name + ".log").toFile()))
            .start();
    return process;
  }

  private ProcessBuilder builder(String... command) {
    List<String> line = new ArrayList<>();
    if (user != null) {
      line.addAll(List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--init-groups", "--"));
    }
    line.addAll(List.of(command));
    ProcessBuilder builder =
        new ProcessBuilder(line)
            .directory(directory.toFile())
            .redirectInput(Path.of("/dev/null").toFile());
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().put("HOME", directory.toString());
    // Of Debian's etcd on machines that it was not built for first.
    builder.environment().put("ETCD_UNSUPPORTED_ARCH", System.getProperty("os.arch"));
    builder.environment().keySet().removeIf(variable -> variable.startsWith("PG"));
    return builder;
  }

  private String run(String... command) throws IOException, InterruptedException {
    Process process = builder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    if (status != 0) {
      throw new IOException(command[0] + " has ended with " + status + ": " + said);
    }
    return said;
  }

  private static void signal(String which, List<Long> processes)
      throws IOException, InterruptedException {
    if (processes.isEmpty()) {
      return;
    }
    List<String> command = new ArrayList<>(List.of("kill", which));
    processes.forEach(process -> command.add(Long.toString(process)));
    // Some may have ended meanwhile.
    int unused =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor();
  }

  private static void addTree(ProcessHandle top, List<Long> processes) {
    processes.add(top.pid());
    top.descendants().forEach(handle -> processes.add(handle.pid()));
  }

  private static void awaitEnd(List<Long> processes) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    for (long pid : processes) {
      while (ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError("process " + pid + " does not end");
        }
        TimeUnit.MILLISECONDS.sleep(5);
      }
    }
  }

  private static void write(Path file, String text, String mode) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode)));
    Files.writeString(file, text);
  }

  private void give(Path path) throws IOException {
    if (user != null) {
      UserPrincipal owner =
          path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user);
      Files.setOwner(path, owner);
    }
  }

  /** Where the newest release's programs are. */
  private static String bin() throws IOException {
    try (Stream<Path> releases = Files.list(Path.of("/usr/lib/postgresql"))) {
      return releases
          .filter(release -> Files.isExecutable(release.resolve("bin/pg_ctl")))
          .max(
              Comparator.comparingInt(
                  release -> Integer.parseInt(release.getFileName().toString())))
          .orElseThrow(() -> new IOException("PostgreSQL's server programs are not installed"))
          .resolve("bin")
          .toString();
    }
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      List<Integer> ports = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        held.add(socket);
        ports.add(socket.getLocalPort());
      }
      return ports;
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
  }
}
