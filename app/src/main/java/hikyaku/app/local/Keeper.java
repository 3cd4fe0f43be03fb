package hikyaku.app.local;

import hikyaku.app.Demo;
import hikyaku.app.Door;
import hikyaku.app.Failure;
import hikyaku.app.Stop;
import hikyaku.server.auth.KeyFile;
import hikyaku.stores.postgres.LocalPostgres;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks after a cluster on one machine: starts all of it, tells of deaths, stops all of it. */
public final class Keeper {
  private static final Duration LOOK = Duration.ofMillis(200);

  /** Longer than the grace that a node gives its sessions. */
  private static final Duration STOP = Duration.ofSeconds(40);

  /** How often at most a child is started again by itself. */
  private static final Duration CALM = Duration.ofSeconds(5);

  /**
   * What is wanted.
   *
   * @param nodes how many; empty for as many as there were
   * @param offset what is added to standard ports for the front; empty for what it was
   * @param restart whether a child that died is started again
   * @param demo whether a first start makes a domain and accounts
   * @param shared a configuration file with what all processes have alike
   */
  public record Options(
      Optional<Integer> nodes,
      Optional<Integer> offset,
      boolean restart,
      boolean demo,
      Optional<Path> shared) {}

  private final Layout layout;
  private final Options options;
  private final Stop stop;
  private final PrintWriter out;
  private final Map<String, Child> children = new LinkedHashMap<>();
  private final Map<String, Long> startedAt = new LinkedHashMap<>();
  private final Set<String> wanted = new LinkedHashSet<>();
  private @Nullable ProcessHandle database;

  private Keeper(Layout layout, Options options, Stop stop, PrintWriter out) {
    this.layout = layout;
    this.options = options;
    this.stop = stop;
    this.out = out;
  }

  /** Runs a cluster until a signal says to stop. */
  public static void run(Path directory, Options options, PrintWriter out) throws Failure {
    Layout layout = Layout.of(directory, options.nodes, options.offset);
    try {
      layout.keep();
      PostgresPackage.install(out, layout.log("apt"));
      try (FileChannel lock =
          FileChannel.open(layout.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        if (lock.tryLock() == null) {
          throw new Failure(
              "A cluster runs in "
                  + layout.directory()
                  + " already. 'hikyaku up --node NAME --data "
                  + layout.directory()
                  + "' brings back a node that was killed.");
        }
        new Keeper(layout, options, Stop.onSignals(), out).run();
      }
    } catch (IOException e) {
      throw new Failure(
          "The cluster in " + layout.directory() + " cannot run: " + e.getMessage() + ".", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted.", e);
    }
  }

  private void run() throws Failure, IOException, InterruptedException {
    long began = System.nanoTime();
    LocalPostgres postgres = LocalPostgres.start(layout.postgres(), LocalPostgres.Options.DEFAULT);
    try {
      database = postgres.process();
      KeyFile.open(layout.key());
      clearRequests();
      List<String> names = layout.names();
      for (String name : names) {
        layout.configureNode(name, postgres, options.shared);
      }
      layout.configureFront(options.shared);
      // The first alone: it makes the tables.
      start(names.getFirst()).awaitReady();
      Optional<List<Demo.Login>> demo = options.demo ? demo() : Optional.empty();
      List<Child> others = new ArrayList<>();
      for (String name : names.subList(1, names.size())) {
        others.add(start(name));
      }
      others.add(start(Layout.FRONT));
      for (Child child : others) {
        child.awaitReady();
      }
      new Guide(out, layout, demo)
          .print(children.values(), postgres, Duration.ofNanos(System.nanoTime() - began));
      out.flush();
      while (!stop.await(LOOK)) {
        lookAfter(postgres);
      }
      say("Stopping; a second signal ends it at once.");
    } finally {
      stopChildren();
      postgres.stop(LocalPostgres.Stop.FAST);
    }
  }

  private Child start(String name) throws Failure {
    Child child =
        Child.start(
            name,
            layout.data(name),
            layout.log(name),
            List.of(
                name.equals(Layout.FRONT) ? "front" : "up",
                "--config",
                layout.config(name).toString()));
    children.put(name, child);
    startedAt.put(name, System.nanoTime());
    return child;
  }

  private Optional<List<Demo.Login>> demo() throws Failure {
    try (Door door = Doors.to(layout)) {
      return Demo.create(door);
    }
  }

  /** Tells of the dead, and starts those that are asked for. */
  private void lookAfter(LocalPostgres postgres) throws IOException {
    if (database != null && !database.isAlive()) {
      died(Layout.POSTGRES, database.pid(), "", startedAt.getOrDefault(Layout.POSTGRES, 0L));
      database = null;
    }
    for (Child child : List.copyOf(children.values())) {
      if (!child.process().isAlive()) {
        children.remove(child.name());
        died(
            child.name(),
            child.process().pid(),
            " with " + child.process().exitValue(),
            startedAt.getOrDefault(child.name(), 0L));
      }
    }
    try (DirectoryStream<Path> requests = Files.newDirectoryStream(layout.requests())) {
      for (Path request : requests) {
        Files.delete(request);
        wanted.add(request.getFileName().toString());
      }
    }
    for (String name : List.copyOf(wanted)) {
      wanted.remove(name);
      if (name.equals(Layout.POSTGRES) && database == null) {
        startAgain(postgres);
      } else if (layout.names().contains(name) || name.equals(Layout.FRONT)) {
        if (!children.containsKey(name)) {
          startAgain(name);
        }
      }
    }
  }

  private void died(String name, long process, String how, long since) {
    say(name + " (process " + process + ") has ended" + how + ".");
    if (!options.restart) {
      say("Bring it back with: " + Guide.bringBack(layout, name));
    } else if (System.nanoTime() - since < CALM.toNanos()) {
      say("It has not lived long and is left dead; " + layout.log(name) + " may say why.");
    } else {
      wanted.add(name);
    }
  }

  private void startAgain(String name) {
    try {
      Child child = start(name);
      say(name + " is started again as process " + child.process().pid() + ".");
    } catch (Failure e) {
      say(String.valueOf(e.getMessage()));
    }
  }

  private void startAgain(LocalPostgres postgres) {
    try {
      startedAt.put(Layout.POSTGRES, System.nanoTime());
      postgres.start();
      database = postgres.process();
      say("postgres is started again as process " + database.pid() + ".");
    } catch (IOException e) {
      say("postgres cannot be started: " + e.getMessage() + ".");
    }
  }

  private void clearRequests() throws IOException {
    try (DirectoryStream<Path> requests = Files.newDirectoryStream(layout.requests())) {
      for (Path request : requests) {
        Files.delete(request);
      }
    }
  }

  /** The front first, so that its clients are told goodbye once and by nobody else. */
  private void stopChildren() throws InterruptedException {
    Child front = children.remove(Layout.FRONT);
    if (front != null) {
      front.terminate();
      front.awaitEnd(STOP);
    }
    children.values().forEach(Child::terminate);
    for (Child child : children.values()) {
      child.awaitEnd(STOP);
    }
  }

  private void say(String line) {
    out.println(line);
    out.flush();
  }
}
