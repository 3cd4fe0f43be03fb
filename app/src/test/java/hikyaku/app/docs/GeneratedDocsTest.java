package hikyaku.app.docs;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.config.Configuration;
import hikyaku.app.config.ConfigurationAccess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What is generated is committed, and is what would be generated. {@code -Dhikyaku.docs=write}
 * writes it anew.
 */
final class GeneratedDocsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  @TestFactory
  java.util.stream.Stream<DynamicTest> isCurrent() throws IOException {
    Map<Path, String> wanted = new GeneratedDocs(ROOT).all();
    if ("write".equals(System.getProperty("hikyaku.docs"))) {
      for (Map.Entry<Path, String> file : wanted.entrySet()) {
        Files.writeString(ROOT.resolve(file.getKey()), file.getValue());
      }
    }
    return wanted.entrySet().stream()
        .map(file ->
            DynamicTest.dynamicTest(
                file.getKey().toString(),
                () ->
                    assertThat(ROOT.resolve(file.getKey()))
                        .as("run ./hikyaku docs")
                        .hasContent(file.getValue())));
  }

  /** A sample that a reader uncomments must be a configuration, and say the defaults. */
  @Test
  void theSampleUncommentedIsTheDefaults() throws Exception {
    String sample = new GeneratedDocs(ROOT).all().values().iterator().next();
    String uncommented = sample.replaceAll("(?m)^#([a-z0-9-]+ = )", "$1");
    assertThat(uncommented).isNotEqualTo(sample);
    assertThat(ConfigurationAccess.parse(uncommented).withHostname(""))
        .usingRecursiveComparison()
        .ignoringFields("passwords.hashing.threads")
        .isEqualTo(Configuration.DEFAULTS);
  }
}
