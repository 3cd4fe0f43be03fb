package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./hikyaku up --nodes 2}: a whole cluster, whose processes are killed and brought back. */
class LocalClusterTest {
  @TempDir Path directory;

  private LocalCluster cluster;

  @BeforeEach
  void prepare() {
    cluster = new LocalCluster(directory);
  }

  @AfterEach
  void nothingIsLeft() throws InterruptedException {
    cluster.close();
  }

  private void deliver(int process, String subject) throws IOException {
    try (Line smtp = new Line(cluster.port(process, 25))) {
      assertThat(smtp.reply()).startsWith("220");
      smtp.smtp("EHLO client.test.example", "250");
      smtp.smtp("MAIL FROM:<bob@elsewhere.example>", "250");
      smtp.smtp("RCPT TO:<alice@demo.test>", "250");
      smtp.smtp("DATA", "354");
      smtp.smtp("Subject: " + subject + "\r\n\r\nbody\r\n.", "250");
      smtp.smtp("QUIT", "221");
    }
  }

  private List<String> subjects(int process, String password) throws IOException {
    List<String> subjects = new ArrayList<>();
    try (Line imap = new Line(cluster.port(process, 143))) {
      imap.read();
      assertThat(imap.say("a LOGIN alice@demo.test " + password)).startsWith("a OK");
      imap.send("b EXAMINE INBOX\r\n");
      assertThat(imap.readTo("b ")).startsWith("b OK");
      imap.send("c FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])\r\n");
      for (String line = imap.read(); !line.startsWith("c "); line = imap.read()) {
        if (line.startsWith("Subject: ")) {
          subjects.add(line.substring("Subject: ".length()));
        }
      }
      imap.send("d LOGOUT\r\n");
      imap.rest();
    }
    return subjects;
  }

  /** By the node's own directory and a command, as where each node has a machine. */
  private void restartAsIfOnSeveralMachines() throws Exception {
    List<ProcessHandle> before = List.of(cluster.process("n1"), cluster.process("n2"));
    String restart =
        "set -e; kill $(sed -n 's/.*\"process\":\\([0-9]*\\).*/\\1/p' %1$s/{node}/admin.json); until %2$s up --node"
            + " {node} --data %1$s; do sleep 0.2; done";
    Ran ran =
        cluster.commandOf(
            "n1", "rolling-restart", "--by", restart.formatted(cluster.data(), cluster.program()));
    assertThat(ran.ok().output())
        .containsSubsequence("n2 is up again", "n1 is up again", "All nodes have been restarted");
    assertThat(before).noneMatch(ProcessHandle::isAlive);
    Ran failed = cluster.commandOf("n1", "rolling-restart", "--only", "n2", "--by", "exit 7");
    assertThat(failed.ended(1).output())
        .contains("'exit 7' ended with 7. The node n2 is draining.");
    assertThat(cluster.ok("node", "undrain", "n2")).contains("takes sessions again");
    cluster.awaitState("n2", "up");
  }

  @Test
  void whatIsKilledIsMissedByNobodyAndComesBack() throws Exception {
    cluster.start(2);
    String password = cluster.password();
    deliver(1, "by n1");
    assertThat(subjects(2, password)).containsExactly("by n1");
    cluster.awaitState("n1", "up");
    cluster.awaitState("n2", "up");
    assertThat(cluster.command("up", "--node", "n1").ended(1).output()).contains("n1 runs");

    ProcessHandle killed = cluster.process("n1");
    killed.destroyForcibly();
    assertThat(cluster.await("has ended"))
        .contains("n1 (process " + killed.pid() + ") has ended with 137");
    assertThat(cluster.await("Bring it back")).endsWith("up --node n1 --data " + cluster.data());
    deliver(0, "by the front");
    assertThat(subjects(0, password)).containsExactly("by n1", "by the front");
    cluster.awaitState("n1", "down");
    assertThat(cluster.command("node", "drain", "n2").ended(1).output()).contains("no other node");

    assertThat(cluster.ok("up", "--node", "n1")).contains("n1 is up again");
    cluster.awaitState("n1", "up");
    assertThat(cluster.process("n1").pid()).isNotEqualTo(killed.pid());
    assertThat(subjects(1, password)).containsExactly("by n1", "by the front");

    ProcessHandle database = cluster.postgres();
    database.destroyForcibly();
    assertThat(cluster.await("postgres (process")).contains(database.pid() + ") has ended.");
    assertThat(cluster.ok("up", "--node", "postgres")).contains("postgres is up again");
    deliver(0, "by the front again");
    assertThat(subjects(2, password))
        .containsExactly("by n1", "by the front", "by the front again");

    List<ProcessHandle> before = List.of(cluster.process("n1"), cluster.process("n2"));
    assertThat(cluster.ok("rolling-restart")).contains("All nodes have been restarted");
    assertThat(before).noneMatch(ProcessHandle::isAlive);
    restartAsIfOnSeveralMachines();
    assertThat(subjects(0, password))
        .containsExactly("by n1", "by the front", "by the front again");
    assertThat(cluster.ok("verify")).contains("All is well");

    List<ProcessHandle> children =
        List.of(cluster.process("n1"), cluster.process("n2"), cluster.process("front"));
    cluster.keeper().toHandle().destroy();
    assertThat(cluster.keeper().waitFor(LocalCluster.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    cluster.awaitSilence();
    assertThat(cluster.keeper().exitValue()).as(cluster.said()).isZero();
    assertThat(children).noneMatch(ProcessHandle::isAlive);
    assertThat(cluster.data().resolve("postgres/data/postmaster.pid")).doesNotExist();
    assertThat(cluster.command("up", "--node", "n1").ended(1).output()).contains("No cluster runs");

    // The keeper's death ends its children in order; the next start finds all as it was.
    cluster.up();
    children = List.of(cluster.process("n1"), cluster.process("n2"), cluster.process("front"));
    cluster.keeper().destroyForcibly();
    for (ProcessHandle child : children) {
      child.onExit().get(LocalCluster.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    assertThat(cluster.logs()).doesNotContainPattern("(?i)\\bbug\\b");
    cluster.up();
    assertThat(subjects(0, password))
        .containsExactly("by n1", "by the front", "by the front again");
  }
}
