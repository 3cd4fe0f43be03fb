package hikyaku.app.local;

import hikyaku.app.Failure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;

/** Asks the process that looks after a cluster to start a node. */
public final class Requests {
  private static final Duration READY = Duration.ofSeconds(60);
  private static final Duration STEP = Duration.ofMillis(50);

  private Requests() {}

  /** Has a node started that does not run; returns its process when it serves. */
  public static ProcessHandle start(Layout layout, String name) throws Failure {
    if (!layout.processes().contains(name)) {
      throw new Failure(
          "There is no " + name + " here, only " + String.join(", ", layout.processes()) + ".");
    }
    if (Doors.isRunning(layout, name)) {
      throw new Failure(name + " runs.");
    }
    try {
      if (!isKept(layout)) {
        throw new Failure(
            "No cluster runs in "
                + layout.directory()
                + "; 'hikyaku up --data "
                + layout.directory()
                + "' starts all of it.");
      }
      Files.writeString(layout.requests().resolve(name), "");
    } catch (IOException e) {
      throw new Failure("The request cannot be written: " + e.getMessage() + ".", e);
    }
    long deadline = System.nanoTime() + READY.toNanos();
    while (true) {
      Optional<ProcessHandle> process = Doors.process(layout, name);
      if (process.isPresent()) {
        return process.get();
      }
      if (System.nanoTime() > deadline) {
        throw new Failure(name + " does not get ready; " + layout.log(name) + " may say why.");
      }
      pause();
    }
  }

  /** Whether a process looks after the cluster. */
  private static boolean isKept(Layout layout) throws IOException {
    Path lock = layout.lock();
    if (!Files.exists(lock)) {
      return false;
    }
    try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE);
        FileLock taken = channel.tryLock()) {
      return taken == null;
    }
  }

  static void pause() throws Failure {
    try {
      Thread.sleep(STEP);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("Interrupted.", e);
    }
  }
}
