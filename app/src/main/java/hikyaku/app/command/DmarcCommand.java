package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import hikyaku.server.ops.Figures;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code hikyaku dmarc}. */
@Command(
    name = "dmarc",
    description = "What others report of mail that says to be from domains of this service.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {DmarcCommand.Reports.class})
public final class DmarcCommand {

  /** {@code dmarc reports}. */
  @Command(
      name = "reports",
      description = {
        "Show where mail came from that says to be from a domain, as others have reported it, and"
            + " whether it passed DMARC there: by DKIM, by SPF.",
        "What does not pass and is yours needs a key or an entry in SPF; the rest is forged."
      })
  static final class Reports extends Asking {
    @Parameters(
        paramLabel = "DOMAIN",
        arity = "0..1",
        description = "Its name; without it, of all domains.")
    private @Nullable String domain;

    @Option(
        names = "--days",
        paramLabel = "N",
        defaultValue = "30",
        description = "Reports of the last N days; ${DEFAULT-VALUE} if it is not said.")
    private int days;

    @Override
    void run(Door door, Screen screen) throws Failure {
      Call call = Call.of("GET", "dmarc-reports").with("days", String.valueOf(days));
      JsonNode found = door.call(domain == null ? call : call.with("domain", domain));
      if (json()) {
        screen.json(found);
        return;
      }
      if (found.isEmpty()) {
        screen.line("There are no reports.");
        return;
      }
      for (JsonNode each : found) {
        show(each, screen);
      }
    }

    private static void show(JsonNode of, Screen screen) {
      screen.line(
          Screen.printable(
              "%s: %s reports by %s, of %s to %s"
                  .formatted(
                      text(of, "domain"),
                      Figures.count(number(of, "reports")),
                      joined(of.get("reporters")),
                      text(of, "begin"),
                      text(of, "end"))));
      if (number(of, "missing") > 0) {
        screen.line(Figures.count(number(of, "missing")) + " more messages are in no row.");
      }
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode source : of.get("sources")) {
        List<String> became = new ArrayList<>();
        source
            .get("dispositions")
            .properties()
            .forEach(
                each -> became.add(each.getKey() + " " + Figures.count(each.getValue().asLong())));
        rows.add(
            List.of(
                text(source, "source"),
                Figures.count(number(source, "messages")),
                Figures.count(number(source, "passed")),
                Figures.count(number(source, "dkim")),
                Figures.count(number(source, "spf")),
                String.join(", ", became),
                joined(source.get("from")),
                joined(source.get("reporters"))));
      }
      screen.table(
          List.of("SOURCE", "MESSAGES", "PASS", "DKIM", "SPF", "BECAME", "FROM", "REPORTED BY"),
          rows,
          "Nothing.");
    }

    private static String joined(JsonNode list) {
      List<String> all = new ArrayList<>();
      list.forEach(each -> all.add(each.asString()));
      return String.join(", ", all);
    }
  }
}
