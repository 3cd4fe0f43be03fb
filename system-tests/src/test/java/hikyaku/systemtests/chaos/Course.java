package hikyaku.systemtests.chaos;

import hikyaku.fixtures.Network;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * One course of chaos: clients at work, and mischief at random, several kinds at a time.
 *
 * <p>The rule of what may come together: at each moment one node at least has nothing done to it,
 * so that the cluster can go on. What stops all of it (the database, the way from the front to all
 * nodes) comes one at a time, and is shorter than the patience of a front and of a node's store.
 */
public final class Course {
  private static final int NODES = 3;

  /** Time for a node that is back to be found by the front, and to find the database. */
  private static final Duration RECOVERY = Duration.ofSeconds(4);

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration SHOW = Duration.ofMinutes(1);
  private static final int TOGETHER = 4;
  private static final int TRIES = 30;

  /**
   * What is wanted.
   *
   * @param patroni whether the database is a cluster that Patroni keeps
   * @param keep where logs, journals and the time line go
   */
  public record Wanted(Duration time, int clients, long seed, boolean patroni, Path keep) {}

  /** What came of it, for people. */
  public record Outcome(List<String> findings, String report) {}

  private final Wanted wanted;
  private final Random random;
  private final Times times = new Times(System.currentTimeMillis());
  private final Set<String> nodesAway = new HashSet<>();
  private final List<Mischief> deck = new ArrayList<>();
  private boolean allAway;
  private int together;
  private final Map<String, Integer> done = new TreeMap<>();
  private final List<String> findings = new ArrayList<>();
  private final ConcurrentLinkedQueue<String> said = new ConcurrentLinkedQueue<>();
  private final List<Thread> acts = new ArrayList<>();

  private Course(Wanted wanted) {
    this.wanted = wanted;
    this.random = new Random(wanted.seed);
  }

  /** Why it cannot be tried here; empty if it can. */
  public static String hindrance() throws IOException, InterruptedException {
    return Network.hindrance();
  }

  /** Runs a course to its end. */
  public static Outcome run(Wanted wanted) throws IOException, InterruptedException {
    Files.createDirectories(wanted.keep);
    return new Course(wanted).run();
  }

  private Outcome run() throws IOException, InterruptedException {
    tell("begun at " + Instant.ofEpochMilli(times.beganMillis()) + ", seed " + wanted.seed);
    try (Site site = new Site(wanted.keep, NODES, wanted.patroni)) {
      site.start();
      tell("the site is up");
      Process clients = site.clients(times.beganMillis(), wanted.seed, wanted.clients);
      try {
        BlockingQueue<String> lines = follow(clients);
        await(lines, "working");
        long end = System.nanoTime() + wanted.time.toNanos();
        while (System.nanoTime() < end && clients.isAlive() && isClean(site)) {
          mischief(site);
          // The time is part of the mischief.
          Thread.sleep(random.nextInt(1500));
        }
        for (Thread act : acts) {
          act.join();
        }
        tell("all is made good");
        if (clients.isAlive() && isClean(site)) {
          order(clients, "rest");
          await(lines, "resting");
          order(clients, "judge");
        }
        await(lines, "end");
        verify(site);
      } catch (IOException e) {
        find("the course: " + e.getMessage());
      } finally {
        clients.destroyForcibly();
        for (Thread act : acts) {
          act.join();
        }
      }
      for (Map.Entry<String, String> log : site.logs().entrySet()) {
        if (log.getValue().contains("bug in a session")) {
          find(log.getKey() + ".log has a bug in a session");
        }
      }
    }
    return new Outcome(findings, report());
  }

  private String report() {
    StringBuilder text = new StringBuilder();
    text.append("seed ")
        .append(wanted.seed)
        .append(", ")
        .append(wanted.time.toSeconds())
        .append(" s, ")
        .append(wanted.clients)
        .append(wanted.patroni ? " clients, Patroni\nmischief: " : " clients\nmischief: ")
        .append(done)
        .append('\n');
    said.forEach(line -> text.append(line).append('\n'));
    findings.forEach(finding -> text.append("FOUND ").append(finding).append('\n'));
    if (!findings.isEmpty()) {
      text.append(
          """
          In %s: timeline.txt (what was done when), clients/ (what each client said last, with times of the \
          same clock), n1.log … and front.log.
          """
              .formatted(wanted.keep));
    }
    return text.toString();
  }

  private synchronized void find(String what) {
    findings.add(what);
    tell("FOUND " + what);
  }

  private synchronized boolean isClean(Site site) {
    for (String node : site.nodes()) {
      if (!nodesAway.contains(node) && !site.isAlive(node)) {
        find(node + " has ended by itself");
      }
    }
    if (!site.isAlive(Site.FRONT)) {
      find("the front has ended by itself");
    }
    return findings.isEmpty();
  }

  private synchronized void tell(String what) {
    try {
      Files.writeString(
          wanted.keep.resolve("timeline.txt"),
          Times.shown(times.now()) + " " + what + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  // ---- mischief

  /** What comes next: each kind as often as any other. */
  private Mischief next(Site site) {
    if (deck.isEmpty()) {
      deck.addAll(Mischief.with(site.database()));
      Collections.shuffle(deck, random);
    }
    return deck.removeLast();
  }

  private void mischief(Site site) {
    Mischief kind = next(site);
    String node = site.nodes().get(random.nextInt(NODES));
    int millis = kind.millis(random);
    int detail = random.nextInt(1_000);
    if (!begins(kind, node)) {
      // Not now; first among those of the next round.
      deck.addFirst(kind);
    } else {
      acts.add(Thread.ofVirtual().start(() -> act(site, kind, node, millis, detail)));
    }
  }

  private synchronized boolean begins(Mischief kind, String node) {
    if (together == TOGETHER
        || (kind.isOfNode()
            ? nodesAway.contains(node) || nodesAway.size() == NODES - 1
            : kind != Mischief.LOSS && allAway)) {
      return false;
    }
    together++;
    if (kind.isOfNode()) {
      nodesAway.add(node);
    } else if (kind != Mischief.LOSS) {
      allAway = true;
    }
    done.merge(kind.name(), 1, Integer::sum);
    return true;
  }

  private synchronized void ended(Mischief kind, String node) {
    together--;
    if (kind.isOfNode()) {
      nodesAway.remove(node);
    } else if (kind != Mischief.LOSS) {
      allAway = false;
    }
  }

  private void act(Site site, Mischief kind, String node, int millis, int detail) {
    String name = kind + (kind.isOfNode() ? " " + node : "");
    try {
      tell(name + " for " + millis + " ms, detail " + detail);
      try {
        kind.begin(site, node, detail);
      } catch (IOException e) {
        // Refused may be a drain while the database is away, and a handover to nobody; no more.
        if (kind != Mischief.DRAIN && kind != Mischief.SWITCHOVER) {
          throw e;
        }
        tell(name + " was refused: " + e.getMessage());
      }
      Thread.sleep(millis);
      makeGood(site, kind, node, detail);
      tell(name + " made good");
      if (kind != Mischief.LOSS) {
        Thread.sleep(RECOVERY);
      }
      ended(kind, node);
      tell(name + " is over");
    } catch (IOException | RuntimeException | AssertionError e) {
      find(name + ": " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Other mischief may be in the way for a while. */
  private void makeGood(Site site, Mischief kind, String node, int detail)
      throws IOException, InterruptedException {
    for (int tries = 1; ; tries++) {
      try {
        kind.end(site, node, detail);
        if (kind.isOfNode()) {
          site.awaitReady(node);
        }
        return;
      } catch (IOException e) {
        if (tries == TRIES || !(kind == Mischief.KILL || kind == Mischief.DRAIN)) {
          throw e;
        }
        tell(kind + " " + node + " is not made good yet: " + e.getMessage());
        Thread.sleep(500);
      }
    }
  }

  // ---- the clients

  private BlockingQueue<String> follow(Process clients) {
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    Thread.ofVirtual()
        .start(() -> {
          try (BufferedReader reader = clients.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
              heard(line);
              lines.add(line);
            }
          } catch (IOException e) {
            tell("the clients are not heard any more: " + e);
          }
          lines.add("end");
        });
    return lines;
  }

  private String counted = "";
  private long shown;

  private synchronized void heard(String line) {
    if (line.startsWith("found ")) {
      find(line.substring("found ".length()).replace("\t", "\n"));
    } else if (line.startsWith("counted ")) {
      tell(line);
      said.remove(counted);
      counted = line;
      said.add(line);
      if (times.now() - shown > SHOW.toNanos()) {
        shown = times.now();
        System.out.println("chaos: " + Times.shown(shown) + " s, " + line);
      }
    } else if (line.startsWith("sum ")) {
      said.add(line);
    }
  }

  private void await(BlockingQueue<String> lines, String word)
      throws IOException, InterruptedException {
    while (true) {
      String line = lines.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      if (line == null) {
        throw new IOException("the clients do not say '" + word + "'");
      }
      if (line.equals(word)) {
        return;
      }
      if (line.equals("end")) {
        if (findings.isEmpty()) {
          throw new IOException("the clients have ended; clients.log may say why");
        }
        return;
      }
    }
  }

  private static void order(Process clients, String word) throws IOException {
    OutputStream out = clients.getOutputStream();
    out.write((word + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private void verify(Site site) throws IOException, InterruptedException {
    String verified = site.command(site.nodes().getFirst(), "", "verify");
    if (!verified.contains("All is well")) {
      find("verify: " + verified);
    }
  }
}
