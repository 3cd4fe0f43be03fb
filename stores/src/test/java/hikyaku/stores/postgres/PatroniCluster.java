package hikyaku.stores.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
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
 * PostgreSQL under Patroni, as in the manual: one etcd, and members that replicate synchronously,
 * all on loopback or each on a machine of its own. It needs Debian's packages {@code postgresql},
 * {@code patroni}, {@code python3-etcd}, {@code etcd-server} and {@code curl}. Root runs all of it
 * as the user {@code postgres}.
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
  private static final String ASKING_SECONDS = "2";
  private static final int LOG_SHOWN = 6000;
  private static final int ETCD_PORT = 2379;
  private static final int POSTGRES_PORT = 5432;
  private static final int PATRONI_PORT = 8008;
  private static final Pattern OF_MEMBER = Pattern.compile("\\{[^{}]*\\}");

  /** One server and the Patroni that keeps it. */
  public final class Member {
    private final String name;
    private final Machine machine;
    private final int port;
    private final int api;
    private final Path place;
    private @Nullable Process patroni;
    private List<Long> frozen = List.of();

    private Member(String name, Machine machine, int port, int api) {
      this.name = name;
      this.machine = machine;
      this.port = port;
      this.api = api;
      this.place = directory.resolve(name);
    }

    public String name() {
      return name;
    }

    /** Where PostgreSQL listens on its machine. */
    public int port() {
      return port;
    }

    /** Starts Patroni, which makes of the server what it has to be by now. */
    public void start() throws IOException {
      patroni =
          machine.launch(log(name), Machine.asDatabaseUser("patroni", configuration().toString()));
    }

    private Path configuration() {
      return place.resolve("patroni.yml");
    }

    /** Kills Patroni and every process of the server at once, as a loss of power does. */
    public void kill() throws IOException, InterruptedException {
      List<Long> all = halted();
      Machine.signal("KILL", all);
      frozen = List.of();
      Machine.awaitEnd(all);
    }

    /** Kills Patroni alone: the server goes on with nobody to tell it what it is. */
    public void killPatroni() throws IOException, InterruptedException {
      long pid = process().pid();
      Machine.signal("KILL", List.of(pid));
      Machine.awaitEnd(List.of(pid));
    }

    /** Kills the server's processes and leaves Patroni to deal with it. */
    public void killServer() throws IOException, InterruptedException {
      List<Long> all = new ArrayList<>();
      postmaster().ifPresent(server -> all.addAll(Machine.tree(server)));
      Machine.signal("KILL", all);
      Machine.awaitEnd(all);
    }

    /** Halts Patroni and the server where they are. The system goes on to take connections. */
    public void freeze() throws IOException, InterruptedException {
      frozen = halted();
    }

    /** Lets a frozen member go on as if nothing had been. */
    public void thaw() throws IOException, InterruptedException {
      Machine.signal("CONT", frozen);
      frozen = List.of();
    }

    /** All processes, each of them halted first so that no more come. */
    private List<Long> halted() throws IOException, InterruptedException {
      List<Long> all = new ArrayList<>();
      List<Long> before;
      do {
        before = List.copyOf(all);
        all.clear();
        all.addAll(Machine.tree(process().toHandle()));
        postmaster().ifPresent(server -> all.addAll(Machine.tree(server)));
        Machine.signal("STOP", all.stream().distinct().toList());
      } while (!before.equals(all));
      return all.stream().distinct().toList();
    }

    private Process process() {
      if (patroni == null) {
        throw new IllegalStateException(name + " does not run");
      }
      return patroni;
    }

    /** The server's first process. Its number in the file may be another's by now. */
    private Optional<ProcessHandle> postmaster() throws IOException {
      Path data = place.resolve("data");
      try {
        String first = Files.readAllLines(data.resolve("postmaster.pid")).getFirst();
        long pid = Long.parseLong(first.strip());
        return Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "cwd"))
                .equals(data.toRealPath())
            ? ProcessHandle.of(pid)
            : Optional.empty();
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
      return machine
          .run(
              List.of(
                  "psql",
                  "-XAtq",
                  "-v",
                  "ON_ERROR_STOP=1",
                  "-c",
                  sql,
                  "host=%s port=%d dbname=%s user=postgres password=%s"
                      .formatted(machine.address(), port, USER, password)))
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
  private final List<Member> members = new ArrayList<>();
  private final Etcd etcd;

  /** Where etcd is. */
  private record Etcd(Machine machine, int port, int peers) {
    String url() {
      return "http://" + machine.address() + ":" + port;
    }

    List<String> command(Path data) {
      String peer = "http://" + machine.address() + ":" + peers;
      return List.of(
          "etcd",
          "--data-dir=" + data,
          "--listen-client-urls=" + url(),
          "--advertise-client-urls=" + url(),
          "--listen-peer-urls=" + peer,
          "--initial-advertise-peer-urls=" + peer,
          "--initial-cluster=default=" + peer);
    }
  }

  private @Nullable Process etcdProcess;

  private PatroniCluster(Path directory, Etcd etcd) throws IOException {
    this.directory = directory;
    this.etcd = etcd;
    byte[] secret = new byte[16];
    new Random().nextBytes(secret);
    password = HexFormat.of().formatHex(secret);
    Files.createDirectory(directory.resolve("etcd"));
    Machine.giveToDatabaseUser(directory.resolve("etcd"));
    write(passwordFile(), password + "\n", "rw-------");
    write(
        directory.resolve("post-bootstrap"),
        PatroniFiles.postBootstrap(USER, password),
        "rwx------");
    Machine.giveToDatabaseUser(directory.resolve("post-bootstrap"));
  }

  private void add(Member member) throws IOException {
    Files.createDirectory(member.place);
    Machine.giveToDatabaseUser(member.place);
    String text =
        PatroniFiles.configuration(
            new PatroniFiles.Of(
                member.name,
                member.machine.address(),
                member.port,
                member.api,
                etcd.machine.address() + ":" + etcd.port,
                directory.resolve("post-bootstrap"),
                member.place,
                password));
    write(member.configuration(), text, "rw-------");
    Machine.giveToDatabaseUser(member.configuration());
    members.add(member);
  }

  /** Patroni would look for it every five seconds only. */
  private void startEtcd() throws IOException, InterruptedException {
    etcdProcess =
        etcd.machine.launch(
            log("etcd"),
            Machine.asDatabaseUser(etcd.command(directory.resolve("etcd")).toArray(String[]::new)));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      if (get(etcd.machine, etcd.url() + "/health").contains("true")) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    throw new AssertionError("etcd does not start\n" + logs());
  }

  /** What is answered from a machine itself; nothing if nobody answers. */
  private static String get(Machine machine, String url) throws InterruptedException {
    try {
      return machine.run(List.of("curl", "--silent", "--max-time", ASKING_SECONDS, url));
    } catch (IOException e) {
      return "";
    }
  }

  /** Whether what is needed is installed. */
  public static boolean isInstalled() {
    return Stream.of("patroni", "etcd", "psql", "curl").allMatch(PatroniCluster::isOnPath);
  }

  private static boolean isOnPath(String program) {
    for (String place : System.getenv("PATH").split(":", -1)) {
      if (Files.isExecutable(Path.of(place, program))) {
        return true;
      }
    }
    return false;
  }

  /** Starts a cluster of its own on loopback, and waits until it is whole. */
  public static PatroniCluster start(int count) throws IOException, InterruptedException {
    requireInstalled();
    Path directory = Files.createTempDirectory("hikyaku-patroni");
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<Integer> ports = Machine.freePorts(2 + 2 * count);
    PatroniCluster cluster =
        new PatroniCluster(directory, new Etcd(Machine.HERE, ports.get(0), ports.get(1)));
    for (int i = 1; i <= count; i++) {
      cluster.add(
          cluster.new Member("m" + i, Machine.HERE, ports.get(2 * i), ports.get(2 * i + 1)));
    }
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::killAll));
    try {
      return cluster.started();
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  /**
   * Starts a cluster with each member, and etcd, on a machine of its own, and waits until it is
   * whole. Whoever made the machines ends what runs there.
   *
   * @param directory empty; all files of all of them
   * @param machines those of the members, by their names
   */
  public static PatroniCluster start(Path directory, Map<String, Machine> machines, Machine ofEtcd)
      throws IOException, InterruptedException {
    requireInstalled();
    PatroniCluster cluster =
        new PatroniCluster(directory, new Etcd(ofEtcd, ETCD_PORT, ETCD_PORT + 1));
    for (Map.Entry<String, Machine> each : machines.entrySet()) {
      cluster.add(cluster.new Member(each.getKey(), each.getValue(), POSTGRES_PORT, PATRONI_PORT));
    }
    return cluster.started();
  }

  private static void requireInstalled() {
    if (!isInstalled()) {
      throw new AssertionError(
          "Patroni is needed (Debian: apt-get install postgresql patroni python3-etcd"
              + " etcd-server curl)");
    }
  }

  private PatroniCluster started() throws IOException, InterruptedException {
    startEtcd();
    for (Member member : members) {
      member.start();
    }
    awaitWhole();
    return this;
  }

  public List<Member> members() {
    return List.copyOf(members);
  }

  /** JDBC's name of the database, with all members. */
  public String url() {
    return "jdbc:postgresql://"
        + members.stream()
            .map(member -> member.machine.address() + ":" + member.port)
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

  /** The member that leads now, if anybody knows of one. */
  public Optional<Member> primary() throws InterruptedException {
    return primary(ask());
  }

  private Optional<Member> primary(List<Said> said) {
    return said.stream()
        .filter(Said::leads)
        .flatMap(leader -> members.stream().filter(member -> member.name.equals(leader.name)))
        .findFirst();
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
        from.machine.run(
            Machine.asDatabaseUser(
                "patronictl",
                "-c",
                from.configuration().toString(),
                "switchover",
                "hikyaku",
                "--leader",
                from.name,
                "--force"));
  }

  private Member await(String what, Predicate<List<Said>> condition) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    List<Said> said = List.of();
    while (System.nanoTime() < deadline) {
      said = ask();
      if (condition.test(said)) {
        return primary(said).orElseThrow();
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    throw new AssertionError("no " + what + " but " + said + "\n" + logs());
  }

  /** The cluster as the first member sees it that sees one. */
  private List<Said> ask() throws InterruptedException {
    for (Member member : members) {
      if (!member.frozen.isEmpty()) {
        continue;
      }
      String url = "http://" + member.machine.address() + ":" + member.api + "/cluster";
      List<Said> said = new ArrayList<>();
      for (Matcher object = OF_MEMBER.matcher(get(member.machine, url)); object.find(); ) {
        String text = object.group();
        said.add(
            new Said(
                value(text, "name"),
                value(text, "role"),
                value(text, "state"),
                value(text, "timeline")));
      }
      if (!said.isEmpty()) {
        return said;
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
      Process running = etcdProcess;
      if (running != null) {
        int unused = running.destroyForcibly().waitFor();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Path log(String name) {
    return directory.resolve(name + ".log");
  }

  private static void write(Path file, String text, String mode) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode)));
    Files.writeString(file, text);
  }
}
