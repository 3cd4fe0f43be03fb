package hikyaku.app;

import hikyaku.app.config.Configuration;
import hikyaku.app.config.ConfigurationException;
import hikyaku.app.config.ConfigurationFile;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The configuration that a command works with: the file, and what the command line says over it.
 *
 * @param configuration all paths absolute
 * @param file where it came from; empty for the defaults
 */
public record Settings(Configuration configuration, Optional<Path> file) {
  /**
   * Reads it.
   *
   * @throws Failure naming every mistake in the file
   */
  public static Settings of(Optional<Path> data, Optional<Path> file) throws Failure {
    try {
      Configuration read =
          file.isPresent() ? ConfigurationFile.read(file.get()) : Configuration.DEFAULTS;
      Path configured = read.data().toString().isEmpty() ? home().resolve("data") : read.data();
      Path directory = data.orElse(configured).toAbsolutePath();
      Configuration complete = read.withData(directory.normalize()).withHostname(Hostname.of(read));
      return new Settings(complete, file);
    } catch (ConfigurationException e) {
      throw new Failure(String.valueOf(e.getMessage()), e);
    }
  }

  /** Where the program is installed; a data directory that nobody names stands there. */
  private static Path home() {
    return Path.of(System.getProperty("hikyaku.home", "")).toAbsolutePath();
  }
}
