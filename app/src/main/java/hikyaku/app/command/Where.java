package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Failure;
import hikyaku.app.Settings;
import hikyaku.app.config.Configuration;
import hikyaku.app.local.Doors;
import hikyaku.app.local.Layout;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say which data directory is meant. */
public final class Where {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "The data directory. Without it: the one of the configuration, else data beside the program.")
  private @Nullable Path data;

  @Option(names = "--config", paramLabel = "FILE", description = "The configuration file.")
  private @Nullable Path config;

  public Settings settings() throws Failure {
    return Settings.of(Optional.ofNullable(data), Optional.ofNullable(config));
  }

  public Door open() throws Failure {
    Configuration configuration = settings().configuration();
    return Layout.isIn(configuration.data())
        ? Doors.to(Layout.of(configuration.data()))
        : Door.open(configuration);
  }
}
