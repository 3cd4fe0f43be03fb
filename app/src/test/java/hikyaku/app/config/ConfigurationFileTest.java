package hikyaku.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

final class ConfigurationFileTest {
  private static final Path BAD = Path.of("src/test/resources/hikyaku/app/config/bad");

  @Test
  void nothingNeedsToBeSaid() throws ConfigurationException {
    assertThat(ConfigurationFile.parse("empty", "")).isEqualTo(Configuration.DEFAULTS);
  }

  @Test
  void whatIsSaidIsTakenAndTheRestStays() throws ConfigurationException {
    Configuration configuration =
        ConfigurationFile.parse(
            "some",
            """
            hostname = "mail.example.org"
            listen.standard-ports = true
            connections = { read = "90s", connections = 500 }
            [listen.imap]
            addresses = ["192.0.2.1", "2001:db8::1"]
            port = 1143
            [listen.pop3]
            enabled = false
            [log]
            format = "json"
            """);
    assertThat(configuration.hostname()).isEqualTo("mail.example.org");
    assertThat(configuration.listen().imap().addresses())
        .containsExactly("192.0.2.1", "2001:db8::1");
    assertThat(configuration.listen().imap().port()).isEqualTo(Optional.of(1143));
    assertThat(configuration.listen().pop3().enabled()).isFalse();
    assertThat(configuration.listen().port(configuration.listen().imaps(), 993)).isEqualTo(993);
    assertThat(configuration.log().format()).isEqualTo(Log.Format.JSON);
    assertThat(configuration.connections().read()).isEqualTo(Duration.ofSeconds(90));
    assertThat(configuration.connections().connections()).isEqualTo(500);
    assertThat(configuration.connections().write())
        .isEqualTo(Configuration.DEFAULTS.connections().write());
  }

  @Test
  void whatIsWrittenIsReadBackTheSame() throws ConfigurationException {
    Configuration odd =
        Configuration.DEFAULTS
            .withData(Path.of("/a \"b\"\\c\td"))
            .withListen(Configuration.DEFAULTS.listen().map(l -> l.at(0, "::1")));
    assertThat(ConfigurationFile.parse("own", ConfigurationFile.write(odd))).isEqualTo(odd);
    assertThat(ConfigurationFile.parse("own", ConfigurationFile.write(Configuration.DEFAULTS)))
        .isEqualTo(Configuration.DEFAULTS);
  }

  /**
   * Each file there holds a bad configuration and, in its comments at the end, all that is said.
   */
  @TestFactory
  Stream<DynamicTest> badConfigurations() throws IOException {
    List<Path> files;
    try (Stream<Path> listed = Files.list(BAD)) {
      files = listed.sorted().toList();
    }
    assertThat(files).hasSizeGreaterThan(5);
    return files.stream()
        .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> refuses(file)));
  }

  private static void refuses(Path file) throws IOException {
    String text = Files.readString(file);
    String expected =
        String.join(
            "\n",
            text.lines()
                .filter(line -> line.startsWith("#! "))
                .map(line -> line.substring(3))
                .toList());
    assertThat(expected).isNotEmpty();
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> ConfigurationFile.parse("f", text))
        .withMessage(expected);
  }

  @Test
  void aFileThatIsNotThereIsSaid() {
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> ConfigurationFile.read(Path.of("no-such.toml")))
        .withMessage("no-such.toml: there is no such file");
  }

  @Test
  void someSettingsAreLaidOverAFile(@TempDir Path directory)
      throws ConfigurationException, IOException {
    Path file =
        Files.writeString(
            directory.resolve("shared.toml"),
            """
            hostname = "mail.example.org"
            connections.read = "90s"
            [listen.imap]
            port = 143
            addresses = ["192.0.2.1"]
            """);
    String laid =
        ConfigurationFile.laidOver(
            file,
            """
            [node]
            name = "n1"
            [listen.imap]
            port = 1143
            """);
    Configuration configuration = ConfigurationFile.parse("laid", laid);
    assertThat(configuration.hostname()).isEqualTo("mail.example.org");
    assertThat(configuration.connections().read()).isEqualTo(Duration.ofSeconds(90));
    assertThat(configuration.node().name()).isEqualTo("n1");
    assertThat(configuration.listen().imap().port()).contains(1143);
    assertThat(configuration.listen().imap().addresses()).containsExactly("192.0.2.1");
  }

  @Test
  void amountsAndTimes() {
    assertThat(Values.amount("64K")).isEqualTo(65_536);
    assertThat(Values.amount("unlimited")).isEqualTo(Long.MAX_VALUE);
    assertThat(Values.duration("7d")).isEqualTo(Duration.ofDays(7));
    assertThat(Values.duration(Duration.ofMillis(1500))).isEqualTo("1500ms");
    assertThat(Values.duration(Duration.ofSeconds(120))).isEqualTo("2m");
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> Values.amount("9000000T"))
        .withMessage("\"9000000T\" is too large");
  }
}
