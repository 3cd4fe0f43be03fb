package hikyaku.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.fixtures.SieveCases;
import hikyaku.fixtures.SieveCases.Case;
import hikyaku.fixtures.SieveCases.Trial;
import hikyaku.systemtests.Pigeonhole.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The cases of Sieve, which our interpreter passes, come to the same with Pigeonhole, and where
 * they do they leave the same messages; what differs, pigeonhole-differences.txt says, and why.
 */
class PigeonholeTest {
  /** What sieve-test cannot be told. */
  private static final Set<String> UNTOLD =
      Set.of("now", "seen", "environment", "list", "special-use", "metadata");

  @TempDir Path directory;

  /** What is known: by the name of the trial "theirs", "verdict" and "why"; what is lacking. */
  private record Known(Map<String, Map<String, String>> differences, Set<String> lacking) {}

  private record Compared(String name, List<String> ours, List<String> left, Verdict theirs) {}

  @Test
  void casesComeToTheSame() throws Exception {
    Ran.in(directory, "chmod", "755", directory.toString()).ok();
    List<Case> cases =
        SieveCases.in(
            Path.of(System.getProperty("hikyaku.root", ".."))
                .resolve("protocol/src/test/resources/hikyaku/protocol/sieve/cases"));
    List<Pigeonhole> peers = new ArrayList<>();
    for (Case of : cases) {
      peers.add(new Pigeonhole(directory.resolve(Integer.toString(peers.size())), of));
      peers.getLast().prepare();
    }
    Ran.in(directory, "chown", "-R", "mail:mail", directory.toString()).ok();
    List<Future<Compared>> running = new ArrayList<>();
    int untold = 0;
    try (ExecutorService runners =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors() * 2)) {
      for (int i = 0; i < cases.size(); i++) {
        Case of = cases.get(i);
        Pigeonhole peer = peers.get(i);
        if (of.wrong().isPresent()) {
          running.add(
              runners.submit(() ->
                  new Compared(of.name(), SieveWords.ofRefused(of), List.of(), peer.compiled())));
        }
        for (Trial trial : of.trials()) {
          if (isUntold(trial)) {
            untold++;
          } else {
            String name = of.name() + " / " + trial.number();
            running.add(
                runners.submit(() ->
                    new Compared(
                        name, SieveWords.of(trial), SieveHeaders.ours(trial), peer.ran(trial))));
          }
        }
      }
    }
    compare(running);
    assertThat(untold).isLessThan(running.size() / 5);
  }

  /** Also a sender that is none. */
  private static boolean isUntold(Trial trial) {
    return trial.given().keySet().stream().anyMatch(UNTOLD::contains)
        || trial.one("from").orElse("x").isEmpty();
  }

  private static void compare(List<Future<Compared>> running) throws Exception {
    Known known = known();
    Map<String, String> differences = new TreeMap<>();
    Map<String, String> expected = new TreeMap<>();
    known.differences().forEach((name, fields) -> expected.put(name, fields.get("theirs")));
    Set<String> lacking = new TreeSet<>();
    StringBuilder news = new StringBuilder();
    int same = 0;
    for (Future<Compared> each : running) {
      Compared compared = each.get();
      Verdict theirs = compared.theirs();
      if (theirs.lacking().isPresent() && !compared.ours().equals(theirs.lines())) {
        lacking.add(theirs.lacking().get());
        continue;
      }
      boolean isSame = isSame(compared.ours(), theirs.lines());
      if (isSame && compared.left().equals(theirs.left())) {
        same++;
        continue;
      }
      List<String> ours = isSame ? without(compared.left(), theirs.left()) : compared.ours();
      List<String> others = isSame ? without(theirs.left(), compared.left()) : theirs.lines();
      String told = others.isEmpty() ? "nothing more" : String.join("; ", others);
      differences.put(compared.name(), told);
      if (!told.equals(expected.get(compared.name()))) {
        news.append("\n=== ").append(compared.name());
        news.append("\nours: ").append(String.join("; ", ours));
        news.append("\ntheirs: ").append(told);
      }
    }
    assertThat(lacking).isEqualTo(known.lacking());
    assertThat(differences).as(news.toString()).isEqualTo(expected);
    assertThat(same).isGreaterThan(running.size() * 3 / 4);
  }

  private static List<String> without(List<String> lines, List<String> others) {
    return lines.stream().filter(line -> !others.contains(line)).toList();
  }

  /** Of some failures it does not say the line. */
  private static boolean isSame(List<String> ours, List<String> theirs) {
    return ours.equals(theirs)
        || (theirs.equals(List.of("fails")) && ours.getFirst().startsWith("fails in line"));
  }

  private static Known known() throws IOException {
    String text;
    try (var in = PigeonholeTest.class.getResourceAsStream("pigeonhole-differences.txt")) {
      text = new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
    }
    Map<String, Map<String, String>> differences = new LinkedHashMap<>();
    Set<String> lacking = new TreeSet<>();
    Map<String, String> current = new LinkedHashMap<>();
    for (String line : text.lines().toList()) {
      if (line.startsWith("lacks: ")) {
        lacking.add(line.substring("lacks: ".length()));
      } else if (line.startsWith("=== ")) {
        current = new LinkedHashMap<>();
        assertThat(differences.put(line.substring(4), current)).as(line).isNull();
      } else if (!line.isBlank() && !line.startsWith("#")) {
        String[] field = line.split(": ", 2);
        assertThat(field).as(line).hasSize(2);
        current.put(field[0], field[1]);
      }
    }
    differences.forEach((name, fields) -> {
      assertThat(fields).as(name).containsOnlyKeys("theirs", "verdict", "why");
      assertThat(fields.get("verdict")).as(name).isIn("theirs", "free");
      assertThat(fields.get("why")).as(name).matches(".*(RFC \\d+ §|draft-).*");
    });
    return new Known(differences, lacking);
  }
}
