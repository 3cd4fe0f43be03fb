package hikyaku.app;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hikyaku version}: what runs, for a report. */
@Command(name = "version", description = "Show the versions of the program and of its Java.")
final class VersionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  VersionCommand() {}

  @Override
  public Integer call() {
    spec.commandLine()
        .getOut()
        .printf("Hikyaku %s, Java %s%n", Version.PROGRAM, Runtime.version().toString());
    return 0;
  }
}
