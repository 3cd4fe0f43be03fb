package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.systemtests.stress.Stress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many clients do everything at random on the same mailboxes through a front, while its nodes are
 * killed, halted and drained and its database is killed, at random. The clients believe nothing,
 * and no connection of theirs may end: nothing acknowledged is lost or doubled, message numbers and
 * UIDs are lawful at each moment, and MODSEQ never falls. Longer with {@code
 * -Dhikyaku.chaos.seconds=N}, or {@code ./hikyaku chaos --minutes N}; another course with {@code
 * -Dhikyaku.chaos.seed=N}.
 */
class ChaosTest {
  private static final int NODES = 3;
  private static final int CLIENTS = 6;

  @TempDir Path directory;

  private enum Mischief {
    /** A node's process is killed, and brought back. */
    KILL,
    /** A node's process is halted for longer than its front is patient, and goes on. */
    HALT,
    /** A node is drained, and taken in again. */
    DRAIN,
    /** The database is killed, and started again. */
    DATABASE
  }

  @Test
  void nobodyNotices() throws Exception {
    long seconds = Long.getLong("hikyaku.chaos.seconds", 30);
    long seed = Long.getLong("hikyaku.chaos.seed", 1);
    try (LocalCluster cluster = new LocalCluster(directory)) {
      cluster.start(NODES);
      Stress stress = new Stress(target(cluster, 0), CLIENTS, seed);
      Map<Mischief, Integer> done = new EnumMap<>(Mischief.class);
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        Future<Long> clients = threads.submit(() -> stress.run(Duration.ofSeconds(seconds)));
        Random random = new Random(seed);
        while (!clients.isDone()) {
          Mischief mischief = Mischief.values()[random.nextInt(Mischief.values().length)];
          make(cluster, mischief, "n" + (1 + random.nextInt(NODES)), random);
          done.merge(mischief, 1, Integer::sum);
        }
        assertThat(outcome(clients, cluster)).isGreaterThan(100);
      }
      assertThat(done).isNotEmpty();
      System.out.println("chaos: " + done + " in " + seconds + " s, seed " + seed);
      List<String> views = new ArrayList<>();
      for (int node = 1; node <= NODES; node++) {
        views.add(view(cluster, node));
      }
      assertThat(views).as("the mailbox as each node shows it").containsOnly(views.getFirst());
      assertThat(cluster.ok("verify")).contains("All is well");
      assertThat(cluster.logs()).doesNotContain("bug in a session");
    }
  }

  private static long outcome(Future<Long> clients, LocalCluster cluster) throws Exception {
    try {
      return clients.get();
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause().getMessage() + "\n" + cluster.logs(), e.getCause());
    }
  }

  private static Stress.Target target(LocalCluster cluster, int process) {
    return new Stress.Target(
        "127.0.0.1",
        cluster.port(process, 143),
        cluster.port(process, 25),
        cluster.port(process, 110),
        "alice@demo.test",
        cluster.password());
  }

  private static void make(LocalCluster cluster, Mischief mischief, String node, Random random)
      throws Exception {
    if (mischief == Mischief.DATABASE) {
      ProcessHandle database = cluster.postgres();
      database.destroyForcibly();
      database.onExit().get(LocalCluster.PATIENCE_SECONDS, TimeUnit.SECONDS);
      cluster.ok("up", "--node", "postgres");
      cluster.awaitState(node, "up");
      return;
    }
    ProcessHandle process = cluster.process(node);
    switch (mischief) {
      case KILL -> {
        process.destroyForcibly();
        process.onExit().get(LocalCluster.PATIENCE_SECONDS, TimeUnit.SECONDS);
        cluster.ok("up", "--node", node);
      }
      case HALT -> {
        signal("STOP", process);
        try {
          // The time is the mischief: longer than link.silence, shorter than a node's lease or not.
          TimeUnit.MILLISECONDS.sleep(1000 + random.nextInt(2000));
        } finally {
          signal("CONT", process);
        }
      }
      case DRAIN -> {
        cluster.ok("node", "drain", node, "--no-wait", "--force");
        cluster.ok("node", "undrain", node);
      }
      case DATABASE -> throw new IllegalStateException("it is no node");
    }
    cluster.awaitState(node, "up");
  }

  private static void signal(String name, ProcessHandle process) throws Exception {
    int ended =
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
            .inheritIO()
            .start()
            .waitFor();
    assertThat(ended).isZero();
  }

  /** Every message with UID, flags and MODSEQ, as a node shows it. */
  private static String view(LocalCluster cluster, int node) throws Exception {
    StringBuilder view = new StringBuilder();
    try (Line imap = new Line(cluster.port(node, 143))) {
      imap.read();
      assertThat(imap.say("a LOGIN alice@demo.test " + cluster.password())).startsWith("a OK");
      for (String mailbox : List.of("INBOX", "Stress")) {
        imap.send("b EXAMINE " + mailbox + " (CONDSTORE)\r\n");
        assertThat(imap.readTo("b ")).startsWith("b OK");
        imap.send("c FETCH 1:* (UID FLAGS MODSEQ RFC822.SIZE)\r\n");
        for (String line = imap.read(); !line.startsWith("c "); line = imap.read()) {
          view.append(line.replace(" \\Recent", "").replace("\\Recent", "")).append('\n');
        }
      }
    }
    return view.toString();
  }
}
