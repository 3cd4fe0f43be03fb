package hikyaku.systemtests;

import hikyaku.fixtures.SieveCases.Case;
import hikyaku.fixtures.SieveCases.Trial;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What cases come to in words that two implementations have in common: whether a keep was said, in
 * which case flags are and what an answer has for a subject by itself do not count.
 */
final class SieveWords {
  private record Form(Pattern pattern, Function<MatchResult, String> words) {
    Form(String pattern, Function<MatchResult, String> words) {
      this(Pattern.compile(pattern, Pattern.DOTALL), words);
    }
  }

  private static final String FLAGS = "(?: \\[(.*)])?";

  private static final List<Form> FORMS =
      List.of(
          new Form("(?:implicit )?keep" + FLAGS, found -> store("INBOX", "", found.group(1))),
          new Form(
              "fileinto (.*?)( create)?(?: \\\\\\w+)?" + FLAGS,
              found -> store(found.group(1), found.group(2), found.group(3))),
          new Form("redirect (.*)", found -> "redirect " + found.group(1).toLowerCase(Locale.ROOT)),
          new Form(
              "vacation \\S+ \"(.*)\"(?: (\\d+))?(?: fileinto .*)?",
              found ->
                  "vacation "
                      + (found.group(2) == null ? "604800" : found.group(2))
                      + (found.group(1).startsWith("Auto: ") ? "" : " \"" + found.group(1) + "\"")),
          new Form("e?reject (.*)", found -> "reject " + plain(found.group(1))),
          // Pigeonhole tells whom it is for in one list, those of a cc too.
          new Form(
              "notify \\[(.*?)](?: cc \\[(.*?)])? \\S+ (\\d) \"(.*?)\".*",
              found ->
                  "notify "
                      + found.group(1)
                      + (found.group(2) == null ? "" : ", " + found.group(2))
                      + " "
                      + found.group(3)
                      + " \""
                      + found.group(4)
                      + "\""),
          new Form("line (\\d+): .*", found -> "fails in line " + found.group(1)));

  private SieveWords() {}

  /** What we make of it. */
  static List<String> of(Trial trial) {
    List<String> lines = new ArrayList<>();
    for (String each : trial.then()) {
      if (!each.equals("discard")) {
        lines.add(words(each));
      }
    }
    return sorted(lines);
  }

  /** Where we refuse it. */
  static List<String> ofRefused(Case of) {
    Matcher place = Pattern.compile("line (\\d+),.*").matcher(of.wrong().orElseThrow());
    if (!place.matches()) {
      throw new AssertionError(of.wrong().get());
    }
    return List.of("refused in line " + place.group(1));
  }

  /** What one of our actions is. */
  static String words(String line) {
    for (Form form : FORMS) {
      Matcher matcher = form.pattern().matcher(line);
      if (matcher.matches()) {
        return form.words().apply(matcher.toMatchResult());
      }
    }
    throw new AssertionError("not understood: " + line);
  }

  private static String store(String mailbox, String create, String flags) {
    return "store "
        + mailbox
        + (create == null ? "" : create)
        + (flags == null ? "" : " " + flags(flags.split(", ")));
  }

  static String flags(String... flags) {
    return Arrays.stream(flags)
        .map(each -> each.toLowerCase(Locale.ROOT))
        .sorted()
        .toList()
        .toString();
  }

  /** Without regard to how white space and the ends of lines are shown. */
  static String plain(String text) {
    return text.replace("\\n", " ").replaceAll("[?\\s]+", " ").strip();
  }

  /** Each once, in an order of their own; if there is none, the message is dropped. */
  static List<String> sorted(List<String> lines) {
    return lines.isEmpty() ? List.of("discard") : lines.stream().distinct().sorted().toList();
  }
}
