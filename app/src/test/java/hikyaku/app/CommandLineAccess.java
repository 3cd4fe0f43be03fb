package hikyaku.app;

import picocli.CommandLine;

/** Opens the command line to tests of other packages. */
public final class CommandLineAccess {
  private CommandLineAccess() {}

  public static CommandLine commandLine() {
    return Main.commandLine();
  }
}
