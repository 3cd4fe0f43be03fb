package hikyaku.app.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The log.
 *
 * @param level the least severe that is written; {@code hikyaku log} changes it while the node runs
 * @param format {@code text}, lines of key=value for people, or {@code json}, an object a line
 * @param file the file to write to, appended and reopened when it was moved away. Empty for
 *     standard error
 * @param journal the most octets of the journal in the data directory, which {@code hikyaku
 *     session} and {@code hikyaku trace} read. It has one line for each event of a session,
 *     whatever {@code level} says; the oldest go first. 0 for no journal
 * @param journalAge how long lines stay in it, if there is room
 */
public record Log(
    Level level, Format format, Optional<Path> file, long journal, Duration journalAge) {
  public static final Log DEFAULTS =
      new Log(Level.INFO, Format.TEXT, Optional.empty(), 256L * 1024 * 1024, Duration.ofDays(30));

  /** How severe a line is. */
  public enum Level {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
  }

  /** How a line is written. */
  public enum Format {
    TEXT,
    JSON
  }
}
