package hikyaku.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./hikyaku up --nodes 2}: a whole cluster, whose processes are killed and brought back. */
class LocalClusterTest {
  private static final Path PROGRAM =
      Path.of(System.getProperty("hikyaku.root", ".."), "hikyaku").toAbsolutePath().normalize();
  private static final int PATIENCE_SECONDS = 180;

  /** The first and last standard ports that a process of the cluster listens on. */
  private static final int[] STANDARD = {24, 25, 80, 90, 110, 143, 465, 587, 993, 995};

  private static final int STEP = 1000;

  @TempDir Path directory;

  private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
  private final StringBuffer all = new StringBuffer();
  private int offset;
  private Process keeper;
  private Thread follower;

  @AfterEach
  void nothingIsLeft() throws InterruptedException {
    if (keeper != null && keeper.isAlive()) {
      keeper.toHandle().destroy();
      if (!keeper.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        keeper.descendants().forEach(ProcessHandle::destroyForcibly);
        keeper.destroyForcibly();
      }
    }
  }

  private Path data() {
    return directory.resolve("cluster");
  }

  /** Ports below those that the system gives to connections, for a front and two nodes. */
  private static int freeOffset() {
    for (int tries = 0; tries < 100; tries++) {
      int candidate = 10_000 + ThreadLocalRandom.current().nextInt(180) * 100;
      if (isFree(candidate)) {
        return candidate;
      }
    }
    throw new AssertionError("there are no free ports");
  }

  private static boolean isFree(int offset) {
    for (int process = 0; process <= 2; process++) {
      for (int standard : STANDARD) {
        try (ServerSocket probe = new ServerSocket()) {
          probe.bind(
              new InetSocketAddress(
                  InetAddress.getLoopbackAddress(), offset + process * STEP + standard));
        } catch (IOException taken) {
          return false;
        }
      }
    }
    return true;
  }

  private void up(String... more) throws Exception {
    List<String> line =
        new ArrayList<>(List.of(PROGRAM.toString(), "up", "--data", data().toString()));
    line.addAll(List.of(more));
    keeper =
        new ProcessBuilder(line).directory(directory.toFile()).redirectErrorStream(true).start();
    Process started = keeper;
    follower =
        Thread.ofVirtual()
            .start(() -> {
              try (BufferedReader lines = started.inputReader(StandardCharsets.UTF_8)) {
                for (String text = lines.readLine(); text != null; text = lines.readLine()) {
                  all.append(text).append('\n');
                  said.add(text);
                }
              } catch (IOException e) {
                all.append(e).append('\n');
              }
            });
    await("The cluster is ready");
  }

  /** Waits until the keeper says a line with this in it, which is given back. */
  private String await(String words) throws Exception {
    while (true) {
      String line = said.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (line == null) {
        throw new AssertionError("not said: " + words + "; but:\n" + all + logs());
      }
      if (line.contains(words)) {
        return line;
      }
    }
  }

  private String logs() throws IOException {
    StringBuilder text = new StringBuilder();
    try (var files = Files.newDirectoryStream(data(), "*.log")) {
      for (Path file : files) {
        text.append("--- ").append(file).append('\n').append(Files.readString(file));
      }
    }
    return text.toString();
  }

  private Ran command(String... words) throws Exception {
    List<String> line = new ArrayList<>(List.of(PROGRAM.toString()));
    line.addAll(List.of(words));
    line.addAll(List.of("--data", data().toString()));
    return Ran.in(directory, Map.of(), "", line.toArray(String[]::new));
  }

  private String ok(String... words) throws Exception {
    return command(words).ok().output();
  }

  private ProcessHandle process(String name) throws IOException {
    Matcher process =
        Pattern.compile("\"process\":([0-9]+)")
            .matcher(Files.readString(data().resolve(name).resolve("admin.json")));
    assertThat(process.find()).isTrue();
    return ProcessHandle.of(Long.parseLong(process.group(1))).orElseThrow();
  }

  private String password() {
    Matcher password = Pattern.compile("alice@demo\\.test +([a-z0-9-]+)").matcher(all);
    assertThat(password.find()).isTrue();
    return password.group(1);
  }

  private int port(int process, int standard) {
    return offset + process * STEP + standard;
  }

  private void deliver(int process, String subject) throws IOException {
    try (Line smtp = new Line(port(process, 25))) {
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
    try (Line imap = new Line(port(process, 143))) {
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

  /** Asks until the table of nodes says so of a node. */
  private void awaitState(String name, String state) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    String table = ok("nodes");
    while (!Pattern.compile("(?m)^" + name + " +" + state + " ").matcher(table).find()) {
      assertThat(System.nanoTime()).as(table).isLessThan(deadline);
      table = ok("nodes");
    }
  }

  @Test
  void whatIsKilledIsMissedByNobodyAndComesBack() throws Exception {
    offset = freeOffset();
    up("--nodes", "2", "--ports", Integer.toString(offset));
    String password = password();
    deliver(1, "by n1");
    assertThat(subjects(2, password)).containsExactly("by n1");
    awaitState("n1", "up");
    awaitState("n2", "up");
    assertThat(command("up", "--node", "n1").ended(1).output()).contains("n1 runs");

    ProcessHandle killed = process("n1");
    killed.destroyForcibly();
    assertThat(await("has ended")).contains("n1 (process " + killed.pid() + ") has ended with 137");
    assertThat(await("Bring it back")).endsWith("up --node n1 --data " + data());
    deliver(0, "by the front");
    assertThat(subjects(0, password)).containsExactly("by n1", "by the front");
    awaitState("n1", "down");
    assertThat(command("node", "drain", "n2").ended(1).output()).contains("no other node");

    assertThat(ok("up", "--node", "n1")).contains("n1 is up again");
    awaitState("n1", "up");
    assertThat(process("n1").pid()).isNotEqualTo(killed.pid());
    assertThat(subjects(1, password)).containsExactly("by n1", "by the front");

    List<ProcessHandle> before = List.of(process("n1"), process("n2"));
    assertThat(ok("rolling-restart")).contains("All nodes have been restarted");
    assertThat(before).noneMatch(ProcessHandle::isAlive);
    assertThat(subjects(0, password)).containsExactly("by n1", "by the front");
    assertThat(ok("verify")).contains("All is well");

    List<ProcessHandle> children = List.of(process("n1"), process("n2"), process("front"));
    keeper.toHandle().destroy();
    assertThat(keeper.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    follower.join();
    assertThat(keeper.exitValue()).as(all.toString()).isZero();
    assertThat(children).noneMatch(ProcessHandle::isAlive);
    assertThat(data().resolve("postgres/data/postmaster.pid")).doesNotExist();
    assertThat(command("up", "--node", "n1").ended(1).output()).contains("No cluster runs");

    // The keeper's death ends its children in order; the next start finds all as it was.
    up();
    children = List.of(process("n1"), process("n2"), process("front"));
    keeper.destroyForcibly();
    for (ProcessHandle child : children) {
      child.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    assertThat(logs()).doesNotContain("bug");
    up();
    assertThat(subjects(0, password)).containsExactly("by n1", "by the front");
  }
}
