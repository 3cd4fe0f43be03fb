package hikyaku.protocol.sieve;

import static hikyaku.protocol.sieve.Runs.MESSAGE;
import static hikyaku.protocol.sieve.Runs.isTrue;
import static hikyaku.protocol.sieve.Runs.run;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** RFC 5228, its examples among them. */
class InterpreterTest {
  @Test
  void withoutActionTheMessageIsKept() {
    assertThat(run("", MESSAGE)).isEqualTo("implicit keep");
    assertThat(run("stop; discard;", MESSAGE)).isEqualTo("implicit keep");
    assertThat(run("keep;", MESSAGE)).isEqualTo("keep");
    assertThat(run("discard;", MESSAGE)).isEqualTo("discard");
    assertThat(run("discard; keep; keep;", MESSAGE)).isEqualTo("keep");
  }

  /** §3.1. */
  @Test
  void firstTrueBranchIsTaken() {
    String script =
        """
        require "fileinto";
        if header :contains "from" "coyote" {
           discard;
        } elsif header :contains ["subject"] ["$$$"] {
           discard;
        } else {
           fileinto "INBOX";
        }
        """;
    assertThat(run(script, MESSAGE)).isEqualTo("discard");
    assertThat(run(script, "From: a@b\n\n")).isEqualTo("fileinto INBOX");
    assertThat(run(script, "Subject: $$$\n\n")).isEqualTo("discard");
  }

  /** §9. */
  @Test
  void theExampleOfTheEnd() {
    String script =
        """
        #
        # Example Sieve Filter
        # Declare any optional features or extension used by the script
        #
        require ["fileinto"];

        #
        # Handle messages from known mailing lists
        # Move messages from IETF filter discussion list to filter mailbox
        #
        if header :is "Sender" "owner-ietf-mta-filters@imc.org"
                {
                fileinto "filter";  # move to "filter" mailbox
                }
        #
        # Keep all messages to or from people in my company
        #
        elsif address :DOMAIN :is ["From", "To"] "example.com"
                {
                keep;               # keep in "In" mailbox
                }

        #
        # Try and catch unsolicited email.  If a message is not to me,
        # or it contains a subject known to be spam, file it away.
        #
        elsif anyof (NOT address :all :contains
                       ["To", "Cc", "Bcc"] "me@example.com",
                     header :matches "subject"
                       ["*make*money*fast*", "*university*dipl*mas*"])
                {
                fileinto "spam";   # move to "spam" mailbox
                }
        else
                {
                # Move all other (non-company) mail to "personal"
                # mailbox.
                fileinto "personal";
                }
        """;
    assertThat(run(script, "Sender: owner-ietf-mta-filters@imc.org\n\n"))
        .isEqualTo("fileinto filter");
    assertThat(run(script, "From: x@Example.COM\n\n")).isEqualTo("keep");
    assertThat(run(script, "From: a@b.net\nTo: c@d.net\n\n")).isEqualTo("fileinto spam");
    assertThat(run(script, "From: a@b.net\nTo: me@example.com.net\nSubject: hello\n\n"))
        .isEqualTo("fileinto personal");
    assertThat(
            run(
                script,
                "From: a@b.net\nTo: me@example.com.net\nSubject: Make your money FAST!\n\n"))
        .isEqualTo("fileinto spam");
  }

  /** §2.7.1. */
  @Test
  void matchTypes() {
    String of = "Subject: frop-*-baz\n\n";
    assertThat(isTrue("", "header :is \"subject\" \"FROP-*-BAZ\"", of)).isTrue();
    assertThat(isTrue("", "header :comparator \"i;octet\" \"subject\" \"FROP-*-BAZ\"", of))
        .isFalse();
    assertThat(isTrue("", "header :contains \"subject\" \"OP-\"", of)).isTrue();
    assertThat(isTrue("", "header :contains \"subject\" \"\"", of)).isTrue();
    assertThat(isTrue("", "header :contains \"no-such\" \"\"", of)).isFalse();
    assertThat(isTrue("", "header :matches \"subject\" \"f*baz\"", of)).isTrue();
    assertThat(isTrue("", "header :matches \"subject\" \"frop-\\\\*-b?z\"", of)).isTrue();
    assertThat(isTrue("", "header :matches \"subject\" \"frop-\\\\?-b?z\"", of)).isFalse();
    assertThat(isTrue("", "header :matches \"subject\" \"frop\"", of)).isFalse();
    assertThat(isTrue("", "header :matches \"subject\" \"*?\"", "Subject:\n\n")).isFalse();
  }

  /** §2.4.2.2: case of field names does not count; §5.7: encoded-words are decoded. */
  @Test
  void headersAsPeopleReadThem() {
    String of = "SUBJECT: =?utf-8?q?caf=C3=A9?=\n =?utf-8?q?s?=  \n\n";
    assertThat(isTrue("", "header \"Subject\" \"cafés\"", of)).isTrue();
    assertThat(isTrue("", "exists [\"Subject\", \"From\"]", of)).isFalse();
    assertThat(isTrue("", "exists \"Subject\"", of)).isTrue();
    String unicode = "header :comparator \"i;unicode-casemap\" \"Subject\" \"CAFÉS\"";
    assertThat(isTrue("require \"comparator-i;unicode-casemap\";", unicode, of)).isTrue();
    assertThat(isTrue("", "header \"Subject\" \"CAFÉS\"", of)).isFalse();
  }

  /** §5.1, §2.7.4. */
  @Test
  void addresses() {
    assertThat(isTrue("", "address :is :all \"from\" \"COYOTE@desert.example.org\"", MESSAGE))
        .isTrue();
    assertThat(isTrue("", "address :domain \"to\" \"example.com\"", MESSAGE)).isTrue();
    assertThat(isTrue("", "address :localpart \"to\" \"roadrunner\"", MESSAGE)).isTrue();
    assertThat(isTrue("", "address :contains \"from\" \"W.\"", MESSAGE)).isFalse();
    String group = "To: Friends: a@b.example, c@d.example;, e@f.example\n\n";
    assertThat(isTrue("", "address \"to\" \"c@d.example\"", group)).isTrue();
    assertThat(isTrue("", "address :contains \"to\" \"Friends\"", group)).isFalse();
    assertThat(isTrue("", "address \"to\" \"jürgen@b.example\"", "To: jürgen@b.example\n\n"))
        .isTrue();
  }

  /** §5.4; RFC 5233 §4. */
  @Test
  void envelopeAndSubaddress() {
    String both = "require [\"envelope\", \"subaddress\"];";
    assertThat(isTrue(both, "envelope \"from\" \"coyote@desert.example.org\"", MESSAGE)).isTrue();
    assertThat(isTrue(both, "envelope :user \"to\" \"roadrunner\"", MESSAGE)).isTrue();
    assertThat(isTrue(both, "envelope :detail \"to\" \"fast\"", MESSAGE)).isTrue();
    assertThat(isTrue(both, "envelope :detail \"from\" \"\"", MESSAGE)).isFalse();
    assertThat(isTrue(both, "address :detail \"to\" \"list\"", MESSAGE)).isTrue();
    assertThat(isTrue(both, "address :user \"to\" \"other\"", MESSAGE)).isTrue();
    assertThat(isTrue(both, "address :localpart \"to\" \"other+list\"", MESSAGE)).isTrue();
  }

  /** §5.9. */
  @Test
  void size() {
    String exactly = "Subject: 1\n\n"; // 14 octets
    assertThat(isTrue("", "size :over 13", exactly)).isTrue();
    assertThat(isTrue("", "size :over 14", exactly)).isFalse();
    assertThat(isTrue("", "size :under 14", exactly)).isFalse();
    assertThat(isTrue("", "size :under 1K", exactly)).isTrue();
  }

  @Test
  void connectives() {
    assertThat(isTrue("", "allof (true, not false)", MESSAGE)).isTrue();
    assertThat(isTrue("", "allof (true, false)", MESSAGE)).isFalse();
    assertThat(isTrue("", "anyof (false, true)", MESSAGE)).isTrue();
    assertThat(isTrue("", "anyof (false, false)", MESSAGE)).isFalse();
  }

  /** §2.10.3, §4.2; RFC 3894. */
  @Test
  void actionsInOrderAndOnce() {
    String script =
        """
        require ["fileinto", "copy"];
        fileinto :copy "a";
        redirect "Someone <x@y.example>";
        fileinto "b";
        fileinto "a";
        """;
    assertThat(run(script, MESSAGE)).isEqualTo("fileinto a; redirect x@y.example; fileinto b");
    assertThat(run("require [\"fileinto\", \"copy\"]; fileinto :copy \"a\";", MESSAGE))
        .isEqualTo("fileinto a; implicit keep");
    assertThat(run("require \"copy\"; redirect :copy \"x@y.example\";", MESSAGE))
        .isEqualTo("redirect x@y.example; implicit keep");
    assertThat(run("redirect \"x@y.example\";", MESSAGE)).isEqualTo("redirect x@y.example");
  }

  @Test
  void actionsAreLimited() {
    StringBuilder script = new StringBuilder("require \"fileinto\";\n");
    for (int i = 0; i <= SieveLimits.DEFAULTS.actions(); i++) {
      script.append("fileinto \"").append(i).append("\";\n");
    }
    assertThat(run(script.toString(), MESSAGE)).isEqualTo("line 34: a run has at most 32 actions");
    assertThat(Runs.outcome(script.toString(), MESSAGE, SieveLimits.DEFAULTS).actions())
        .containsExactly(new Action.Keep(java.util.List.of(), true));
    assertThat(
            run(
                "redirect \"a@b.c\";redirect \"b@b.c\";redirect \"c@b.c\";redirect \"d@b.c\";"
                    + "redirect \"e@b.c\";",
                MESSAGE))
        .startsWith("line 1: a run redirects to at most");
  }

  /** A pattern that is compared anew at each place of the value. */
  @Test
  void workIsLimited() {
    String pattern = "*" + "a".repeat(3_000) + "b";
    String script = "if header :matches \"x\" \"" + pattern + "\" { discard; }\n";
    assertThat(run(script, "X: " + "a".repeat(6_000) + "\n\n")).isEqualTo("implicit keep");
    assertThat(run(script, "X: " + "a".repeat(60_000) + "\n\n"))
        .isEqualTo("line 1: the script compares more than it may");
    String stars = "if header :matches \"x\" \"" + "*a".repeat(3_000) + "*b\" { discard; }\n";
    assertThat(run(stars, "X: " + "a".repeat(60_000) + "\n\n")).isEqualTo("implicit keep");
  }

  @Test
  void stepsAreTold() throws Exception {
    StringBuilder told = new StringBuilder();
    Outcome outcome =
        Interpreter.run(
            Runs.script("if header :contains \"subject\" \"present\" {\n  discard;\n}"),
            Runs.message(MESSAGE),
            new Runs.World(),
            SieveLimits.DEFAULTS,
            (line, sentence) -> told.append(line).append(' ').append(sentence).append('\n'));
    assertThat(outcome.actions()).isEmpty();
    assertThat(told.toString())
        .isEqualTo(
            """
            1 header subject ["I have a present for you"] :contains ["present"]: true
            2 discard
            """);
  }
}
