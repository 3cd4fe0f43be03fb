package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.BackendOperations;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku backend}. */
@Command(
    name = "backend",
    description = {
      "Foreign IMAP and POP3 servers that serve accounts in place of this one.",
      "'account route --backend' and 'domain set --backend' say which accounts."
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      BackendCommand.Change.class,
      BackendCommand.Listing.class,
      BackendCommand.Remove.class
    })
public final class BackendCommand {
  /** {@code backend set}. */
  @Command(
      name = "set",
      description = "Say where a foreign server is, all of it, in place of what was said before.")
  static final class Change extends Asking {
    @Parameters(paramLabel = "NAME", description = "How accounts and domains name it.")
    private String name;

    @Option(
        names = "--imap",
        paramLabel = "URL",
        defaultValue = "",
        description =
            "imaps://HOST, imap://HOST (with STARTTLS) or imap+plain://HOST (without TLS), with"
                + " :PORT if it is another than the usual one.")
    private String imap;

    @Option(
        names = "--pop3",
        paramLabel = "URL",
        defaultValue = "",
        description = "pop3s://HOST, pop3://HOST (with STLS) or pop3+plain://HOST (without TLS).")
    private String pop3;

    @Option(
        names = "--certificate",
        paramLabel = "SHA256",
        defaultValue = "",
        description =
            "The only certificate that will do, by its SHA-256 in hexadecimal digits. Without it one"
                + " that this machine trusts for the host.")
    private String certificate;

    @Option(
        names = "--unchecked",
        description = "Take any certificate: whoever is between can read all.")
    private boolean unchecked;

    @Option(
        names = "--proxy",
        paramLabel = "VERSION",
        defaultValue = "0",
        description = "Tell it of clients by the PROXY protocol, version 1 or 2.")
    private int proxy;

    @Option(
        names = "--local-part",
        description = "It calls users by the part of the address before the @.")
    private boolean localPart;

    @Option(
        names = "--master",
        paramLabel = "USER",
        defaultValue = "",
        description =
            "A user there that logs in for others, as user*USER. Accounts then prove themselves here,"
                + " by the password that they have here.")
    private String master;

    @Mixin private PasswordOption password;

    @Override
    void run(Door door, Screen screen) throws Failure {
      String secret = master.isEmpty() ? null : password.read("password of " + master);
      JsonNode set =
          door.call(
              Call.of("PUT", "backends", name)
                  .withBody(
                      new BackendOperations.Wanted(
                          imap, pop3, unchecked, certificate, proxy, localPart, master, secret)));
      if (json()) {
        screen.json(set);
      } else {
        screen.line("The foreign server " + name + " is set.");
      }
    }
  }

  /** {@code backend list}. */
  @Command(name = "list", description = "List the foreign servers.")
  static final class Listing extends Asking {
    @Override
    void run(Door door, Screen screen) throws Failure {
      JsonNode backends = door.call(Call.of("GET", "backends"));
      if (json()) {
        screen.json(backends);
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode backend : backends) {
        rows.add(
            List.of(
                text(backend, "name"),
                text(backend, "imap"),
                text(backend, "pop3"),
                certificate(backend),
                number(backend, "proxy") == 0 ? "" : "version " + number(backend, "proxy"),
                text(backend, "master"),
                flag(backend, "localPart") ? "local part" : "address"));
      }
      screen.table(
          List.of("NAME", "IMAP", "POP3", "CERTIFICATE", "PROXY", "MASTER", "USERS"),
          rows,
          "There are no foreign servers; 'hikyaku backend set NAME' makes one known.");
    }

    private static String certificate(JsonNode backend) {
      if (flag(backend, "unchecked")) {
        return "any";
      }
      String only = text(backend, "certificate");
      return only.isEmpty() ? "trusted" : only.substring(0, 16) + "...";
    }
  }

  /** {@code backend remove}. */
  @Command(
      name = "remove",
      description =
          "Forget a foreign server. Accounts that it serves cannot log in until they are routed anew.")
  static final class Remove extends Asking {
    @Parameters(paramLabel = "NAME", description = "Its name.")
    private String name;

    @Override
    void run(Door door, Screen screen) throws Failure {
      door.call(Call.of("DELETE", "backends", name));
      if (!json()) {
        screen.line("The foreign server " + name + " is forgotten.");
      }
    }
  }
}
