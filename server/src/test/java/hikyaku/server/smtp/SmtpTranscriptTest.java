package hikyaku.server.smtp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Plays every dialogue beside this class's resources. */
class SmtpTranscriptTest {
  @TestFactory
  Stream<DynamicTest> dialogues() throws Exception {
    Path folder = Path.of(SmtpTranscriptTest.class.getResource("greeting.txt").toURI()).getParent();
    List<Path> files;
    try (Stream<Path> listed = Files.list(folder)) {
      files = listed.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
    }
    return files.stream()
        .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> play(file)));
  }

  private static void play(Path file) throws Exception {
    try {
      Transcript.play(Files.readString(file));
    } catch (IOException e) {
      throw new AssertionError(file.toString(), e);
    }
  }
}
