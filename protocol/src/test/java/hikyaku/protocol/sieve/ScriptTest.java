package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is a script, and where one that is none is wrong. */
class ScriptTest {
  private static String problem(String script) {
    try {
      Script.read(script.getBytes(UTF_8), SieveLimits.DEFAULTS);
      return "valid";
    } catch (SieveException e) {
      return e.told();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      textBlock =
          """
          keep                                     | line 1, column 5: expected ; behind keep, found the end of the script
          keep; nothing;                           | line 1, column 7: there is no command nothing
          if true { keep; } else { stop; } else {} | line 1, column 34: else cannot follow else
          else { }                                 | line 1, column 1: else must follow an if
          if { keep; }                             | line 1, column 1: if must have one test
          if true keep;                            | line 1, column 1: if must have a block in braces
          fileinto "x";                            | line 1, column 1: fileinto needs require "fileinto"
          require "fileinto"; fileinto 3;          | line 1, column 30: the mailbox, a string, is expected here
          require "fileinto"; fileinto;            | line 1, column 21: fileinto lacks an argument: the mailbox, a string, is missing
          require "fileinto"; fileinto "a" "b";    | line 1, column 34: fileinto has no such argument
          require "no-such";                       | line 1, column 1: there is no extension "no-such" here
          keep; require "fileinto";                | line 1, column 7: require must stand before all other commands
          redirect "nobody";                       | line 1, column 1: this is no address: nobody
          redirect :copy "a@b.example";            | line 1, column 10: :copy needs require "copy"
          if header :is :contains "a" "b" {}       | line 1, column 4: a test has one match type
          if header :like "a" "b" {}               | line 1, column 11: header has no :like here
          if header :comparator "i;x" "a" "b" {}   | line 1, column 4: there is no comparator "i;x" here
          if size 3 {}                             | line 1, column 4: size must have either :over or :under
          if size :over 3X {}                      | line 1, column 15: a number may have K, M or G behind it, and nothing else
          if size :over 99999999999 {}             | line 1, column 15: this number is too large
          if address "subject" "a" {}              | line 1, column 4: the field subject has no addresses
          if header [] "a" {}                      | line 1, column 12: expected a string, found ]
          if header "a" "b                         | line 1, column 15: this string has no end
          /* keep;                                 | line 1, column 1: this comment has no end
          keep; !                                  | line 1, column 7: this character is not expected here: !
          keep; }                                  | line 1, column 7: expected a command, found }
          if anyof true { keep; }                  | line 1, column 4: anyof must have tests in brackets
          if (true) { keep; }                      | line 1, column 1: if has its test without brackets
          if not (true) { keep; }                  | line 1, column 4: not must have one test, without brackets
          stop { keep; }                           | line 1, column 1: stop has no block
          if header :regex "a" "b" {}              | line 1, column 11: :regex needs require "regex"
          require "regex"; if header :regex "a" "(" {} | line 1, column 21: the expression ( is not in order: a bracket is not closed
          require ["regex", "comparator-i;ascii-numeric"]; if header :regex :comparator "i;ascii-numeric" "a" "b" {} | line 1, column 53: this comparator does not go with :regex
          require "spamtest"; if spamtest :percent "1" {} | line 1, column 33: :percent needs require "spamtestplus"
          if virustest "1" {}                      | line 1, column 4: virustest needs require "virustest"
          stop true;                               | line 1, column 1: expected ; behind stop, found true in line 1
          """)
  void placesAreNamed(String script, String expected) {
    assertThat(problem(script)).isEqualTo(expected);
  }

  @Test
  void linesAreCounted() {
    assertThat(problem("# one\n/* two\nthree */ keep;\r\n  fileinto \"x\";\n"))
        .startsWith("line 4, column 3: ");
    assertThat(problem("require \"variables\";\nset \"a\" text:\nx\n..\n.\n;\nset \"1\" \"\";"))
        .startsWith("line 7, column 1: ");
  }

  @Test
  void nestingIsLimited() {
    String ten = "if true {".repeat(20) + "}".repeat(20);
    assertThat(problem(ten)).isEqualTo("valid");
    String many = "if true {".repeat(33) + "}".repeat(33);
    assertThat(problem(many)).contains("deep");
    assertThat(problem("if " + "not ".repeat(60_000) + "true {}")).contains("deep");
    assertThat(problem("if " + "anyof(".repeat(30_000))).contains("deep");
  }

  @Test
  void sizeIsLimited() {
    assertThat(problem("#" + "x".repeat(SieveLimits.DEFAULTS.scriptOctets()))).contains("octets");
    assertThat(problem("keep;".repeat(SieveLimits.DEFAULTS.nodes() / 2 + 1))).contains("too many");
  }

  @Test
  void octetsThatAreNotUtf8() {
    assertThatThrownBy(() -> Script.read(new byte[] {'#', (byte) 0xC3, '\n'}, SieveLimits.DEFAULTS))
        .isInstanceOf(SieveException.class)
        .hasMessageContaining("UTF-8");
  }

  /** RFC 5228 §2.4.2.4. */
  @Test
  void encodedCharacters() {
    assertThat(problem("require \"encoded-character\"; redirect \"a${unicode:40}b.example\";"))
        .isEqualTo("valid");
    assertThat(problem("require \"encoded-character\"; redirect \"a${hex: 40 }b.example\";"))
        .isEqualTo("valid");
    assertThat(problem("require \"encoded-character\"; redirect \"${unicode:D800}\";"))
        .contains("no character");
    assertThat(problem("require \"encoded-character\"; redirect \"${unicode:110000}\";"))
        .contains("no character");
    assertThat(problem("require \"encoded-character\"; redirect \"${hex:C3}\";"))
        .contains("not UTF-8");
  }

  /** RFC 5463 §4. */
  @Test
  void whatIsNotThereMayStandBehindIhave() {
    assertThat(problem("require \"ihave\"; if ihave \"x-none\" { none :x 1; }")).isEqualTo("valid");
    assertThat(problem("require \"ihave\"; if not ihave \"x-none\" { keep; } else { none; }"))
        .isEqualTo("valid");
    assertThat(problem("require \"ihave\"; if allof(ihave \"x-none\", none \"x\") { none; }"))
        .isEqualTo("valid");
    assertThat(problem("require \"ihave\"; if ihave \"fileinto\" { fileinto \"x\"; }"))
        .isEqualTo("valid");
    assertThat(problem("require \"ihave\"; if ihave \"fileinto\" { none; }"))
        .contains("no command none");
    assertThat(problem("if false { none; }")).contains("no command none");
  }

  /** RFC 5229 §3. */
  @Test
  void variablesOfOtherKindsAreRefused() {
    assertThat(problem("require \"variables\"; redirect \"${a.b}\";")).contains("${a.b}");
    assertThat(problem("require \"variables\"; set \"${a}\" \"b\";")).contains("no variables may");
    assertThat(problem("require \"variables\"; set :upper :lower \"a\" \"b\";"))
        .contains("do not go together");
  }

  @Test
  void redirectsAreKnown() {
    Script script =
        Runs.script("require \"variables\"; redirect \"a@b.example\"; redirect \"${x}\";");
    assertThat(script.redirections())
        .containsExactly(new Script.Redirection(new Position(1, 22), "a@b.example"));
  }
}
