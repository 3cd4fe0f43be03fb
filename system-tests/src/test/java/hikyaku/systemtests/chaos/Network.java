package hikyaku.systemtests.chaos;

import hikyaku.fixtures.Machine;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Machines of one network: each a network namespace with an address of its own, all on one bridge
 * in one more namespace, where links are cut and packets dropped. Nothing is added to the namespace
 * that this runs in. When this process ends, however it ends, a watcher ends what runs in the
 * namespaces and takes them away.
 */
final class Network implements AutoCloseable {
  private static final String PREFIX = "hikyaku-";
  private static final String SUBNET = "10.77.0.";

  private final String prefix = PREFIX + ProcessHandle.current().pid() + "-";
  private final Map<String, Integer> hosts = new LinkedHashMap<>();
  private final Set<String> rules = new TreeSet<>();
  private final Process watcher;

  /** Why namespaces cannot be made here; empty if they can. */
  static String hindrance() throws IOException, InterruptedException {
    if (!"root".equals(System.getProperty("user.name"))) {
      return "network namespaces need root";
    }
    for (String program : List.of("ip", "nft", "setpriv", "setsid")) {
      if (run(List.of("sh", "-c", "PATH=$PATH:/usr/sbin command -v " + program), "").exit != 0) {
        return "there is no program '" + program + "'";
      }
    }
    String probe = PREFIX + ProcessHandle.current().pid() + "-probe";
    Ended made = run(List.of("ip", "netns", "add", probe), "");
    if (made.exit != 0) {
      return "no network namespace can be made: " + made.said.strip();
    }
    run(List.of("ip", "netns", "delete", probe), "");
    return "";
  }

  Network(List<String> names) throws IOException, InterruptedException {
    sweep();
    watcher = watch();
    try {
      namespace("hub");
      ok(inHub("ip", "link", "add", "name", "hub", "type", "bridge"), "");
      ok(inHub("ip", "link", "set", "hub", "up"), "");
      for (String name : names) {
        hosts.put(name, hosts.size() + 1);
        namespace(name);
        ok(
            inHub(
                "ip",
                "link",
                "add",
                name,
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                prefix + name),
            "");
        ok(inHub("ip", "link", "set", name, "master", "hub"), "");
        ok(inHub("ip", "link", "set", name, "up"), "");
        ok(in(name, "ip", "address", "add", address(name) + "/24", "dev", "eth0"), "");
        ok(in(name, "ip", "link", "set", "eth0", "up"), "");
      }
      filter();
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void namespace(String name) throws IOException, InterruptedException {
    ok(List.of("ip", "netns", "add", prefix + name), "");
    ok(in(name, "ip", "link", "set", "lo", "up"), "");
  }

  String address(String host) {
    return SUBNET + hosts.get(host);
  }

  static String subnet() {
    return SUBNET + "0/24";
  }

  /** A command line that runs in a namespace; the process is that of the program itself. */
  List<String> in(String host, String... command) {
    List<String> line = new ArrayList<>(List.of("ip", "netns", "exec", prefix + host));
    line.addAll(List.of(command));
    return line;
  }

  /** The machine, for servers that are not ours. */
  Machine machine(String host) {
    return new Machine(address(host), in(host));
  }

  private List<String> inHub(String... command) {
    return in("hub", command);
  }

  /** Pulls a machine's cable out, or puts it back. */
  void plug(String host, boolean in) throws IOException, InterruptedException {
    ok(inHub("ip", "link", "set", host, in ? "up" : "down"), "");
  }

  /** What is dropped on the way from one machine to another, which may be {@code *}. */
  record Drop(String from, String to, int percent) {
    private String rule() {
      return (from.equals("*") ? "" : "iifname \"" + from + "\" ")
          + (to.equals("*") ? "" : "oifname \"" + to + "\" ")
          + (percent < 100 ? "numgen random mod 100 < " + percent + " " : "")
          + "drop";
    }
  }

  synchronized void drop(List<Drop> drops) throws IOException, InterruptedException {
    drops.forEach(drop -> rules.add(drop.rule()));
    filter();
  }

  synchronized void heal(List<Drop> drops) throws IOException, InterruptedException {
    drops.forEach(drop -> rules.remove(drop.rule()));
    filter();
  }

  private void filter() throws IOException, InterruptedException {
    ok(
        inHub("nft", "-f", "-"),
        "table bridge chaos {\nchain forward { type filter hook forward priority 0; policy accept;\n}\n}\n"
            + "flush chain bridge chaos forward\ntable bridge chaos {\nchain forward {\n"
            + String.join("\n", rules)
            + "\n}\n}\n");
  }

  /** The processes that run on a machine. */
  List<Long> processes(String host) throws IOException, InterruptedException {
    return ok(List.of("ip", "netns", "pids", prefix + host), "")
        .lines()
        .map(Long::valueOf)
        .toList();
  }

  /** Sends a signal to all that runs on a machine. */
  void signal(String host, String signal) throws IOException, InterruptedException {
    List<String> kill = new ArrayList<>(List.of("kill", "-" + signal));
    processes(host).forEach(process -> kill.add(Long.toString(process)));
    // One of them may have ended meanwhile.
    run(kill, "");
  }

  // ---- commands

  private record Ended(int exit, String said) {}

  static String ok(List<String> command, String input) throws IOException, InterruptedException {
    Ended ended = run(command, input);
    if (ended.exit != 0) {
      throw new IOException(
          String.join(" ", command) + " ended with " + ended.exit + ": " + ended.said);
    }
    return ended.said;
  }

  private static Ended run(List<String> command, String input)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().merge("PATH", "/usr/sbin:/sbin", (path, more) -> path + ":" + more);
    Process process = builder.start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), said);
  }

  // ---- the end

  private static final String TAKE_AWAY =
      """
      for name in $(ip netns list | sed -n "s/^\\($1[a-z0-9]*\\).*/\\1/p"); do
        for round in 1 2 3 4 5; do
          pids=$(ip netns pids "$name") && [ -n "$pids" ] || break
          kill -9 $pids 2>/dev/null
          sleep 0.1
        done
        ip netns delete "$name"
      done
      """;

  /** Takes away what courses left whose process is gone, and whose watcher was killed as well. */
  private static void sweep() throws IOException, InterruptedException {
    for (String line : ok(List.of("ip", "netns", "list"), "").lines().toList()) {
      String[] words = line.split("[- ]", -1);
      if (line.startsWith(PREFIX)
          && words.length > 2
          && words[1].matches("[0-9]+")
          && !Files.exists(Path.of("/proc", words[1]))) {
        run(List.of("sh", "-c", TAKE_AWAY, "sweep", PREFIX + words[1] + "-"), "");
      }
    }
  }

  private Process watch() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            "setsid",
            "sh",
            "-c",
            "while [ -e /proc/$2 ]; do sleep 1; done\n" + TAKE_AWAY,
            "watch",
            prefix,
            Long.toString(ProcessHandle.current().pid()));
    builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
    Process process = builder.start();
    process.getOutputStream().close();
    return process;
  }

  @Override
  public void close() throws IOException, InterruptedException {
    run(List.of("sh", "-c", TAKE_AWAY, "close", prefix), "");
    watcher.toHandle().descendants().forEach(ProcessHandle::destroy);
    watcher.destroy();
    watcher.waitFor();
  }
}
