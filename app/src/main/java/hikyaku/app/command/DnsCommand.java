package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku dns}. */
@Command(
    name = "dns",
    description = {
      "Print what a domain must publish in DNS, as lines of a zone file, and whether it does.",
      "Ends with 4 if anything that mail needs is missing or different, or DNS does not answer."
    })
public final class DnsCommand extends Asking {
  private static final int NOT_RIGHT = 4;

  @Parameters(paramLabel = "DOMAIN", description = "Its name.")
  private String domain;

  @Option(
      names = "--host",
      paramLabel = "NAME",
      description =
          "A host that mail and clients come to, the preferred one first; repeat for more. Without"
              + " it the name that this server is known by.")
  private List<String> hosts = List.of();

  private boolean wrong;

  @Override
  void run(Door door, Screen screen) throws Failure {
    Call call = Call.of("GET", "domains", domain, "dns");
    JsonNode records =
        door.call(hosts.isEmpty() ? call : call.with("hosts", String.join(",", hosts)));
    for (JsonNode record : records) {
      boolean right = text(record, "state").equals("right");
      // Mail suffers without no TLSA record, and from a wrong one.
      boolean misleading =
          text(record, "type").equals("TLSA") && text(record, "state").equals("differs");
      wrong |= (flag(record, "needed") && !right) || misleading;
    }
    if (json()) {
      screen.json(records);
      return;
    }
    List<String> lines = new ArrayList<>();
    for (JsonNode record : records) {
      lines.add("; " + verdict(record));
      if (!text(record, "remark").isEmpty()) {
        lines.add("; " + text(record, "remark"));
      }
      lines.add(text(record, "line"));
      lines.add("");
    }
    lines.forEach(line -> screen.line(Screen.printable(line)));
  }

  private static String verdict(JsonNode record) {
    return switch (text(record, "state")) {
      case "right" -> "right";
      case "missing" -> flag(record, "needed") ? "MISSING" : "missing, but not needed";
      case "differs" -> "DIFFERS, there is: " + found(record);
      default -> "NOT TO BE FOUND OUT: " + text(record, "cause");
    };
  }

  private static String found(JsonNode record) {
    List<String> found = new ArrayList<>();
    record.get("found").forEach(each -> found.add(each.asString()));
    return String.join(" | ", found);
  }

  @Override
  int exitCode() {
    return wrong ? NOT_RIGHT : 0;
  }
}
