package hikyaku.server.smtp;

import hikyaku.server.testing.Carrier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Plays every dialogue beside this class's resources. */
class SmtpTranscriptTest {
  private static final long SEEDS = 2;

  private static List<Path> files() throws Exception {
    Path folder = Path.of(SmtpTranscriptTest.class.getResource("greeting.txt").toURI()).getParent();
    try (Stream<Path> listed = Files.list(folder)) {
      return listed.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
    }
  }

  @TestFactory
  Stream<DynamicTest> dialogues() throws Exception {
    return files().stream()
        .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> play(file)));
  }

  /** The same where the session moves to another node after each command, and where nodes die. */
  @TestFactory
  Stream<DynamicTest> carried() throws Exception {
    List<Carrier.Plan> plans = new ArrayList<>();
    plans.add(Carrier.Plan.MOVES);
    for (long seed = 1; seed <= SEEDS; seed++) {
      plans.add(Carrier.Plan.deaths(seed));
      plans.add(Carrier.Plan.deathsInAnswers(seed));
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : files()) {
      String text = Files.readString(file);
      for (Carrier.Plan plan : plans) {
        if (canBeCarried(text, plan)) {
          tests.add(
              DynamicTest.dynamicTest(
                  file.getFileName() + " " + plan, () -> Transcript.play(text, plan)));
        }
      }
    }
    return tests.stream();
  }

  private static boolean canBeCarried(String text, Carrier.Plan plan) {
    // A repeat cannot tell what was sent too early, and takes it.
    return plan.kills() == 0 || !text.contains("sent without waiting");
  }

  private static void play(Path file) throws Exception {
    try {
      Transcript.play(Files.readString(file));
    } catch (IOException e) {
      throw new AssertionError(file.toString(), e);
    }
  }
}
