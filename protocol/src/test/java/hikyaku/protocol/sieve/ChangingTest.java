package hikyaku.protocol.sieve;

import static hikyaku.protocol.sieve.PartsTest.NESTED;
import static hikyaku.protocol.sieve.PartsTest.refusal;
import static hikyaku.protocol.sieve.Runs.MESSAGE;
import static hikyaku.protocol.sieve.Runs.run;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.mime.MimeParser;
import hikyaku.protocol.mime.MimePart;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What scripts put in the place of parts and around messages (RFC 5703 §5, §6). */
class ChangingTest {
  private static final String REQUIRED =
      "require [\"mime\", \"foreverypart\", \"extracttext\", \"variables\", \"fileinto\","
          + " \"replace\", \"enclose\", \"editheader\", \"body\", \"copy\", \"vacation\","
          + " \"include\"];\n";

  private static String changed(String script, String message) {
    return Runs.last(REQUIRED + script, message).orElse("as it was").replace("\r\n", "\n");
  }

  /** The types of a message's parts, as they are found when it is read. */
  private static String types(String message) {
    byte[] octets = message.replace("\n", "\r\n").getBytes(ISO_8859_1);
    MimeParser parser = new MimeParser();
    parser.write(octets, 0, octets.length);
    return types(parser.finish().root());
  }

  private static String types(MimePart part) {
    String own = part.type() + "/" + part.subtype();
    return part.children().isEmpty()
        ? own
        : own + part.children().stream().map(ChangingTest::types).toList();
  }

  private static final String NESTED_TYPES =
      "multipart/mixed[multipart/alternative[text/plain, text/html],"
          + " message/rfc822[application/x-stuff], application/pdf]";

  /** RFC 5703 §5, the first example. */
  @Test
  void replacesAPart() {
    String script =
        """
        foreverypart {
          if anyof (
              header :mime :contenttype :is "Content-Type" "application/exe",
              header :mime :param "filename"
                :matches ["Content-Type", "Content-Disposition"] ["*.com", "*.exe"]) {
            replace "Executable attachment removed by user filter";
          }
        }
        """;
    int start = NESTED.indexOf("X-Name: virus");
    String expected =
        NESTED.substring(0, start)
            + "Content-Type: text/plain; charset=utf-8\n"
            + "Content-Transfer-Encoding: 7bit\n\n"
            + "Executable attachment removed by user filter\n\n--AA--\n";
    assertThat(types(NESTED)).isEqualTo(NESTED_TYPES);
    assertThat(changed(script, NESTED)).isEqualTo(expected);
    assertThat(changed(script, NESTED.replace("important.exe", "x.pdf"))).isEqualTo("as it was");
  }

  /** All that is in it is gone, for the loop too; the next loop sees what has come. */
  @Test
  void replacesAPartWithParts() {
    String script =
        "foreverypart { if header :mime \"x-name\" \"alternative\" { replace :mime text:\n"
            + "X-Name: new\nContent-Type: multipart/mixed; boundary=\"new\"\n\n"
            + "--new\nX-Name: one\n\ntwo\n--new--\n.\n;\n"
            + "} else { set \"v\" \"${v}x\"; } }"
            + "foreverypart { if header :mime :matches \"x-name\" \"*\""
            + " { set \"w\" \"${w} ${1}\"; } }";
    assertThat(types(changed(script, NESTED)))
        .isEqualTo(
            "multipart/mixed[multipart/mixed[text/plain], message/rfc822[application/x-stuff],"
                + " application/pdf]");
    assertThat(run(REQUIRED + script + "fileinto \"${v}${w}\";", NESTED))
        .isEqualTo("fileinto xxxx root new one forwarded inside virus");
  }

  /** A part of a message that is a part, and what the rest of the script sees of it. */
  @Test
  void replacedPartsAreSeen() {
    String script =
        "foreverypart { if header :mime \"x-name\" [\"inside\", \"text\"]"
            + " { extracttext :lower \"t\"; replace \"was ${t}\"; } }";
    String made = changed(script, NESTED);
    assertThat(types(made)).isEqualTo(NESTED_TYPES.replace("application/x-stuff", "text/plain"));
    assertThat(made).contains("was make\n\n--AA\nX-Name: virus");
    String text = Base64.getEncoder().encodeToString("was grüße, world\r\n".getBytes(UTF_8));
    assertThat(made).contains("base64\n\n" + text + "\n\n--BB\nX-Name: html");
    assertThat(run(REQUIRED + script + "if body :text :contains \"was make\" { discard; }", NESTED))
        .isEqualTo("discard");
    assertThat(run(REQUIRED + script + "if body :raw :contains \"was make\" { discard; }", NESTED))
        .isEqualTo("discard");
    assertThat(
            run(
                REQUIRED + script + "if body :raw :contains \"Gr=C3=BC=C3=9Fe\" { discard; }",
                NESTED))
        .isEqualTo("implicit keep");
    assertThat(
            run(
                REQUIRED + script + "if exists :mime :anychild \"content-from\" { discard; }",
                NESTED))
        .isEqualTo("implicit keep");
  }

  @Test
  void noLineOfAReplacementDividesTheMessage() {
    String text = "foreverypart { if header :mime \"x-name\" \"html\" { replace ";
    String made = changed(text + "\"--AA--\"; } }", NESTED);
    assertThat(types(made)).isEqualTo(NESTED_TYPES.replace("text/html", "text/plain"));
    assertThat(made)
        .contains(Base64.getEncoder().encodeToString("--AA--\r\n".getBytes(ISO_8859_1)));
    assertThat(run(REQUIRED + text + ":mime text:\nA: b\n\n--AA\n.\n; } }", NESTED))
        .isEqualTo("line 2: the replacement has a line that divides the message: --AA");
    assertThat(run(REQUIRED + text + ":mime \"no header\"; } }", NESTED))
        .isEqualTo("line 2: the replacement has no empty line behind its header");
    assertThat(run(REQUIRED + text + ":mime text:\nno header\n\nx\n.\n; } }", NESTED))
        .endsWith("the replacement does not begin with a header");
  }

  /** RFC 5703 §5: the header stays, but for what describes the content, author and subject. */
  @Test
  void replacesTheMessage() {
    String header =
        "From: a@b.example\nSubject: one\nX: y\nMime-Version: 1.0\nContent-Type: text/html\n";
    String plain =
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
            + "Content-Transfer-Encoding: 7bit\n\n";
    assertThat(changed("replace \"gone\";", header + "\nbody\n"))
        .isEqualTo("From: a@b.example\nSubject: one\nX: y\n" + plain + "gone\n");
    assertThat(
            changed(
                "replace :subject \"Größe\" :from \"Dr. \\\"X\\\" <x@y.example>, z@y.example\""
                    + " \"gone\";",
                header + "\nbody\n"))
        .isEqualTo(
            "Original-From: a@b.example\nOriginal-Subject: one\nX: y\n"
                + "From: \"Dr. X\" <x@y.example>,\n z@y.example\n"
                + "Subject: =?utf-8?B?R3LDtsOfZQ==?=\n"
                + plain
                + "gone\n");
    assertThat(
            changed(
                "replace :mime text:\nTo: nobody@b.example\nContent-Type: text/html\n\n<b>\n.\n;",
                header + "\nbody\n"))
        .isEqualTo(
            "From: a@b.example\nSubject: one\nX: y\nMIME-Version: 1.0\nContent-Type: text/html\n\n"
                + "<b>\n");
    // The message itself is the first part of a loop.
    assertThat(changed("foreverypart { replace :subject \"s\" \"gone\"; }", NESTED))
        .contains("Original-Subject: four parts\n")
        .endsWith("\n\ngone\n");
    // What the server has kept stays.
    assertThat(
            changed(
                "replace :subject \"s\" \"gone\"; deleteheader \"original-subject\";"
                    + " deleteheader \"x\";",
                "Original-Subject: zero\n" + header + "\nbody\n"))
        .isEqualTo("From: a@b.example\nOriginal-Subject: one\nSubject: s\n" + plain + "gone\n");
    assertThat(run(REQUIRED + "set \"f\" \"nobody\"; replace :from \"${f}\" \"x\";", MESSAGE))
        .isEqualTo("line 2: this is no list of addresses: nobody");
  }

  /** Into a message that is encoded, which it must not be, nobody looks; it is replaced whole. */
  @Test
  void nothingIsPutIntoAnEncodedMessage() {
    String message =
        NESTED.replace(
            "X-Name: forwarded\nContent-Type: message/rfc822\n",
            "X-Name: forwarded\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n");
    String count = "foreverypart { set \"v\" \"${v}x\"; } fileinto \"${v}\";";
    assertThat(run(REQUIRED + count, NESTED)).isEqualTo("fileinto xxxxxxx");
    assertThat(run(REQUIRED + count, message)).isEqualTo("fileinto xxxxxx");
    String made =
        changed(
            "foreverypart { if header :mime \"x-name\" \"forwarded\" { replace \"none\"; } }",
            message);
    assertThat(types(made))
        .isEqualTo(NESTED_TYPES.replace("message/rfc822[application/x-stuff]", "text/plain"));
  }

  /** What was said before has the message as it was then; what comes later is about the new one. */
  @Test
  void actionsAreAboutTheMessageOfTheirTime() {
    List<Optional<String>> editions =
        Runs.editions(
            REQUIRED
                + "fileinto \"a\"; replace \"one\"; fileinto \"b\"; fileinto \"c\";"
                + "addheader \"X-New\" \"y\"; redirect \"a@b.example\";",
            MESSAGE);
    assertThat(editions.get(0)).isEmpty();
    assertThat(editions.get(1).orElseThrow()).endsWith("\r\n\r\none\r\n").doesNotContain("X-New");
    assertThat(editions.get(2)).isEqualTo(editions.get(1));
    assertThat(editions.get(3).orElseThrow())
        .startsWith("X-New: y\r\nReceived")
        .endsWith("one\r\n");
    assertThat(
            run(
                REQUIRED + "replace \"x\"; if size :under 400 { discard; }",
                "A: b\n\n" + "x".repeat(500)))
        .isEqualTo("discard");
  }

  /** RFC 5703 §6 and its example. */
  @Test
  void encloses() {
    String script =
        """
        foreverypart {
          if header :mime :param "filename"
              :matches ["Content-Type", "Content-Disposition"]
              ["*.com", "*.exe", "*.vbs", "*.scr",
               "*.pif", "*.hta", "*.bat", "*.zip"] {
            enclose :subject "Warning" text:
        WARNING! The enclosed message contains executable attachments.
        .
            ;
            break;
          }
        }
        """;
    String made = changed(script, NESTED);
    String boundary = made.substring(made.indexOf("boundary=\"") + 10, made.indexOf("\"\n"));
    assertThat(boundary).matches("=_[0-9a-f]{32}");
    String mark = boundary.substring(2);
    assertThat(made)
        .isEqualTo(
            "Date: Mon, 5 Jan 2026 22:15:00 +0000\n"
                + "From: roadrunner@acme.example.com\n"
                + "Subject: Warning\n"
                + ("Message-ID: <" + mark + "@acme.example.com>\n")
                + "MIME-Version: 1.0\n"
                + ("Content-Type: multipart/mixed; boundary=\"=_" + mark + "\"\n")
                + "Content-Transfer-Encoding: 7bit\n\n"
                + ("--=_" + mark + "\n")
                + "Content-Type: text/plain; charset=utf-8\n"
                + "Content-Transfer-Encoding: 7bit\n\n"
                + "WARNING! The enclosed message contains executable attachments.\n\n"
                + ("--=_" + mark + "\n")
                + "Content-Type: message/rfc822\n"
                + "Content-Transfer-Encoding: 7bit\n\n"
                + NESTED
                + ("\n--=_" + mark + "--\n"));
    assertThat(types(made))
        .isEqualTo("multipart/mixed[text/plain, message/rfc822[" + NESTED_TYPES + "]]");
    assertThat(changed(script, NESTED)).isEqualTo(made);
    assertThat(changed(script, NESTED.replace("abc", "abd"))).doesNotContain(mark);
  }

  @Test
  void enclosedMessagesKeepWhatIsAskedFor() {
    String made = changed("enclose :headers [\"to\", \"DATE\", \"from\"] \"x\";", MESSAGE);
    assertThat(made)
        .startsWith(
            "From: \"Coyote, W.\" <coyote@desert.example.org>\n"
                + "To: roadrunner@acme.example.com, \"Other\" <other+list@example.com>\n"
                + "Date: Mon, 05 Jan 2026 18:30:00 +0900\n"
                + "Subject: I have a present for you\n"
                + "Message-ID: <");
    assertThat(changed("enclose :headers \"Subject\" :subject \"new\" \"x\";", MESSAGE))
        .contains("Subject: new\n")
        .contains("7bit\n\nReceived: from a by b")
        .containsOnlyOnce("I have a present");
    assertThat(changed("enclose \"Größe\";", MESSAGE.replace("Look", "Lööök")))
        .contains("message/rfc822\nContent-Transfer-Encoding: 8bit\n");
    assertThat(
            run(REQUIRED + "set \"h\" \"content-type\"; enclose :headers \"${h}\" \"x\";", MESSAGE))
        .isEqualTo("line 2: content-type tells what is in the message, and is not copied");
  }

  /** RFC 5703 §6: what is sent on has nothing around it; all else is about the new message. */
  @Test
  void whatIsSentOnIsNotEnclosed() {
    List<Optional<String>> editions =
        Runs.editions(
            REQUIRED
                + "addheader \"X-Old\" \"a\"; enclose \"one\"; addheader \"X-New\" \"b\";"
                + "fileinto \"a\"; redirect \"a@b.example\"; enclose :subject \"two\" \"x\";"
                + "redirect \"c@b.example\"; keep;",
            MESSAGE);
    assertThat(editions.get(1).orElseThrow())
        .isEqualTo("X-Old: a\r\n" + MESSAGE.replace("\n", "\r\n"));
    assertThat(editions.get(2)).isEqualTo(editions.get(1));
    String once = editions.get(0).orElseThrow();
    assertThat(once)
        .startsWith("X-New: b\r\nDate: ")
        .contains("7bit\r\n\r\nX-Old: a\r\nReceived: ");
    assertThat(editions.get(3).orElseThrow()).contains("Subject: two\r\n").contains(once);
    assertThat(
            Runs.editions(REQUIRED + "enclose \"one\"; redirect \"a@b.example\";", MESSAGE)
                .getFirst())
        .isEmpty();
    assertThat(
            run(
                REQUIRED
                    + "enclose \"one\"; if allof (header :mime :type \"content-type\""
                    + " \"multipart\",header \"from\" \"roadrunner@acme.example.com\",header :mime"
                    + " :anychild :contenttype \"content-type\" \"message/rfc822\",exists :mime"
                    + " :anychild \"received\", not exists \"received\",body :content \"message\""
                    + " :contains \"Coyote, W.\",body :raw :contains \"anvil\", body :text"
                    + " :contains \"anvil\") { discard; }",
                MESSAGE))
        .isEqualTo("discard");
  }

  /** Whether a message is answered is told by the one that was sent. */
  @Test
  void enclosedMessagesOfProgramsAreNotAnswered() {
    String script = REQUIRED + "enclose \"one\"; vacation \"gone\";";
    assertThat(run(script, "List-Id: <x.example>\n" + MESSAGE)).isEqualTo("implicit keep");
    assertThat(run(script, MESSAGE)).startsWith("vacation ");
  }

  /** The parts that a loop goes over stay those that they were. */
  @Test
  void loopsGoOnInWhatIsEnclosed() {
    String script =
        "foreverypart { if header :mime \"x-name\" \"alternative\" { enclose \"one\"; }"
            + "elsif header :mime \"x-name\" \"virus\" { replace \"removed\"; } }";
    String made = changed(script, NESTED);
    assertThat(types(made))
        .isEqualTo(
            "multipart/mixed[text/plain, message/rfc822["
                + NESTED_TYPES.replace("application/pdf", "text/plain")
                + "]]");
    assertThat(changed("foreverypart { enclose \"one\"; replace \"two\"; }", "A: b\n\nold\n"))
        .contains("message/rfc822\n")
        .contains("\n\ntwo\n")
        .doesNotContain("old");
  }

  @Test
  void changesAreLimited() {
    assertThat(run(REQUIRED + "enclose \"x\";".repeat(5), MESSAGE))
        .isEqualTo("line 2: a run encloses the message at most 4 times");
    assertThat(types(changed("enclose \"x\";".repeat(4), MESSAGE)))
        .isEqualTo(
            "multipart/mixed[text/plain, message/rfc822[".repeat(4)
                + "text/plain"
                + "]]".repeat(4));
    String much = "set \"v\" \"" + "x".repeat(8_000) + "\";";
    assertThat(run(REQUIRED + much + ("replace \"" + "${v}".repeat(30) + "\";").repeat(5), MESSAGE))
        .isEqualTo("line 2: a run puts at most 1048576 octets into a message");
    assertThat(run(REQUIRED + much + "replace \"" + "${v}".repeat(30_000) + "\";", MESSAGE))
        .isEqualTo("line 2: a text has at most 262144 characters");
    String none = "no header at all";
    assertThat(run(REQUIRED + "replace \"x\";", none)).endsWith("no header that can be edited");
    assertThat(run(REQUIRED + "enclose \"x\";", none)).endsWith("no header that can be edited");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      textBlock =
          """
          replace;                                | replace lacks an argument: the replacement, a string, is missing
          replace "a" "b";                        | replace has no such argument
          replace :mime :subject "a" "b";         | replace has no :subject and no :from with :mime
          replace :mime :from "a@b.example" "b";  | replace has no :subject and no :from with :mime
          replace :from "nobody" "b";             | this is no list of addresses: nobody
          replace :headers "a" "b";               | replace has no :headers here
          enclose;                                | enclose lacks an argument: the text, a string, is missing
          enclose :mime "a";                      | enclose has no :mime here
          enclose :headers "a b" "c";             | this is no name of a field: a b
          enclose :headers ["To", "Content-Type"] "c"; | Content-Type tells what is in the message, and is not copied
          """)
  void whatIsWrongIsTold(String script, String expected) {
    assertThat(refusal(REQUIRED + script)).endsWith(": " + expected);
    assertThat(refusal(script)).containsPattern("needs require \"(replace|enclose)\"");
  }
}
