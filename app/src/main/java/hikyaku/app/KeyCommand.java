package hikyaku.app;

import hikyaku.app.command.Confirmation;
import hikyaku.app.command.Where;
import hikyaku.app.config.Configuration;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.auth.KeyFile;
import hikyaku.server.cluster.KeyAgreement;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hikyaku key}. */
@Command(
    name = "key",
    description = "The key of the installation, which all nodes of a cluster share.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {KeyCommand.Show.class, KeyCommand.Install.class, KeyCommand.Adopt.class})
final class KeyCommand {
  /** {@code key show}. */
  @Command(name = "show", description = "Print the fingerprint of the key, and where it is.")
  static final class Show implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Where where;

    @Option(
        names = "--secret",
        description = "Print the key itself and nothing else, for 'hikyaku key install'.")
    private boolean secret;

    @Override
    public Integer call() throws Failure {
      Configuration configuration = where.settings().configuration();
      Path file = configuration.node().keyFile().orElse(DataDirectory.key(configuration.data()));
      try {
        KeyFile key = KeyFile.read(file);
        spec.commandLine()
            .getOut()
            .println(secret ? key.secret() : key.fingerprint() + "  " + file);
        return 0;
      } catch (IOException e) {
        throw new Failure("The key cannot be read: " + Reason.of(e) + ".", e);
      }
    }
  }

  /** {@code key install}. */
  @Command(
      name = "install",
      description = {
        "Read the key of another node on standard input, and keep it in the data directory.",
        "Its node must not run."
      })
  static final class Install implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Where where;

    @Option(names = "--replace", description = "Put it over another key that is there.")
    private boolean replace;

    @Override
    public Integer call() throws Failure {
      Configuration configuration = where.settings().configuration();
      try (DataDirectory data = take(configuration)) {
        Path file = Core.keyFile(data, configuration);
        KeyFile key = KeyFile.of(read());
        if (Files.exists(file) && !replace && !KeyFile.read(file).secret().equals(key.secret())) {
          throw new Failure(
              file + " is there and has another key; say --replace if nothing needs that one.");
        }
        key.keepIn(file);
        spec.commandLine().getOut().println(key.fingerprint() + "  " + file);
        return 0;
      } catch (IllegalArgumentException e) {
        throw new Failure("That is no key; 'hikyaku key show --secret' prints one.", e);
      } catch (IOException e) {
        throw new Failure("The key cannot be kept: " + Reason.of(e) + ".", e);
      }
    }

    private static String read() throws IOException {
      String line =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))
              .readLine();
      return line == null ? "" : line.strip();
    }
  }

  /** {@code key adopt}. */
  @Command(
      name = "adopt",
      description = {
        "Make the key of this data directory that of the installation, because the right one is lost.",
        "Secrets of APOP and CRAM-MD5 and keys of DKIM must then be set anew, and every other node",
        "needs this key."
      })
  static final class Adopt implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Where where;
    @Mixin private Confirmation confirmation;

    @Override
    public Integer call() throws Failure {
      Configuration configuration = where.settings().configuration();
      confirmation.ask("Secrets kept under the lost key cannot be read any more. Go on?");
      try (DataDirectory data = take(configuration);
          Store store = Core.openStore(data, configuration, Clock.systemUTC())) {
        Path file = Core.keyFile(data, configuration);
        KeyFile key = KeyFile.open(file);
        new KeyAgreement(store.logs()).replace(key.fingerprint());
        spec.commandLine().getOut().println(key.fingerprint() + "  " + file);
        return 0;
      } catch (IOException | StoreException e) {
        throw new Failure("The key cannot be adopted: " + Reason.of(e) + ".", e);
      }
    }
  }

  private static DataDirectory take(Configuration configuration) throws Failure {
    return DataDirectory.take(configuration.data())
        .orElseThrow(() ->
            new Failure(
                "The data directory "
                    + configuration.data()
                    + " is in use by another process. Stop that one first."));
  }
}
