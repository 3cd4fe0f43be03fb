package hikyaku.app.command;

import hikyaku.app.Failure;
import java.io.Console;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import picocli.CommandLine.Option;

/** How a password comes in: from standard input, or asked for twice. Never as an argument. */
public final class PasswordOption {
  private static final int MAX = 4096;

  @Option(
      names = "--password-stdin",
      description = "Read the password from standard input, up to the end of the first line.")
  private boolean fromStandardInput;

  boolean isFromStandardInput() {
    return fromStandardInput;
  }

  String read(String what) throws Failure {
    String password = fromStandardInput ? firstLine() : ask(what);
    if (password.isEmpty()) {
      throw new Failure("The " + what + " is empty; give one.");
    }
    return password;
  }

  private static String firstLine() throws Failure {
    try {
      byte[] octets = System.in.readNBytes(MAX + 1);
      if (octets.length > MAX) {
        throw new Failure("What came on standard input is too long for a password.");
      }
      return new String(octets, StandardCharsets.UTF_8).lines().findFirst().orElse("");
    } catch (IOException e) {
      throw new Failure("Standard input cannot be read.", e);
    }
  }

  private static String ask(String what) throws Failure {
    Console console = System.console();
    if (console == null || !console.isTerminal()) {
      throw new Failure(
          "There is no terminal to ask for the " + what + " on; use --password-stdin.");
    }
    char[] first = console.readPassword("New %s: ", what);
    char[] second = console.readPassword("Again: ");
    if (first == null || !Arrays.equals(first, second)) {
      throw new Failure("The two are not the same; try again.");
    }
    return new String(first);
  }
}
