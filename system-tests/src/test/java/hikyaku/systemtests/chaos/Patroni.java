package hikyaku.systemtests.chaos;

import hikyaku.fixtures.Machine;
import hikyaku.fixtures.Network;
import hikyaku.fixtures.PatroniCluster;
import hikyaku.fixtures.PatroniCluster.Member;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Three PostgreSQL servers that Patroni keeps, of which one leads and a synchronous standby has
 * what it has acknowledged. Something is done to one of them at a time.
 */
final class Patroni implements Database {
  static final String ETCD = "etcd";
  private static final List<String> MEMBERS = List.of("db1", "db2", "db3");

  /** Well under the life of the leader's key: until then nobody else can lead. */
  private static final Duration SHORT = Duration.ofMillis(2500);

  private final Network network;
  private final Path directory;
  private PatroniCluster cluster;
  private Member victim;
  private long since;

  Patroni(Network network, Path directory) throws IOException {
    this.network = network;
    this.directory = directory;
    Files.createDirectories(directory);
  }

  /** All machines that it needs. */
  static List<String> machines() {
    return List.of("db1", "db2", "db3", ETCD);
  }

  @Override
  public List<String> servers() {
    return MEMBERS;
  }

  @Override
  public void make() throws IOException, InterruptedException {
    Map<String, Machine> machines = new LinkedHashMap<>();
    MEMBERS.forEach(member -> machines.put(member, network.machine(member)));
    cluster = PatroniCluster.start(directory, machines, network.machine(ETCD));
  }

  @Override
  public String settings() {
    return """
    url = "%s"
    user = "%s"
    password-file = "%s"\
    """
        .formatted(cluster.url(), PatroniCluster.USER, cluster.passwordFile());
  }

  // ---- what befalls one member

  private Member takeLeader() throws InterruptedException {
    victim = cluster.awaitPrimary();
    return victim;
  }

  /** The leader's machine loses power. */
  void killLeader() throws IOException, InterruptedException {
    takeLeader().kill();
  }

  /** A standby's machine loses power. */
  void killStandby(int random) throws IOException, InterruptedException {
    Member leader = cluster.awaitPrimary();
    List<Member> standbys =
        cluster.members().stream().filter(member -> !member.equals(leader)).toList();
    victim = standbys.get(random % standbys.size());
    victim.kill();
  }

  /** The leader's server dies, and its Patroni deals with it. */
  void killServer() throws IOException, InterruptedException {
    takeLeader().killServer();
  }

  /** The leader's machine stands still. */
  void freezeLeader() throws IOException, InterruptedException {
    takeLeader().freeze();
    since = System.nanoTime();
  }

  /** The leader is asked to hand over. */
  void switchover() throws IOException, InterruptedException {
    cluster.switchover(takeLeader());
  }

  /** Pulls the cable of the leader's machine. */
  void unplugLeader() throws IOException, InterruptedException {
    network.plug(takeLeader().name(), false);
  }

  /** Puts it back. */
  void plug() throws IOException, InterruptedException {
    network.plug(victim.name(), true);
  }

  /** Starts a member that was killed. */
  void start() throws IOException {
    victim.start();
  }

  /**
   * A member that stood still goes on; if that was for long it starts anew, as a watchdog has it.
   */
  void wake() throws IOException, InterruptedException {
    if (System.nanoTime() - since < SHORT.toNanos()) {
      victim.thaw();
    } else {
      victim.kill();
      victim.start();
    }
  }

  /** Waits until all members follow one leader, one of them synchronously. */
  void awaitWhole() throws InterruptedException {
    victim = cluster.awaitWhole();
  }
}
