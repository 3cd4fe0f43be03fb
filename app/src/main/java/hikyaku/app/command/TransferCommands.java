package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Failure;
import hikyaku.app.transfer.Transfer;
import hikyaku.server.ops.Figures;
import hikyaku.server.ops.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code hikyaku import} and {@code hikyaku export}. */
public final class TransferCommands {
  private TransferCommands() {}

  /** {@code hikyaku import}. */
  @Command(
      name = "import",
      description = {
        "Bring mail into an account, with flags, dates and folders.",
        "Run it again as often as you like: nothing is brought twice."
      },
      synopsisSubcommandLabel = "COMMAND",
      subcommands = {ImportMaildir.class, ImportMbox.class})
  public static final class Import {}

  /** {@code hikyaku export}. */
  @Command(
      name = "export",
      description = {
        "Write the mail of an account to files, with flags, dates and folders.",
        "Run it again to write what is new."
      },
      synopsisSubcommandLabel = "COMMAND",
      subcommands = {ExportMaildir.class, ExportMbox.class})
  public static final class Export {}

  /** A transfer that tells of each folder. */
  abstract static class Transferring extends Asking {
    private final List<Transfer.Folder> folders = new ArrayList<>();

    @Parameters(index = "0", paramLabel = "ADDRESS", description = "The account's address.")
    private String address;

    abstract void transfer(Transfer transfer) throws Failure;

    abstract String verb();

    @Override
    final void run(Door door, Screen screen) throws Failure {
      transfer(
          new Transfer(
              door,
              address,
              folder -> {
                folders.add(folder);
                if (!json()) {
                  told(screen, folder);
                }
              }));
      if (json()) {
        screen.json(Json.MAPPER.valueToTree(folders));
      }
    }

    private void told(Screen screen, Transfer.Folder folder) {
      String there =
          folder.present() == 0 ? "" : ", " + Figures.count(folder.present()) + " there already";
      screen.line(
          "%s: %s %s%s".formatted(folder.name(), Figures.count(folder.moved()), verb(), there));
    }
  }

  /** {@code import maildir}. */
  @Command(name = "maildir", description = "From a Maildir, with the folders of Maildir++.")
  static final class ImportMaildir extends Transferring {
    @Parameters(
        index = "1",
        paramLabel = "DIR",
        description = "The directory that has cur and new.")
    private Path directory;

    @Override
    void transfer(Transfer transfer) throws Failure {
      transfer.importMaildir(directory);
    }

    @Override
    String verb() {
      return "brought";
    }
  }

  /** {@code import mbox}. */
  @Command(
      name = "mbox",
      description = "From an mbox file, or all files of a directory that are named FOLDER.mbox.")
  static final class ImportMbox extends Transferring {
    @Parameters(index = "1", paramLabel = "PATH", description = "The file or the directory.")
    private Path path;

    @Parameters(
        index = "2",
        arity = "0..1",
        paramLabel = "MAILBOX",
        defaultValue = "INBOX",
        description = "Where a file's messages go; ${DEFAULT-VALUE} if not given.")
    private String mailbox;

    @Override
    void transfer(Transfer transfer) throws Failure {
      if (Files.isDirectory(path)) {
        transfer.importMboxes(path);
      } else {
        transfer.importMbox(path, mailbox);
      }
    }

    @Override
    String verb() {
      return "brought";
    }
  }

  /** {@code export maildir}. */
  @Command(name = "maildir", description = "To a Maildir, with the folders of Maildir++.")
  static final class ExportMaildir extends Transferring {
    @Parameters(index = "1", paramLabel = "DIR", description = "The directory, made if need be.")
    private Path directory;

    @Override
    void transfer(Transfer transfer) throws Failure {
      transfer.exportMaildir(directory);
    }

    @Override
    String verb() {
      return "written";
    }
  }

  /** {@code export mbox}. */
  @Command(name = "mbox", description = "To files named FOLDER.mbox, which are replaced.")
  static final class ExportMbox extends Transferring {
    @Parameters(index = "1", paramLabel = "DIR", description = "The directory, made if need be.")
    private Path directory;

    @Override
    void transfer(Transfer transfer) throws Failure {
      transfer.exportMboxes(directory);
    }

    @Override
    String verb() {
      return "written";
    }
  }
}
