package hikyaku.app.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The log.
 *
 * @param level the least severe that is written; {@code hikyaku log} changes it while the node runs
 * @param format {@code text}, lines of key=value for people, or {@code json}, an object a line
 * @param file the file to write to, appended and reopened when it was moved away. Empty for
 *     standard error
 */
public record Log(Level level, Format format, Optional<Path> file) {
  public static final Log DEFAULTS = new Log(Level.INFO, Format.TEXT, Optional.empty());

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
