package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.SieveOperations;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hikyaku sieve import-forward}. */
@Command(
    name = "import-forward",
    description = {
      "Store what a .forward file of another mail server says as a script of an account.",
      "Addresses and \\user are taken; programs, files and lists are not."
    })
final class ForwardCommand extends SieveCommand.OnAccount {
  /** The script's name. */
  private static final String NAME = "forward";

  @Parameters(index = "1", paramLabel = "FILE", description = "The .forward file.")
  private Path file;

  @Option(names = "--activate", description = "Let it run from now on.")
  private boolean activate;

  @Override
  void run(Door door, Screen screen) throws Failure {
    String text = new String(SieveTrial.octets(file), StandardCharsets.UTF_8);
    String script;
    try {
      script = ForwardFile.toSieve(text, address());
    } catch (IllegalArgumentException e) {
      throw new Failure(file + " cannot be taken: " + e.getMessage() + ".", e);
    }
    door.call(
        Call.of("PUT", "accounts", address(), "sieve", NAME)
            .withOctets(script.getBytes(StandardCharsets.UTF_8)));
    if (activate) {
      door.call(
          Call.of("PUT", "accounts", address(), "sieve")
              .withBody(new SieveOperations.Activation(NAME)));
    }
    told(
        screen,
        "Script "
            + NAME
            + (activate ? " stored; it runs from now on:" : " stored:")
            + "\n"
            + script);
  }
}
