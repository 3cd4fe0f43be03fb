package hikyaku.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.app.CommandLineAccess;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code sieve check} and {@code sieve test}, which need nothing but files. */
final class SieveTrialTest {
  @TempDir private Path directory;

  private record Said(int exit, String out, String err) {}

  private static Said run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        CommandLineAccess.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(arguments);
    return new Said(exit, out.toString(), err.toString());
  }

  private Path file(String name, String content) throws Exception {
    return Files.writeString(directory.resolve(name), content);
  }

  @Test
  void aScriptIsCheckedWithItsPlace() throws Exception {
    Said good = run("sieve", "check", file("good", "keep;\n").toString());
    assertThat(good.exit()).isZero();
    assertThat(good.out()).isEqualTo("The script is in order.\n");
    Said bad = run("sieve", "check", file("bad", "keep;\n fileinto \"x\";").toString());
    assertThat(bad.exit()).isEqualTo(1);
    assertThat(bad.err())
        .endsWith(
            "bad is not in order. At line 2, column 2: fileinto needs require \"fileinto\".\n");
  }

  @Test
  void aTrialTellsEachStep() throws Exception {
    Path script =
        file(
            "script",
            """
            require ["fileinto", "mailbox", "envelope"];
            if envelope "from" "a@b.example" {
              if mailboxexists "Work" { fileinto "Work"; }
            }
            """);
    Path message = file("message", "Subject: hello\n\nbody\n");
    Said said =
        run(
            "sieve",
            "test",
            script.toString(),
            message.toString(),
            "--from",
            "a@b.example",
            "--mailbox",
            "Work");
    assertThat(said.err()).isEmpty();
    assertThat(said.exit()).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            line 2: envelope from ["a@b.example"] :is ["a@b.example"]: true
            line 3: mailboxexists: true
            line 3: put into Work

            Then:
              put into Work
            """);
  }

  /** As at delivery, where a script fails as a whole if it wants what cannot be. */
  @Test
  void mailboxesThatMayBeMissingAreNamed() throws Exception {
    Path script =
        file(
            "script",
            """
            require ["fileinto", "mailbox", "enotify", "fcc", "copy"];
            fileinto :copy "A";
            fileinto :copy "a" ;
            fileinto :copy :create "B";
            fileinto :copy "inbox";
            notify :fcc "C" "mailto:p@q.example";
            """);
    Path message = file("message", "Subject: x\n\nbody\n");
    String[] arguments = {"sieve", "test", script.toString(), message.toString(), "--mailbox", "A"};
    assertThat(run(arguments).out())
        .endsWith(
            """
              notify p@q.example: x; put into C
              keep in INBOX, as nothing else was said
            If the account has no mailbox a, the message is kept in INBOX and nothing else is done.
            If the account has no mailbox C, the message is kept in INBOX and nothing else is done.
            """);
  }

  @Test
  void answersIncludesAndRefusalsAreExplained() throws Exception {
    file("more.sieve", "require \"duplicate\";\nif duplicate { discard; }\n");
    Path script =
        file(
            "script",
            """
            require ["vacation", "include", "enotify"];
            vacation :days 3 :subject "Away" "gone";
            notify :message "Mail" "mailto:p@q.example";
            include "more";
            """);
    Path message = file("message", "To: u1@x.example\nMessage-ID: <1@x>\n\nbody\n");
    String[] arguments = {
      "sieve", "test", script.toString(), message.toString(), "--to", "u1+a@x.example", "--seen"
    };
    Said said = run(arguments);
    assertThat(said.err()).isEmpty();
    assertThat(said.out())
        .isEqualTo(
            """
            line 2: no answer to this message: it has no sender
            line 3: notify p@q.example: Mail
            line 4: include the script "more"
            line 2: duplicate ["<1@x>"]: true
            line 2: discard

            Then:
              notify p@q.example: Mail
            """);
  }

  @Test
  void listsAreThoseThatAreGiven() throws Exception {
    Path script =
        file(
            "script",
            """
            require ["extlists", "fileinto"];
            if header :list "from" "urn:ietf:params:sieve:addrbook:default" { fileinto "Known"; }
            if header :list "from" "tag:x.example,2026:else" { fileinto "Else"; }
            """);
    Path message = file("message", "From: Jo <Jo@q.example>\n\nbody\n");
    Path book = file("book", "somebody@q.example\r\nJo <jo@q.example>\r\n\r\nnobody\r\n");
    String known = "URN:ietf:params:sieve:addrbook:default=" + book;
    Said said = run("sieve", "test", script.toString(), message.toString(), "--list", known);
    assertThat(said.err()).isEmpty();
    String into =
        """

        Then:
          put into Known
        If the account has no mailbox Known, the message is kept in INBOX and nothing else is done.
        """;
    assertThat(said.out()).endsWith(into);
    assertThat(run("sieve", "test", script.toString(), message.toString()).out())
        .endsWith("\nThen:\n  keep in INBOX, as nothing else was said\n");
    String brief = ":addrbook:default=" + book;
    assertThat(run("sieve", "test", script.toString(), message.toString(), "--list", brief).out())
        .endsWith(into);
    Path elsewhere =
        file(
            "elsewhere",
            """
            require ["extlists"];
            if not header :list "from" ":addrbook:personal" { discard; }
            """);
    Said failed = run("sieve", "test", elsewhere.toString(), message.toString());
    assertThat(failed.err()).contains("The script fails in line 2", ":addrbook:personal");
    assertThat(failed.out()).doesNotContain("discard");
    assertThat(
            run("sieve", "test", script.toString(), message.toString(), "--list", "x=" + book)
                .err())
        .contains("named by a URI");
  }

  @Test
  void partsAndWhatBecomesOfThemAreTold() throws Exception {
    Path script =
        file(
            "script",
            """
            require ["mime", "foreverypart", "replace", "enclose", "copy"];
            redirect :copy "a@x.example";
            foreverypart {
              if header :mime :contenttype "content-type" "text/html" { replace "none"; }
            }
            enclose :subject "Look" "Behold";
            """);
    Path message =
        file(
            "message",
            "A: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x\n"
                + "Content-Type: text/html\n\ntwo\n--x--\n");
    Said said = run("sieve", "test", script.toString(), message.toString());
    assertThat(said.err()).isEmpty();
    assertThat(said.out())
        .matches(
            """
            line 2: redirect to a@x\\.example
            line 3: foreverypart: the message, multipart/mixed
            line 4: header content-type \\["multipart/mixed"] :is \\["text/html"]: false
            line 3: foreverypart: part 1, text/plain
            line 4: header content-type \\[] :is \\["text/html"]: false
            line 3: foreverypart: part 2, text/html
            line 4: header content-type \\["text/html"] :is \\["text/html"]: true
            line 4: replace part 2 by text/plain, 82 octets
            line 6: enclose the message in another one

            Then:
              redirect to a@x\\.example
              keep in INBOX, as nothing else was said, changed to \\d{3} octets
            """);
  }

  @Test
  void whatScannersSaidIsTakenFromTheFieldsThatAreNamed() throws Exception {
    Path script =
        file(
            "script",
            """
            require ["spamtestplus", "virustest"];
            if spamtest :percent "75" { discard; }
            if virustest "1" { stop; }
            """);
    Path message = file("message", "X-Score: 15\nX-Found: clean\n\nbody\n");
    Said said =
        run(
            "sieve",
            "test",
            script.toString(),
            message.toString(),
            "--spam-field",
            "X-Score",
            "--spam-score",
            "20",
            "--virus-field",
            "X-Found");
    assertThat(said.err()).isEmpty();
    assertThat(said.out())
        .contains("line 2: spamtest [\"75\"] :is [\"75\"]: true")
        .contains("line 3: virustest [\"1\"] :is [\"1\"]: true")
        .contains("discard the message");
  }

  @Test
  void aRunThatFailsKeepsTheMessage() throws Exception {
    Path script = file("script", "require \"ihave\";\nerror \"never mind\";\n");
    Path message = file("message", "Subject: hello\n\nbody\n");
    Said said = run("sieve", "test", script.toString(), message.toString());
    assertThat(said.exit()).isEqualTo(1);
    assertThat(said.out()).contains("keep in INBOX");
    assertThat(said.err()).contains("The script fails in line 2: never mind.");
  }

  /** RFC 6009 §4, §5. */
  @Test
  void whatTheEnvelopeHasBesideAddressesIsGiven() throws Exception {
    Path script =
        file(
            "script",
            """
            require ["envelope", "envelope-dsn", "envelope-deliverby", "redirect-dsn"];
            if allof (envelope "notify" "NEVER", envelope "bymode" "return") {
              redirect :ret "HDRS" "x@far.example";
            }
            """);
    Path message = file("message", "Subject: hello\n\nbody\n");
    String[] trial = {"sieve", "test", script.toString(), message.toString(), "--envelope", ""};
    trial[5] = "notify=never";
    assertThat(run(trial).out()).contains("envelope notify [\"NEVER\"]").contains("keep in INBOX");
    String[] both = Arrays.copyOf(trial, 8);
    both[6] = "--envelope";
    both[7] = "BY=600;R";
    assertThat(run(both).out()).endsWith("Then:\n  redirect to x@far.example, with RET=HDRS\n");
    trial[5] = "BY=soon";
    assertThat(run(trial).err()).contains("--envelope BY=soon: an envelope has no such thing.");
  }
}
