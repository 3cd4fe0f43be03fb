package hikyaku.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.CommandLineAccess;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hikyaku examine}, where nobody answers for DNS. */
final class ExamineCommandTest {
  @TempDir private Path directory;

  private record Said(int exit, String out, String err) {}

  private Said examine(String settings, String client) throws Exception {
    Path config =
        Files.writeString(
            directory.resolve("hikyaku.toml"),
            """
            hostname = "mx.demo.test"
            [dns]
            resolvers = ["127.0.0.1:9"]
            timeout = "100ms"
            [origin]
            """
                + settings);
    Path message = Files.writeString(directory.resolve("mail"), "From: jo@a.example\n\nhi\n");
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        CommandLineAccess.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(
                "examine",
                message.toString(),
                "--client",
                client,
                "--from",
                "jo@a.example",
                "--config",
                config.toString());
    return new Said(exit, out.toString(), err.toString());
  }

  @Test
  void itTellsWhatWouldBecomeOfAMessage() throws Exception {
    Said said = examine("", "192.0.2.1");
    assertThat(said.err()).isEmpty();
    assertThat(said.exit()).isZero();
    assertThat(said.out())
        .startsWith("Authentication-Results: mx.demo.test;\n\tspf=temperror ")
        .contains("dmarc=temperror (dis=none) header.from=a.example\n")
        .endsWith("\nIt would be taken.\n");
    assertThat(examine("unsure = \"defer\"\n", "192.0.2.1").out())
        .endsWith("\nIt would be put off with 451 4.7.24, for SPF cannot be checked now.\n");
  }

  @Test
  void whatIsNotExamined() throws Exception {
    assertThat(examine("", "127.0.0.1").out()).isEqualTo("Mail from 127.0.0.1 is not examined.\n");
    assertThat(examine("", "somewhere").exit()).isEqualTo(1);
  }
}
