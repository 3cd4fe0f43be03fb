package hikyaku.app.command;

import hikyaku.app.Failure;
import hikyaku.app.config.ConfigurationFile;
import hikyaku.app.config.Reference;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hikyaku config}. */
@Command(
    name = "config",
    description = "The configuration: what is in force, what can be set.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {ConfigCommand.Show.class, ConfigCommand.Sample.class, ConfigCommand.Check.class})
public final class ConfigCommand {
  /** {@code config show}. */
  @Command(
      name = "show",
      description = "Print the whole configuration that a node would start with.")
  static final class Show implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Where where;

    @Override
    public Integer call() throws Failure {
      spec.commandLine().getOut().print(ConfigurationFile.write(where.settings().configuration()));
      return 0;
    }
  }

  /** {@code config reference}. */
  @Command(
      name = "reference",
      description = "Print every key with its meaning and default, as a file to begin with.")
  static final class Sample implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      spec.commandLine().getOut().print(Reference.sample());
      return 0;
    }
  }

  /** {@code config check}. */
  @Command(name = "check", description = "Read a configuration and say what is wrong with it.")
  static final class Check implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Where where;

    @Override
    public Integer call() throws Failure {
      where.settings();
      spec.commandLine().getOut().println("The configuration is in order.");
      return 0;
    }
  }
}
