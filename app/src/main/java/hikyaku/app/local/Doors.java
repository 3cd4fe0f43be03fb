package hikyaku.app.local;

import hikyaku.app.DataDirectory;
import hikyaku.app.Door;
import hikyaku.app.Failure;
import hikyaku.app.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** The ways to a cluster on one machine: to one of its nodes that runs, whichever it is. */
public final class Doors {
  private Doors() {}

  /** The way to a node that runs, or, if none does, to the store by the first one's directory. */
  public static Door to(Layout layout) throws Failure {
    for (String name : layout.names()) {
      if (isRunning(layout, name)) {
        return to(layout, name);
      }
    }
    return to(layout, layout.names().getFirst());
  }

  /** The way to one node. */
  public static Door to(Layout layout, String name) throws Failure {
    return Door.open(
        Settings.of(Optional.empty(), Optional.of(layout.config(name))).configuration());
  }

  static boolean isRunning(Layout layout, String name) throws Failure {
    return process(layout, name).isPresent();
  }

  /** The process of a node or the front that runs and is ready, or of the database. */
  public static Optional<ProcessHandle> process(Layout layout, String name) throws Failure {
    if (name.equals(Layout.POSTGRES)) {
      return postgres(layout);
    }
    return DataDirectory.endpoint(layout.data(name))
        .flatMap(endpoint -> ProcessHandle.of(endpoint.process()))
        .filter(ProcessHandle::isAlive);
  }

  private static Optional<ProcessHandle> postgres(Layout layout) throws Failure {
    Path file = layout.postgres().resolve("data").resolve("postmaster.pid");
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .findFirst()
          .flatMap(line -> ProcessHandle.of(Long.parseLong(line.strip())))
          .filter(ProcessHandle::isAlive);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | UncheckedIOException | NumberFormatException e) {
      throw new Failure("The file " + file + " cannot be read: " + e.getMessage() + ".", e);
    }
  }
}
