package hikyaku.app.command;

import hikyaku.app.Failure;
import java.io.Console;
import picocli.CommandLine.Option;

/** The question before something is lost. */
public final class Confirmation {
  @Option(names = "--yes", description = "Do not ask.")
  private boolean yes;

  public void ask(String question) throws Failure {
    if (yes) {
      return;
    }
    Console console = System.console();
    if (console == null || !console.isTerminal()) {
      throw new Failure("There is no terminal to ask on; say --yes if you mean it.");
    }
    String answer = console.readLine("%s [y/N] ", question);
    if (answer == null || !(answer.equals("y") || answer.equals("yes"))) {
      throw new Failure("Nothing was done.");
    }
  }
}
