package hikyaku.server.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;

/**
 * Writes each traced session to a file of its own, named after it and readable by the owner alone:
 * even without secrets a trace tells who writes to whom.
 */
public final class TraceFiles implements TraceSink {
  private final Path directory;
  private final InstantSource clock;

  /** Files in this directory, which is made when first needed. */
  public TraceFiles(Path directory, InstantSource clock) {
    this.directory = directory;
    this.clock = clock;
  }

  /** The file of a session. */
  public Path file(String sessionId) {
    return directory.resolve(sessionId + ".trace");
  }

  /**
   * Appends a line: the time, {@code C:}, {@code S:} or {@code --}, and the text.
   *
   * @throws UncheckedIOException if it cannot be written, which ends the trace of that session
   */
  @Override
  public void line(String sessionId, Direction direction, String text) {
    String mark =
        switch (direction) {
          case CLIENT -> "C:";
          case SERVER -> "S:";
          case EVENT -> "--";
        };
    Path file = file(sessionId);
    try {
      create(file);
      Files.writeString(
          file,
          clock.instant() + " " + mark + " " + text + "\n",
          StandardCharsets.UTF_8,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void create(Path file) throws IOException {
    if (Files.exists(file)) {
      return;
    }
    Files.createDirectories(directory);
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (FileAlreadyExistsException e) {
      // Another trace of the same session was first.
      return;
    }
  }
}
