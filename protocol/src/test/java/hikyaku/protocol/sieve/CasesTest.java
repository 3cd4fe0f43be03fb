package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.fixtures.SieveCases;
import hikyaku.fixtures.SieveCases.Case;
import hikyaku.fixtures.SieveCases.Trial;
import hikyaku.protocol.mime.MessageOctets;
import hikyaku.protocol.mime.MimeParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of the RFCs, and scripts as people have them: {@link SieveCases}. */
class CasesTest {
  /** What the scripts of cases are called. */
  private static final ScriptName MAIN = new ScriptName(false, "main");

  private static List<Case> cases() throws Exception {
    return SieveCases.in(
        Path.of(Objects.requireNonNull(CasesTest.class.getResource("cases")).toURI()));
  }

  @TestFactory
  Stream<DynamicContainer> eachComesToWhatIsSaid() throws Exception {
    return cases().stream()
        .map(each -> DynamicContainer.dynamicContainer(each.name(), checks(each)));
  }

  private static Stream<DynamicTest> checks(Case of) {
    return of.wrong()
        .map(why -> Stream.of(DynamicTest.dynamicTest("is refused", () -> refused(of, why))))
        .orElseGet(() ->
            of.trials().stream()
                .map(trial ->
                    DynamicTest.dynamicTest("message " + trial.number(), () -> tried(of, trial))));
  }

  private static void refused(Case of, String why) {
    assertThatThrownBy(() -> read(of.script()))
        .isInstanceOfSatisfying(
            SieveException.class, refusal -> assertThat(refusal.told()).isEqualTo(why));
  }

  private static Script read(String script) throws SieveException {
    return Script.read(script.getBytes(UTF_8), SieveLimits.DEFAULTS);
  }

  private static void tried(Case of, Trial trial) throws Exception {
    CaseWorld world = new CaseWorld(of, trial);
    byte[] octets = trial.message().replace("\n", "\r\n").getBytes(UTF_8);
    boolean crlf = trial.one("crlf").isPresent();
    Outcome outcome =
        Interpreter.run(
            List.of(
                new Interpreter.Stage(
                    MAIN, read(crlf ? of.script().replace("\n", "\r\n") : of.script()))),
            message(octets, world),
            world,
            SieveLimits.DEFAULTS,
            Watcher.NONE);
    assertThat(told(outcome)).isEqualTo(trial.then());
    assertThat(headers(outcome, octets)).isEqualTo(trial.headers());
  }

  private static SieveMessage message(byte[] octets, CaseWorld world) throws IOException {
    MimeParser parser = new MimeParser();
    parser.write(octets, 0, octets.length);
    return new SieveMessage(
        new byte[0],
        parser.finish(),
        MessageOctets.of(octets),
        world.from(),
        world.to(),
        SieveLimits.DEFAULTS);
  }

  private static List<String> told(Outcome outcome) {
    if (outcome.problem().isPresent()) {
      Outcome.Problem problem = outcome.problem().get();
      return List.of("line " + problem.line() + ": " + problem.sentence());
    }
    return outcome.actions().isEmpty()
        ? List.of("discard")
        : outcome.actions().stream().map(each -> Runs.word(each).replace("\n", "\\n")).toList();
  }

  /** Of what is kept, filed or sent on, by the number of the action, if it was changed. */
  private static Map<Integer, String> headers(Outcome outcome, byte[] octets) {
    Map<Integer, String> headers = new TreeMap<>();
    for (int i = 0; i < outcome.actions().size(); i++) {
      if (outcome.actions().get(i) instanceof Action.Keep
          || outcome.actions().get(i) instanceof Action.FileInto
          || outcome.actions().get(i) instanceof Action.Redirect) {
        int number = i + 1;
        outcome
            .editions()
            .get(i)
            .ifPresent(edition -> headers.put(number, header(edition, octets)));
      }
    }
    return headers;
  }

  private static String header(Edition edition, byte[] octets) {
    String text =
        new String(Runs.written(edition, octets).getBytes(ISO_8859_1), UTF_8).replace("\r\n", "\n");
    return text.substring(0, text.indexOf("\n\n") + 1);
  }

  /** By what their scripts require. */
  @Test
  void eachExtensionHasACase() throws Exception {
    String scripts = cases().stream().map(Case::script).collect(Collectors.joining());
    assertThat(Arrays.stream(Extension.values()).map(Extension::wire))
        .allSatisfy(name -> assertThat(scripts).contains('"' + name + '"'));
  }

  @Test
  void thereAreCases() throws Exception {
    assertThat(cases()).hasSizeGreaterThan(200);
  }

  /** What is not checked is not passed over. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "keep;",
        "=== a\nkeep;",
        "=== a\nkeep;\n--- message\nA: b\n",
        "=== a\nkeep;\n--- message\nA: b\n--- then\n",
        "=== a\nkeep;\n--- then\nkeep\n",
        "=== a\nkeep;\n--- message none\n--- then\nkeep\n",
        "=== a\nkeep;\n--- message\nA: b\n--- then\nkeep\n--- then\nkeep\n",
        "=== a\nkeep;\n--- message\nA: b\n--- then\nkeep\n--- header 2\nA: b\n",
        "=== a\nkeep;\n--- message\nA: b\n--- then\nkeep\n--- header\nA: b\n--- header 1\nA: b\n",
        "=== a\nkeep;\n--- message\nA: b\n--- then\ndiscard\n--- header\nA: b\n",
        "=== a\nkeep;\n--- message\nA: b\n--- than\nkeep\n",
        "=== a\nkeep;\n--- given\nmoon: full\n--- message\nA: b\n--- then\nkeep\n",
        "=== a\nkeep;\n--- wrong\nline 1\n--- message\nA: b\n--- then\nkeep\n",
        "=== a\n\n--- wrong\nx\n=== a\n\n--- wrong\nx\n"
      })
  void whatIsNotUnderstoodFails(String text) {
    assertThatThrownBy(() -> SieveCases.of("x", text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("x:");
  }
}
