package hikyaku.protocol.sieve;

import static hikyaku.protocol.sieve.Runs.MESSAGE;
import static hikyaku.protocol.sieve.Runs.isTrue;
import static hikyaku.protocol.sieve.Runs.run;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What scripts see of the parts of a message (RFC 5703). */
class PartsTest {
  private static final String REQUIRED =
      "require [\"mime\", \"foreverypart\", \"extracttext\", \"variables\", \"fileinto\","
          + " \"relational\", \"index\", \"include\", \"comparator-i;ascii-numeric\"];\n";

  /** Parts with a name each, in X-Name; one is a message. */
  static final String NESTED =
      """
      From: Hendrik <hendrik@example.com>
      To: roadrunner@acme.example.com
      Subject: four parts
      X-Name: root
      Content-Type: multipart/mixed; boundary=AA

      preamble
      --AA
      X-Name: alternative
      Content-Type: multipart/alternative; boundary=BB

      --BB
      X-Name: text
      Content-Type: text/plain; charset=utf-8
      Content-Transfer-Encoding: quoted-printable

      Gr=C3=BC=C3=9Fe, World
      --BB
      X-Name: html
      Content-Type: TEXT/HTML

      <b>World</b>
      --BB--
      --AA
      X-Name: forwarded
      Content-Type: message/rfc822

      From: tim@example.com
      X-Name: inside
      Subject: hidden
      Content-Type: application/x-stuff;
       title*0*=us-ascii'en'This%20is%20even%20more%20;
       title*1*=%2A%2A%2Afun%2A%2A%2A%20;
       title*2="isn't it!"; x=y
      Content-From: tim@example.com
      Content-Transfer-Encoding: base64

      TUFLRQ==
      --AA
      X-Name: virus
      Content-Type: application/pdf; name="=?utf-8?q?f=C3=BCr?=.pdf"
      Content-Disposition: Attachment (of mine); filename="important.exe"; size=3
      Content-MD5: x

      abc
      --AA--
      """;

  @AfterEach
  void forget() {
    Runs.INCLUDED.clear();
  }

  /** What a script has put into the variable v. */
  private static String said(String script, String message) {
    return run(REQUIRED + script + " fileinto \"${v}.\";", message);
  }

  private static final String NAMES =
      "if header :mime :matches \"x-name\" \"*\" { set \"v\" \"${v} ${1}\"; } ";

  /** RFC 5703 §3: each part before what is in it. */
  @Test
  void everyPartInOrder() {
    assertThat(said("foreverypart {" + NAMES + "}", NESTED))
        .isEqualTo("fileinto  root alternative text html forwarded inside virus.");
    assertThat(said("foreverypart { set \"v\" \"${v}x\"; }", MESSAGE)).isEqualTo("fileinto x.");
    // A multipart without any part.
    assertThat(
            said(
                "foreverypart { set \"v\" \"${v}x\"; }",
                "Content-Type: multipart/mixed; boundary=a\n\nnothing\n"))
        .isEqualTo("fileinto x.");
  }

  /** An inner loop has the parts of the part at hand; behind it, it is at hand again. */
  @Test
  void loopsInLoops() {
    assertThat(
            said(
                "foreverypart { set \"v\" \"${v} (\"; foreverypart {"
                    + NAMES
                    + "} set \"v\" \"${v})\"; "
                    + NAMES
                    + "}",
                NESTED))
        .isEqualTo(
            "fileinto  ( alternative text html forwarded inside virus) root"
                + " ( text html) alternative () text () html ( inside) forwarded () inside"
                + " () virus.");
  }

  @Test
  void breaksLeaveTheLoopThatTheyName() {
    String text = "if header :mime \"x-name\" \"text\" ";
    assertThat(said("foreverypart {" + NAMES + text + "{ break; } }", NESTED))
        .isEqualTo("fileinto  root alternative text.");
    assertThat(
            said(
                "foreverypart :name \"outer\" {"
                    + NAMES
                    + "foreverypart :name \"inner\" {"
                    + text
                    + "{ break :name \"outer\"; } } }",
                NESTED))
        .isEqualTo("fileinto  root.");
    assertThat(
            said(
                "foreverypart :name \"outer\" { foreverypart :name \"inner\" {"
                    + NAMES
                    + text
                    + "{ break :name \"inner\"; } } set \"v\" \"${v};\"; }",
                NESTED))
        .isEqualTo("fileinto  alternative text; text;;; inside;;;.");
    assertThat(run(REQUIRED + "foreverypart { discard; stop; } keep;", NESTED))
        .isEqualTo("discard");
  }

  /** The scripts that a loop includes see its part, and their loops begin with it. */
  @Test
  void includedScriptsSeeThePart() {
    Runs.INCLUDED.put(
        "names",
        "require [\"mime\", \"variables\", \"include\", \"foreverypart\"]; global \"v\";"
            + "foreverypart {"
            + NAMES
            + "if header :mime \"x-name\" \"html\" { return; } }");
    assertThat(
            said(
                "global \"v\"; foreverypart { if header :mime \"x-name\" \"alternative\""
                    + " { include \"names\"; break; } }",
                NESTED))
        .isEqualTo("fileinto  alternative text html.");
    Runs.INCLUDED.put(
        "deep", "require \"foreverypart\"; foreverypart { foreverypart { foreverypart { } } }");
    assertThat(run(REQUIRED + "foreverypart { foreverypart { include \"deep\"; } }", deep()))
        .isEqualTo(
            "line 2: in the script \"deep\", line 1: loops may be at most 4 deep inside one"
                + " another");
  }

  /** RFC 5703 §4.1. */
  @Test
  void aspectsOfFields() {
    assertThat(isTrue(REQUIRED, "header :mime :type \"content-type\" \"multipart\"", NESTED))
        .isTrue();
    assertThat(isTrue(REQUIRED, "header :mime :type \"content-type\" \"text\"", NESTED)).isFalse();
    String any = "header :mime :anychild ";
    assertThat(isTrue(REQUIRED, any + ":contenttype \"Content-Type\" \"text/html\"", NESTED))
        .isTrue();
    assertThat(isTrue(REQUIRED, any + ":subtype \"Content-Type\" \"pdf\"", NESTED)).isTrue();
    assertThat(isTrue(REQUIRED, any + ":subtype \"Content-Type\" \"exe\"", NESTED)).isFalse();
    String disposition = " \"content-disposition\" ";
    assertThat(isTrue(REQUIRED, any + ":type" + disposition + "\"attachment\"", NESTED)).isTrue();
    assertThat(isTrue(REQUIRED, any + ":contenttype" + disposition + "\"attachment\"", NESTED))
        .isTrue();
    assertThat(isTrue(REQUIRED, any + ":subtype" + disposition + "\"\"", NESTED)).isTrue();
    assertThat(isTrue(REQUIRED, any + ":type \"content-md5\" \"\"", NESTED)).isTrue();
    assertThat(isTrue(REQUIRED, any + ":type \"content-language\" \"\"", NESTED)).isFalse();
    assertThat(
            isTrue(
                REQUIRED,
                any
                    + ":param \"filename\" :matches [\"Content-Type\", \"Content-Disposition\"]"
                    + " [\"*.com\", \"*.exe\"]",
                NESTED))
        .isTrue();
    assertThat(
            isTrue(REQUIRED, any + ":param [\"X\", \"name\"] \"content-type\" \"für.pdf\"", NESTED))
        .isTrue();
    assertThat(
            isTrue(
                REQUIRED,
                any + ":param \"title\" \"content-type\" \"This is even more ***fun*** isn't it!\"",
                NESTED))
        .isTrue();
    assertThat(
            isTrue(
                REQUIRED,
                any
                    + ":count \"eq\" :comparator \"i;ascii-numeric\" :param [\"filename\","
                    + " \"size\"]"
                    + disposition
                    + "\"2\"",
                NESTED))
        .isTrue();
    // Counted are the fields that could be taken apart.
    for (String field : List.of("text/plain", "text", "; charset=utf-8")) {
      assertThat(
              isTrue(
                  REQUIRED,
                  "header :mime :count \"eq\" :comparator \"i;ascii-numeric\" :subtype"
                      + " [\"content-type\", \"content-md5\"] \"1\"",
                  "Content-Type: " + field + "\nContent-MD5: x\n\nx\n"))
          .as(field)
          .isEqualTo(field.equals("text/plain"));
    }
    // Without :mime it is the message's header, inside a loop too.
    assertThat(
            said(
                "foreverypart { if header \"subject\" \"four parts\" { set \"v\" \"${v}x\"; } }",
                NESTED))
        .isEqualTo("fileinto xxxxxxx.");
  }

  /** RFC 5703 §4.2, §4.3 and their examples. */
  @Test
  void addressesAndExistence() {
    assertThat(
            isTrue(
                REQUIRED,
                "address :mime :anychild :is :all \"content-from\" \"tim@example.com\"",
                NESTED))
        .isTrue();
    assertThat(isTrue(REQUIRED, "address :mime :is \"content-from\" \"tim@example.com\"", NESTED))
        .isFalse();
    assertThat(isTrue(REQUIRED, "address :mime :domain \"from\" \"example.com\"", NESTED)).isTrue();
    assertThat(
            isTrue(
                REQUIRED,
                "address :mime :anychild :count \"eq\" :comparator \"i;ascii-numeric\" \"from\""
                    + " \"2\"",
                NESTED))
        .isTrue();
    assertThat(isTrue(REQUIRED, "exists :mime :anychild [\"content-md5\", \"from\"]", NESTED))
        .isTrue();
    assertThat(isTrue(REQUIRED, "exists :mime :anychild [\"content-md5\", \"x-none\"]", NESTED))
        .isFalse();
    assertThat(isTrue(REQUIRED, "exists :mime \"content-md5\"", NESTED)).isFalse();
    assertThat(said("foreverypart { if exists :mime \"content-md5\" {" + NAMES + "} }", NESTED))
        .isEqualTo("fileinto  virus.");
  }

  /** RFC 5703 §7. */
  @Test
  void extractText() {
    String each = "foreverypart { extracttext \"t\"; set \"v\" \"${v}|${t}\"; }";
    assertThat(said(each, NESTED).replace("\r\n", ""))
        .isEqualTo("fileinto |||Grüße, World|<b>World</b>||MAKE|abc.");
    assertThat(
            said(
                "foreverypart { if header :mime :type \"content-type\" \"text\" {"
                    + "extracttext :first 3 \"v\"; break; } }",
                NESTED))
        .isEqualTo("fileinto Grü.");
    assertThat(said("foreverypart { extracttext :upper :first 5 \"v\"; }", "A: b\n\nlook here\n"))
        .isEqualTo("fileinto LOOK .");
    assertThat(said("foreverypart { extracttext :length \"v\"; }", "A: b\n\nfour\n"))
        .isEqualTo("fileinto 6.");
    assertThat(said("foreverypart { extracttext :first 0 \"v\"; }", MESSAGE))
        .isEqualTo("fileinto .");
    assertThat(
            said(
                "foreverypart { extracttext :length \"v\"; }",
                "A: b\n\n" + "x".repeat(100_000) + "\n"))
        .isEqualTo("fileinto " + SieveLimits.DEFAULTS.variableCharacters() + ".");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          charset=x-none                  | 7bit             | a
          charset=utf-8                   | x-none           | a
          charset=utf-8                   | base64           | !!!
          charset=utf-8                   | quoted-printable | =C3=28
          charset=utf-16be                | base64           | YQ==
          """)
  void textThatIsNotInOrderIsEmpty(String charset, String encoding, String body) {
    assertThat(said("foreverypart { extracttext \"v\"; }", text(charset, encoding, body)))
        .isEqualTo("fileinto .");
  }

  private static String text(String charset, String encoding, String body) {
    return "Content-Type: text/plain; "
        + charset
        + "\nContent-Transfer-Encoding: "
        + encoding
        + "\n\n"
        + body;
  }

  /** A character that lies across the end of what was read makes no text wrong. */
  @Test
  void textThatIsCutIsInOrder() {
    String long1 = Base64.getMimeEncoder().encodeToString("€".repeat(60_000).getBytes(UTF_8));
    assertThat(
            said(
                "foreverypart { extracttext :first 2 \"v\"; }",
                text("charset=utf-8", "base64", long1.replace("\r", ""))))
        .isEqualTo("fileinto €€.");
    String kanji = new String("\033$BF|K\\\033(B".getBytes(UTF_8), UTF_8);
    assertThat(
            said(
                "foreverypart { extracttext :first 2 \"v\"; }",
                text("charset=iso-2022-jp", "7bit", kanji)))
        .isEqualTo("fileinto 日本.");
  }

  /** Forty multiparts inside one another. */
  private static String deep() {
    StringBuilder deep = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      deep.append("Content-Type: multipart/mixed; boundary=b" + i + "\n\n--b" + i + "\n");
    }
    return deep + "\n\nx\n";
  }

  /** However a script goes about it, its steps are counted. */
  @Test
  void loopsCannotTakeLong() {
    StringBuilder wide = new StringBuilder("Content-Type: multipart/mixed; boundary=a\n\n");
    for (int i = 0; i < 1_900; i++) {
      wide.append("--a\nX: ").append("y".repeat(2_000)).append("\n\nz\n");
    }
    String loops = "foreverypart {".repeat(4) + "}".repeat(4);
    assertThat(run(REQUIRED + loops.repeat(30), deep()))
        .isEqualTo("line 2: the script compares more than it may");
    String headers = "foreverypart { if header :mime :anychild \"x\" \"z\" { } }";
    assertThat(run(REQUIRED + headers.repeat(40), wide.toString()))
        .isEqualTo("line 2: the script compares more than it may");
    String texts = "foreverypart { extracttext \"v\"; }";
    assertThat(run(REQUIRED + texts.repeat(100), wide.toString()))
        .isEqualTo("line 2: the script compares more than it may");
    // What has no text in it is read nevertheless.
    assertThat(
            run(
                "require \"body\"; " + "if body :text \"x\" { }".repeat(100),
                text("charset=utf-8", "base64", "\n".repeat(4_000_000))))
        .isEqualTo("line 1: the script compares more than it may");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      textBlock =
          """
          foreverypart;                                     | foreverypart must have a block in braces
          foreverypart true { }                             | foreverypart has no test
          foreverypart "a" { }                              | foreverypart has no such argument
          foreverypart :other { }                           | foreverypart has no :other here
          foreverypart :name ["a", "b"] { }                 | one string is expected here, not a list
          foreverypart :name "${v}" { }                     | no variables may stand in this string
          break;                                            | break must stand in a foreverypart
          if true { break; }                                | break must stand in a foreverypart
          foreverypart { } break;                           | break must stand in a foreverypart
          foreverypart :name "a" { break :name "b"; }       | no foreverypart around this break has its name
          foreverypart :name "a" {} foreverypart { break :name "a"; } | no foreverypart around this break has its name
          foreverypart { foreverypart { foreverypart { foreverypart { foreverypart { } } } } } | loops may be at most 4 deep inside one another
          foreverypart { break { } }                        | break has no block
          extracttext "v";                                  | extracttext must stand in a foreverypart
          foreverypart { extracttext "1"; }                 | this is no name of a variable: 1
          foreverypart { extracttext :first "1" "v"; }      | :first must be followed by a number
          foreverypart { extracttext :upper :lower "v"; }   | these two modifiers do not go together
          if header :anychild "a" "b" { }                   | :anychild goes with :mime
          if header :type "a" "b" { }                       | :type goes with :mime
          if header :param "x" "a" "b" { }                  | :param goes with :mime
          if header :mime :type :subtype "a" "b" { }        | a test has one of :type, :subtype, :contenttype and :param
          if exists :mime :type "a" { }                     | exists has no :type here
          if address :mime :param "x" "to" "b" { }          | address has no :param here
          if address "content-from" "b" { }                 | the field content-from has no addresses
          if address :mime "subject" "b" { }                | the field subject has no addresses
          """)
  void whatIsWrongIsTold(String script, String expected) throws SieveException {
    assertThat(refusal(REQUIRED + script)).endsWith(": " + expected);
  }

  @Test
  void whatIsNotRequiredIsRefused() {
    assertThat(refusal("foreverypart { }")).contains("require \"foreverypart\"");
    assertThat(refusal("break;")).contains("require \"foreverypart\"");
    assertThat(refusal("if header :mime \"a\" \"b\" { }")).contains(":mime needs require \"mime\"");
    assertThat(refusal("require \"variables\"; extracttext \"v\";"))
        .contains("require \"extracttext\"");
    assertThat(
            refusal(
                "require [\"extracttext\", \"foreverypart\"]; foreverypart {"
                    + " extracttext \"v\"; }"))
        .contains("require \"variables\"");
  }

  static String refusal(String script) {
    try {
      Script.read(script.getBytes(UTF_8), SieveLimits.DEFAULTS);
      return "valid";
    } catch (SieveException e) {
      return e.told();
    }
  }
}
