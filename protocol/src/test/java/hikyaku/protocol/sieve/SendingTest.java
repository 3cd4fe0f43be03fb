package hikyaku.protocol.sieve;

import static hikyaku.protocol.sieve.Runs.MESSAGE;
import static hikyaku.protocol.sieve.Runs.isTrue;
import static hikyaku.protocol.sieve.Runs.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What answers, refuses, notifies, includes and remembers, by the examples of the RFCs. */
class SendingTest {
  @AfterEach
  void forget() {
    Runs.INCLUDED.clear();
  }

  private static String vacation(String arguments) {
    return run(
        "require [\"vacation-seconds\", \"fcc\", \"mailbox\"]; vacation " + arguments + ";",
        MESSAGE);
  }

  /** RFC 5230 §4, RFC 6131 §3, RFC 8580 §3. */
  @Test
  void vacation() {
    String answer = "vacation roadrunner@acme.example.com ";
    assertThat(vacation("\"I'm away until October 19.\""))
        .isEqualTo(answer + "\"Auto: I have a present for you\"; implicit keep");
    assertThat(vacation(":subject \"Automatic response to: x\" :days 23 \"away\""))
        .isEqualTo(answer + "\"Automatic response to: x\" 1987200; implicit keep");
    assertThat(vacation(":seconds 1800 \"away\"")).contains(" 1800;");
    assertThat(vacation(":seconds 0 \"away\"")).contains(" 0;");
    assertThat(vacation(":from \"Me <rr@acme.example.com>\" \"away\""))
        .startsWith("vacation Me <rr@acme.example.com>");
    assertThat(vacation(":from \"=?utf-8?q?J=C3=BCrgen?= <rr@acme.example.com>\" \"away\""))
        .startsWith("vacation Jürgen <rr@acme.example.com>");
    assertThat(vacation(":from \"coyote@desert.example.org\" \"away\"")).startsWith(answer);
    assertThat(vacation(":fcc \"INBOX.Sent\" :create \"away\""))
        .contains("fileinto INBOX.Sent create; implicit keep");
    assertThat(run("require \"vacation\"; vacation \"a\"; vacation \"b\";", MESSAGE))
        .isEqualTo("line 1: a run has one vacation");
  }

  private static String identity(String script, String message) {
    return Runs.outcome(script, message, SieveLimits.DEFAULTS).actions().stream()
        .filter(Action.Vacation.class::isInstance)
        .map(action -> ((Action.Vacation) action).identity())
        .findFirst()
        .orElseThrow();
  }

  /** RFC 5230 §4.2. */
  @Test
  void anAnswerIsKnownByWhatTheScriptHasAndNotByWhatItsVariablesHold() {
    String script =
        """
        require ["vacation", "variables"];
        if header :matches "subject" "*" { vacation :subject "Re: ${1}" "away ${1}"; }
        """;
    String other = MESSAGE.replace("I have a present", "Another present");
    assertThat(identity(script, other)).isEqualTo(identity(script, MESSAGE));
    for (String changed :
        List.of(
            script.replace("away ${1}", "away ${0}"),
            script.replace("away ${1}", "away"),
            script.replace("Re: ${1}", "Re:"),
            script.replace(":subject", ":from \"rr@acme.example.com\" :subject"),
            script.replace(":subject", ":mime :subject"),
            script.replace(":subject", ":handle \"x\" :subject"))) {
      assertThat(identity(changed, MESSAGE)).as(changed).isNotEqualTo(identity(script, MESSAGE));
    }
    String handle = script.replace(":subject", ":handle \"x\" :subject");
    assertThat(identity(handle.replace("away", "gone"), MESSAGE))
        .isEqualTo(identity(handle, MESSAGE));
  }

  @Test
  void whatIsWrongInAVacationIsToldWhenItIsStored() {
    assertThat(refusal("require \"vacation\"; vacation :seconds 5 \"x\";"))
        .contains("vacation-seconds");
    assertThat(refusal("require \"vacation-seconds\"; vacation :seconds 5 :days 1 \"x\";"))
        .contains("not both");
    assertThat(refusal("require \"vacation\"; vacation :fcc \"a\" \"x\";")).contains("fcc");
    assertThat(refusal("vacation \"x\";")).contains("vacation");
  }

  private static String refusal(String script) {
    try {
      Script.read(script.getBytes(java.nio.charset.StandardCharsets.UTF_8), SieveLimits.DEFAULTS);
      throw new AssertionError("not refused");
    } catch (SieveException e) {
      return e.told();
    }
  }

  /** RFC 5436 §2.7: what says that no program may answer it is no less worth telling of. */
  @Test
  void whatIsNotifiedOf() {
    String script = "require \"enotify\"; notify \"mailto:p@example.org\";";
    assertThat(run(script, "X-Auto-Response-Suppress: All\n" + MESSAGE)).startsWith("notify");
    assertThat(run(script, "Auto-Submitted: auto-generated\n" + MESSAGE))
        .isEqualTo("implicit keep");
  }

  /** RFC 5230 §4.5 and §4.6, RFC 3834 §2. */
  @Test
  void whatMustNotBeAnswered() {
    String script = "require \"vacation\"; vacation \"gone\";";
    for (String field :
        List.of(
            "Auto-Submitted: auto-replied",
            "auto-submitted: Auto-Generated; x=y",
            "Auto-Submitted: (by cron) auto-generated (every day)",
            "Auto-Submitted: (no) x-new",
            "Auto-Submitted:",
            "Auto-Submitted: no\nAuto-Submitted: auto-replied",
            "List-Id: <a.example.org>",
            "List-Unsubscribe: <mailto:x@example.org>",
            "Precedence: BULK",
            "X-Auto-Response-Suppress: DR, OOF")) {
      assertThat(run(script, field + "\n" + MESSAGE)).as(field).isEqualTo("implicit keep");
    }
    for (String byHand : List.of("no", "No; x=y", "(really) no", "no (it is I)")) {
      assertThat(run(script, "Auto-Submitted: " + byHand + "\n" + MESSAGE))
          .as(byHand)
          .startsWith("vacation");
    }
    String other = MESSAGE.replace("To: roadrunner@acme.example.com, ", "To: ");
    assertThat(run(script, other)).isEqualTo("implicit keep");
    assertThat(run(script, "Cc: rr@acme.example.com\n" + other))
        .startsWith("vacation rr@acme.example.com");
    assertThat(
            run(
                "require \"vacation\"; vacation :addresses \"OTHER+list@example.com\" \"gone\";",
                other))
        .startsWith("vacation roadrunner@acme.example.com");
    for (String from :
        List.of(
            "",
            "mailer-daemon@a.example",
            "owner-x@a.example",
            "x-request@a.example",
            "roadrunner@acme.example.com",
            "rr@acme.example.com")) {
      assertThat(Runs.runFrom(script, MESSAGE, from)).as(from).isEqualTo("implicit keep");
    }
  }

  /** RFC 5429 §2. */
  @Test
  void reject() {
    String script =
        """
        require ["reject", "ereject", "fileinto", "vacation"];
        """;
    assertThat(run(script + "reject \"I am not taking mail\";", MESSAGE))
        .isEqualTo("reject I am not taking mail");
    assertThat(run(script + "ereject text:\nNo\nmail\n.\n; discard;", MESSAGE))
        .isEqualTo("ereject No\nmail");
    assertThat(run(script + "fileinto \"x\";\nreject \"no\";", MESSAGE)).startsWith("line 3: ");
    assertThat(run(script + "reject \"no\";\nkeep;", MESSAGE)).startsWith("line 3: ");
    assertThat(run(script + "vacation \"gone\";\nreject \"no\";", MESSAGE)).startsWith("line 3: ");
    assertThat(run(script + "reject \"no\"; reject \"no\";", MESSAGE)).isEqualTo("reject no");
  }

  /** RFC 7352 §3. */
  @Test
  void duplicate() {
    String required = "require [\"duplicate\", \"variables\"];";
    String known = "Message-ID: <seen@example.com>\nX-Id: <seen@example.com>\n\n";
    assertThat(isTrue(required, "duplicate", known)).isTrue();
    assertThat(isTrue(required, "duplicate :handle \"x\"", known)).isFalse();
    assertThat(isTrue(required, "duplicate :header \"x-id\"", known)).isTrue();
    assertThat(isTrue(required, "duplicate :header \"x-none\"", known)).isFalse();
    assertThat(isTrue(required, "duplicate :uniqueid \"<seen@example.com>\"", known)).isTrue();
    assertThat(isTrue(required, "duplicate", MESSAGE)).isFalse();
    assertThat(refusal(required + "if duplicate :header \"a\" :uniqueid \"b\" {}"))
        .contains("not both");
    Outcome outcome =
        Runs.outcome(
            required
                + "if duplicate :seconds 1800 :last :handle \"h\" :uniqueid \"u\" {}"
                + "if duplicate {}",
            known,
            SieveLimits.DEFAULTS);
    assertThat(outcome.marks())
        .containsExactly(
            new Outcome.Mark("h", "u", 1800, true),
            new Outcome.Mark("", "<seen@example.com>", 604_800, false));
    assertThat(
            Runs.outcome(
                    required + "if duplicate {} set \"a\" \"b\"; keep; stop;",
                    known,
                    SieveLimits.DEFAULTS)
                .marks())
        .hasSize(1);
    assertThat(
            Runs.outcome(
                    "require [\"duplicate\", \"ihave\"]; if duplicate {} error \"x\";",
                    known,
                    SieveLimits.DEFAULTS)
                .marks())
        .isEmpty();
  }

  /** RFC 5435 §3 to §6, RFC 5436 §2. */
  @Test
  void notifications() {
    String required = "require [\"enotify\", \"variables\", \"fileinto\"];";
    assertThat(
            run(
                required
                    + "notify :importance \"1\" :message \"This is probably very important\""
                    + " \"mailto:alm@example.com\";",
                MESSAGE))
        .isEqualTo(
            "notify [alm@example.com] roadrunner@acme.example.com 1"
                + " \"This is probably very important\" A message came.\n\n"
                + "From: \"Coyote, W.\" <coyote@desert.example.org>\n"
                + "Subject: I have a present for you; implicit keep");
    assertThat(
            run(
                required
                    + "notify \"mailto:a@b.example,%63@d.example?subject=New%20mail&body=x%0Ay&cc=e@f.g\";",
                MESSAGE))
        .startsWith(
            "notify [a@b.example, c@d.example] cc [e@f.g] roadrunner@acme.example.com 2 \"New mail\" x\ny;");
    assertThat(
            run(
                required + "notify \"mailto:a@b.example\";",
                "Auto-Submitted: auto-notified\n" + MESSAGE))
        .isEqualTo("implicit keep");
    // RFC 5436 §2.7: whoever is in To is not there twice.
    assertThat(run(required + "notify \"mailto:?cc=a@b.c,e@f.g&to=a@b.c&subject=x\";", MESSAGE))
        .startsWith("notify [a@b.c] cc [e@f.g] ");
    assertThat(run(required + "notify \"mailto:?cc=e@f.g\";", MESSAGE))
        .startsWith("notify [] cc [e@f.g] ");
    assertThat(refusal(required + "notify \"mailto:a@b.c,b@b.c?cc=c@b.c,d@b.c,e@b.c\";"))
        .contains("at most 4");
    assertThat(refusal(required + "notify \"xmpp:a@b\";")).contains("by mailto: only");
    assertThat(refusal(required + "notify \"mailto:?subject=x\";")).contains("names nobody");
    assertThat(refusal(required + "notify :importance \"4\" \"mailto:a@b.c\";")).contains("\"3\"");
    assertThat(run(required + "set \"m\" \"mailto:%zz@x\"; notify \"${m}\";", MESSAGE))
        .startsWith("line 1: ");
    assertThat(isTrue(required, "valid_notify_method [\"mailto:a@b.c\", \"xmpp:a@b\"]", MESSAGE))
        .isFalse();
    assertThat(isTrue(required, "valid_notify_method \"MAILTO:a@b.c\"", MESSAGE)).isTrue();
    assertThat(
            isTrue(
                required,
                "notify_method_capability \"mailto:a@b.c\" \"Online\" [\"yes\", \"maybe\"]",
                MESSAGE))
        .isTrue();
    assertThat(
            isTrue(required, "notify_method_capability \"xmpp:a@b\" \"online\" \"maybe\"", MESSAGE))
        .isFalse();
    assertThat(
            run(
                required + "set :encodeurl \"b\" \"Safe body&evil=éñ\"; fileinto \"${b}\";",
                MESSAGE))
        .isEqualTo("fileinto Safe%20body%26evil%3D%C3%A9%C3%B1");
  }

  /** RFC 6609 §3. */
  @Test
  void include() {
    Runs.INCLUDED.put("always_allow", "require \"fileinto\"; fileinto \"allowed\";");
    Runs.INCLUDED.put(
        "spam",
        """
        require ["include", "fileinto", "variables"];
        global "i";
        set "own" "seen";
        set "i" "${i}x";
        if header :contains "Subject" "present" { fileinto "spam${i}${own}"; return; }
        stop;
        """);
    Runs.INCLUDED.put("global spam", "stop;");
    Runs.INCLUDED.put("loop", "require \"include\"; include \"loop\";");
    Runs.INCLUDED.put("broken", "keep;\nfoo;");
    Runs.INCLUDED.put("fails", "require \"ihave\";\nerror \"no\";");
    String required = "require [\"include\", \"variables\", \"fileinto\"];";
    assertThat(
            run(
                required
                    + "global [\"i\", \"j\"]; set \"i\" \"1\"; set \"own\" \"mine\";"
                    + "include :personal \"always_allow\"; include \"spam\";"
                    + "fileinto \"${own}${i}${global.i}\";",
                MESSAGE))
        .isEqualTo("fileinto allowed; fileinto spam1xseen; fileinto mine1x1x");
    assertThat(run(required + "include :global \"spam\"; discard;", MESSAGE))
        .isEqualTo("implicit keep");
    assertThat(
            run(
                required
                    + "set \"global.i\" \"a\"; include :once \"spam\"; include :once \"spam\"; keep;",
                MESSAGE))
        .isEqualTo("fileinto spamaxseen; keep");
    assertThat(run(required + "include :optional \"none\"; keep;", MESSAGE)).isEqualTo("keep");
    assertThat(run(required + "\ninclude \"none\";", MESSAGE))
        .isEqualTo("line 2: there is no script \"none\" to include");
    assertThat(run(required + "include \"loop\";", MESSAGE)).contains("includes itself");
    assertThat(run(required + "include \"broken\";", MESSAGE))
        .isEqualTo(
            "line 1: the script \"broken\" is not in order: line 2, column 1: there is no command foo");
    assertThat(run(required + "include \"fails\";", MESSAGE))
        .isEqualTo("line 1: in the script \"fails\", line 2: no");
    assertThat(refusal(required + "include \"${x}\";")).contains("no variables");
    assertThat(refusal(required + "include :global :personal \"x\";")).contains("not both");
    assertThat(run(required + "discard; return; keep;", MESSAGE)).isEqualTo("discard");
  }

  private static String header(String script, String message) {
    return Runs.last("require [\"editheader\", \"variables\"]; " + script, message)
        .map(made -> made.substring(0, made.indexOf("\r\n\r\n") + 4))
        .orElse("as it was");
  }

  /** RFC 5293 §4, §5, §6. */
  @Test
  void editHeader() {
    String message = "Received: a\nA: 1\nX-Hobby: one\nx-hobby: two\n  three\n\nbody\n";
    assertThat(header("keep;", message)).isEqualTo("as it was");
    assertThat(header("addheader \"X-Sieve-Filtered\" [\"<kim@job.example.com>\"];", message))
        .isEqualTo(
            "X-Sieve-Filtered: <kim@job.example.com>\r\nReceived: a\r\nA: 1\r\nX-Hobby: one\r\n"
                + "x-hobby: two\r\n  three\r\n\r\n");
    assertThat(header("addheader :last \"B\" \"Gr\u00fc\u00dfe\";", "A: 1\n\nbody\n"))
        .isEqualTo("A: 1\r\nB: =?utf-8?B?R3LDvMOfZQ==?=\r\n\r\n");
    assertThat(header("addheader \"B\" \"" + "word ".repeat(20) + "\";", "A: 1\n\n"))
        .startsWith("B: word")
        .contains("word\r\n word");
    assertThat(header("deleteheader \"X-Hobby\";", message))
        .isEqualTo("Received: a\r\nA: 1\r\n\r\n");
    assertThat(header("deleteheader :index 2 \"x-hobby\";", message))
        .contains("one")
        .doesNotContain("two");
    assertThat(header("deleteheader :last :index 2 \"x-hobby\";", message))
        .contains("two")
        .doesNotContain("one");
    assertThat(header("deleteheader :contains \"x-hobby\" [\"x\", \"THREE\"];", message))
        .contains("one")
        .doesNotContain("two");
    assertThat(
            header(
                "deleteheader \"Received\"; deleteheader \"auto-submitted\";",
                "Auto-Submitted: no\n" + message))
        .isEqualTo("as it was");
    assertThat(
            header(
                "addheader \"A\" \"2\"; if header :is \"a\" \"2\" { deleteheader :is \"A\" \"1\"; }",
                message))
        .startsWith("A: 2\r\nReceived: a\r\nX-Hobby");
    String required = "require [\"editheader\", \"variables\"];";
    assertThat(refusal(required + "addheader \"A B\" \"x\";")).contains("no name of a field");
    assertThat(run(required + "set \"n\" \"a:b\"; addheader \"${n}\" \"x\";", message))
        .isEqualTo("line 1: this can be no field of a header");
    assertThat(run(required + "addheader \"A\" \"x\u0001\";", message)).startsWith("line 1: ");
    assertThat(header("addheader \"A\" \"x\r\n Bcc: y\";", message)).startsWith("A: x Bcc: y\r\n");
  }

  /** RFC 9042 §4, §6. */
  @Test
  void mailboxId() {
    String required = "require [\"mailboxid\", \"fileinto\"];";
    assertThat(isTrue(required, "mailboxidexists \"F123\"", MESSAGE)).isTrue();
    assertThat(isTrue(required, "mailboxidexists [\"F123\", \"F4\"]", MESSAGE)).isFalse();
    assertThat(run(required + "fileinto :mailboxid \"F9\" \"INBOX.Backup\";", MESSAGE))
        .isEqualTo("fileinto INBOX.Backup F9");
  }

  /** RFC 6609 §3.1. */
  @Test
  void howDeepAndHowOftenScriptsMayBeIncluded() {
    for (int i = 1; i < 10; i++) {
      Runs.INCLUDED.put("" + i, "require \"include\"; include \"" + (i + 1) + "\"; discard;");
    }
    Runs.INCLUDED.put("10", "discard;");
    assertThat(run("require \"include\"; include \"1\";", MESSAGE))
        .endsWith("scripts may include one another at most 10 deep");
    assertThat(run("require \"include\"; include \"2\";", MESSAGE)).isEqualTo("discard");
    assertThat(run("require \"include\";" + "include \"10\";".repeat(100), MESSAGE))
        .isEqualTo("discard");
    assertThat(run("require \"include\";" + "include \"10\";".repeat(101), MESSAGE))
        .isEqualTo("line 1: a run includes at most 100 scripts");
  }

  /** What runs one behind the other shares nothing (RFC 6609 §2), and is not yet included. */
  @Test
  void scriptsThatFollowOneAnotherShareNoVariables() throws IOException {
    String required = "require [\"include\", \"variables\", \"fileinto\"]; ";
    Runs.INCLUDED.put(
        "global a",
        required + "if string \"${global.turn}\" \"second\" { fileinto \"included\"; }");
    String first = required + "set \"global.turn\" \"first\"; include :once :global \"a\";";
    String second =
        required
            + "fileinto \"<${global.turn}>\"; set \"global.turn\" \"second\";"
            + " include :once :global \"a\";";
    Outcome outcome =
        Interpreter.run(
            List.of(
                new Interpreter.Stage(new ScriptName(true, "first"), Runs.script(first)),
                new Interpreter.Stage(new ScriptName(false, "first"), Runs.script(second))),
            Runs.message(MESSAGE),
            new Runs.World(),
            SieveLimits.DEFAULTS,
            Watcher.NONE);
    assertThat(Runs.words(outcome)).isEqualTo("fileinto <>; fileinto included");
  }
}
