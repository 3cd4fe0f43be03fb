package hikyaku.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BenchTest {
  @Test
  void everyMeasurementTellsWhatItDoes() {
    List<String> names = new ArrayList<>(Bench.commandLine().getSubcommands().keySet());
    assertThat(names).contains("mailbox", "queue", "smtp", "help");
    for (String name : names) {
      for (String option : List.of("-h", "--help")) {
        String usage = "Usage: hikyaku bench " + name;
        if (name.equals("help")) {
          // Picocli's own has a sentence before it.
          assertThat(said(name, option).lines()).anyMatch(line -> line.startsWith(usage));
        } else {
          assertThat(said(name, option)).startsWith(usage);
        }
      }
    }
    assertThat(said("--help")).startsWith("Usage: hikyaku bench").contains("mailbox");
    assertThat(said("help", "mailbox")).startsWith("Usage: hikyaku bench mailbox");
  }

  private static String said(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Bench.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(arguments);
    assertThat(exit).as("%s: %s", List.of(arguments), err).isZero();
    return out.toString();
  }
}
