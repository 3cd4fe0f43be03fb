package hikyaku.app.local;

import hikyaku.app.DataDirectory;
import hikyaku.app.Failure;
import hikyaku.app.Stop;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A process of the cluster that runs this very program, with the same Java and options. */
final class Child {
  private static final Duration READY = Duration.ofSeconds(60);
  private static final Duration STEP = Duration.ofMillis(20);
  private static final int SAID_LINES = 5;

  /** Options that say something of this process. */
  private static final List<String> NOT_OF_CHILDREN =
      List.of("-D" + Stop.KEEPER + "=", "-Dhikyaku.began=");

  private final String name;
  private final Path data;
  private final Path log;
  private final Process process;

  private Child(String name, Path data, Path log, Process process) {
    this.name = name;
    this.data = data;
    this.log = log;
    this.process = process;
  }

  /** Starts a process. */
  static Child start(String name, Path data, Path log, List<String> arguments) throws Failure {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> NOT_OF_CHILDREN.stream().noneMatch(option::startsWith))
        .forEach(command::add);
    command.add("-D" + Stop.KEEPER + "=" + ProcessHandle.current().pid());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "hikyaku.app.Main"));
    command.addAll(arguments);
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      process.getOutputStream().close();
      return new Child(name, data, log, process);
    } catch (IOException e) {
      throw new Failure("The process " + name + " cannot be started: " + e.getMessage() + ".", e);
    }
  }

  String name() {
    return name;
  }

  Process process() {
    return process;
  }

  /** Waits until it serves. */
  void awaitReady() throws Failure, InterruptedException {
    long deadline = System.nanoTime() + READY.toNanos();
    while (true) {
      Optional<DataDirectory.Endpoint> endpoint = DataDirectory.endpoint(data);
      if (endpoint.isPresent() && endpoint.get().process() == process.pid()) {
        return;
      }
      if (process.waitFor(STEP.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new Failure(name + " does not start. It said:\n" + lastSaid());
      }
      if (System.nanoTime() > deadline) {
        throw new Failure(
            name + " (process " + process.pid() + ") does not get ready; " + log + " may say why.");
      }
    }
  }

  private String lastSaid() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - SAID_LINES), lines.size()));
    } catch (IOException e) {
      return "(" + log + " cannot be read)";
    }
  }

  /** Asks it to stop in order. */
  void terminate() {
    process.toHandle().destroy();
  }

  /** Waits for its end, and forces it if it takes too long. */
  void awaitEnd(Duration patience) throws InterruptedException {
    if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
