package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RehearsalTest {
  /** Nobody looks at it when it runs: without this, one that fails would only cost everybody time. */
  @Test
  void comesToItsEndAndHasMovedSessions(@TempDir Path directory) throws Exception {
    assertThat(Main.commandLine("rehearse").execute("rehearse", directory.toString())).isZero();
    long moved = 0;
    try (Stream<Path> files = Files.walk(directory.resolve("front"))) {
      for (Path file : files.filter(each -> each.toString().endsWith(".jsonl")).toList()) {
        moved +=
            Files.readAllLines(file).stream()
                .filter(line -> line.contains("\"m\":\"session moved\""))
                .count();
      }
    }
    assertThat(moved).isGreaterThanOrEqualTo(200);
  }
}
