package hikyaku.protocol.sieve;

import static hikyaku.protocol.sieve.Runs.MESSAGE;
import static hikyaku.protocol.sieve.Runs.isTrue;
import static hikyaku.protocol.sieve.Runs.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Extensions, by the examples of their RFCs. */
class ExtensionsTest {
  private static String value(String commands, String variable) {
    return run(
        "require [\"variables\", \"fileinto\"];\n"
            + commands
            + "\nfileinto \"${"
            + variable
            + "}.\";",
        MESSAGE);
  }

  /** RFC 5229 §3, §4. */
  @Test
  void variables() {
    assertThat(value("set \"Honorific\" \"Mr\";", "honorific")).isEqualTo("fileinto Mr.");
    assertThat(value("", "never")).isEqualTo("fileinto .");
    assertThat(value("set \"a\" \"${\"; set \"b\" \"${a}x}\";", "b")).isEqualTo("fileinto ${x}.");
    assertThat(value("set \"a\" \"juMBlEd lETteRS\"; set :length \"b\" \"${a}\";", "b"))
        .isEqualTo("fileinto 15.");
    String jumbled = "set \"a\" \"juMBlEd lETteRS\";";
    assertThat(value(jumbled + "set :lower \"b\" \"${a}\";", "b"))
        .isEqualTo("fileinto jumbled letters.");
    assertThat(value(jumbled + "set :upperfirst \"b\" \"${a}\";", "b"))
        .isEqualTo("fileinto JuMBlEd lETteRS.");
    assertThat(value(jumbled + "set :upperfirst :lower \"b\" \"${a}\";", "b"))
        .isEqualTo("fileinto Jumbled letters.");
    assertThat(value("set :quotewildcard \"b\" \"Rock*\";", "b")).isEqualTo("fileinto Rock\\*.");
  }

  /** RFC 5229 §3.2. */
  @Test
  void capturesOfWildcards() {
    String subject = "Subject: [acme-users] [fwd] version 1.0 is out\n\n";
    String script =
        """
        require ["fileinto", "variables"];
        if header :matches "subject" "[*] *" {
          fileinto "INBOX.${1}|${2}|${0}|${3}";
        }
        """;
    assertThat(run(script, subject))
        .isEqualTo(
            "fileinto INBOX.acme-users|[fwd] version 1.0 is out"
                + "|[acme-users] [fwd] version 1.0 is out|");
    String folded =
        """
        require ["fileinto", "variables", "comparator-i;unicode-casemap"];
        if header :comparator "i;unicode-casemap" :matches "subject" "É?*|*" {
          fileinto "${1}/${2}/${3}";
        }
        """;
    assertThat(run(folded, "Subject: étÜde|Größe\n\n")).isEqualTo("fileinto t/Üde/Größe");
    String kept =
        """
        require ["fileinto", "variables"];
        if header :matches "subject" "*" { }
        if header :matches "subject" "x*" { }
        fileinto "${1}";
        """;
    assertThat(run(kept, "Subject: y\n\n")).isEqualTo("fileinto y");
  }

  /** RFC 5229 §5. */
  @Test
  void stringTest() {
    String script =
        """
        require ["variables", "relational", "comparator-i;ascii-numeric"];
        set "state" "${state} pending";
        if string :matches " ${state} " "* pending *" { discard; }
        """;
    assertThat(run(script, MESSAGE)).isEqualTo("discard");
    String numeric = "require [\"variables\", \"relational\", \"comparator-i;ascii-numeric\"];";
    assertThat(
            isTrue(
                numeric,
                "string :count \"eq\" :comparator \"i;ascii-numeric\" [\"a\", \"\"] \"1\"",
                MESSAGE))
        .isTrue();
  }

  /** RFC 5231 §4 and its examples. */
  @Test
  void relational() {
    String required = "require [\"relational\", \"comparator-i;ascii-numeric\"];";
    String numeric = ":comparator \"i;ascii-numeric\" ";
    String of = "X-Priority: 3\nCc: a@b.c, d@e.f\nCc: g@h.i\n\n";
    assertThat(isTrue(required, "header :value \"lt\" " + numeric + "\"x-priority\" \"12\"", of))
        .isTrue();
    assertThat(isTrue(required, "header :value \"lt\" \"x-priority\" \"12\"", of)).isFalse();
    assertThat(isTrue(required, "header :value \"ge\" " + numeric + "\"x-priority\" \"03\"", of))
        .isTrue();
    assertThat(isTrue(required, "header :value \"gt\" " + numeric + "\"cc\" \"99999\"", of))
        .isTrue();
    assertThat(isTrue(required, "header :count \"eq\" " + numeric + "\"cc\" \"2\"", of)).isTrue();
    assertThat(isTrue(required, "address :count \"eq\" " + numeric + "\"cc\" \"3\"", of)).isTrue();
    assertThat(isTrue(required, "address :count \"gt\" " + numeric + "\"cc\" \"3\"", of)).isFalse();
    assertThat(isTrue(required, "header :count \"eq\" " + numeric + "\"x\" \"0\"", of)).isTrue();
  }

  private static final String MULTIPART =
      """
      From: Whomever
      To: Someone
      Content-Type: multipart/mixed; boundary=outer

      & This is a multi-part message in MIME format.

      --outer
      Content-Type: text/html; charset=utf-8
      Content-Transfer-Encoding: quoted-printable

      <b>caf=C3=A9</b> project sche=
      dule
      --outer
      Content-Type: message/rfc822

      From: Someone Else
      Subject: Here's inside

      inner body
      --outer
      Content-Type: application/octet-stream
      Content-Transfer-Encoding: base64

      TUFLRSBNT05FWSBGQVNU
      --outer--
      epilogue %
      """;

  /** RFC 5173 §4, §5. */
  @Test
  void body() {
    String body = "require \"body\";";
    assertThat(isTrue(body, "body :raw :contains \"MAKE MONEY FAST\"", MULTIPART)).isFalse();
    assertThat(isTrue(body, "body :raw :contains \"TUFLRSBNT05FW\"", MULTIPART)).isTrue();
    assertThat(
            isTrue(body, "body :content \"application\" :contains \"MAKE MONEY FAST\"", MULTIPART))
        .isTrue();
    assertThat(isTrue(body, "body :content \"text\" :contains \"MAKE\"", MULTIPART)).isFalse();
    assertThat(isTrue(body, "body :text :contains \"project schedule\"", MULTIPART)).isTrue();
    assertThat(isTrue(body, "body :content \"TEXT/HTML\" :contains \"café\"", MULTIPART)).isTrue();
    assertThat(isTrue(body, "body :content \"text/\" :contains \"\"", MULTIPART)).isFalse();
    assertThat(isTrue(body, "body :content \"multipart\" :contains \"&\"", MULTIPART)).isTrue();
    assertThat(isTrue(body, "body :content \"multipart\" :contains \"%\"", MULTIPART)).isTrue();
    assertThat(isTrue(body, "body :content \"multipart\" :contains \"outer\"", MULTIPART))
        .isFalse();
    assertThat(isTrue(body, "body :content \"message/rfc822\" :contains \"Here's\"", MULTIPART))
        .isTrue();
    assertThat(isTrue(body, "body :content \"\" :contains \"inner body\"", MULTIPART)).isTrue();
    assertThat(isTrue(body, "body :text :contains \"anvil thing\"", MESSAGE)).isTrue();
    // §4: without an empty line there is no body; an empty one is something else.
    assertThat(isTrue(body, "body :raw :contains \"\"", "Subject: x\n")).isFalse();
    assertThat(isTrue(body, "body :text :contains \"\"", "Subject: x\n")).isFalse();
    assertThat(isTrue(body, "body :raw :contains \"\"", "Subject: x\n\n")).isTrue();
    // §6: a match in a body leaves nothing behind.
    String script =
        """
        require ["body", "variables", "fileinto"];
        if body :text :matches "*anvil*" { fileinto "x${1}"; }
        """;
    assertThat(run(script, MESSAGE)).isEqualTo("fileinto x");
  }

  /** RFC 5232. */
  @Test
  void imap4flags() {
    String require = "require [\"imap4flags\", \"fileinto\", \"variables\", \"relational\"];";
    assertThat(run(require + "setflag \"\\\\Deleted\"; fileinto \"x\"; keep;", MESSAGE))
        .isEqualTo("fileinto x [\\Deleted]; keep [\\Deleted]");
    assertThat(run(require + "addflag \"$MDNRequired \\\\Seen\"; addflag \"\\\\SEEN\";", MESSAGE))
        .isEqualTo("implicit keep [$MDNRequired, \\Seen]");
    assertThat(
            run(
                require
                    + "setflag [\"a b\", \"c\"]; removeflag \"B\"; fileinto :flags \"\\\\Seen\" \"x\";",
                MESSAGE))
        .isEqualTo("fileinto x [\\Seen]");
    assertThat(
            run(
                require
                    + "setflag \"flagvar\" [\"\\\\Flagged\", \"a\"]; removeflag \"flagvar\" \"a\";"
                    + "keep :flags \"${flagvar}\";",
                MESSAGE))
        .isEqualTo("keep [\\Flagged]");
    assertThat(run(require + "setflag \"\\\\Recent (bad) \\\\Nothing ok\"; keep;", MESSAGE))
        .isEqualTo("keep [ok]");
    assertThat(run(require + "keep :flags \"\";", MESSAGE)).isEqualTo("keep");
    String set = require + "setflag \"\\\\Flagged MyFlag\";";
    assertThat(isTrue(set, "hasflag :contains \"my\"", MESSAGE)).isTrue();
    assertThat(isTrue(set, "hasflag [\"b\", \"\\\\flagged\"]", MESSAGE)).isTrue();
    assertThat(isTrue(set, "hasflag :count \"eq\" \"2\"", MESSAGE)).isTrue();
    assertThat(isTrue(set, "hasflag \"other\" \"MyFlag\"", MESSAGE)).isFalse();
  }

  /** RFC 5260 §4, §5. */
  @Test
  void date() {
    String date = "require [\"date\", \"relational\", \"index\"];";
    assertThat(isTrue(date, "date \"date\" \"hour\" \"18\"", MESSAGE)).isTrue();
    assertThat(isTrue(date, "date :zone \"+0000\" \"date\" \"hour\" \"09\"", MESSAGE)).isTrue();
    assertThat(isTrue(date, "date :originalzone \"date\" \"zone\" \"+0900\"", MESSAGE)).isTrue();
    assertThat(isTrue(date, "date \"date\" \"iso8601\" \"2026-01-05T18:30:00+09:00\"", MESSAGE))
        .isTrue();
    assertThat(isTrue(date, "date \"date\" \"std11\" \"Mon, 05 Jan 2026 18:30:00 +0900\"", MESSAGE))
        .isTrue();
    assertThat(isTrue(date, "date \"date\" \"weekday\" \"1\"", MESSAGE)).isTrue();
    assertThat(isTrue(date, "date \"date\" \"julian\" \"61045\"", MESSAGE)).isTrue();
    assertThat(isTrue(date, "date :zone \"+0000\" \"received\" \"time\" \"10:00:00\"", MESSAGE))
        .isTrue();
    assertThat(
            isTrue(
                date,
                "date :index 1 :last :zone \"+0000\" \"received\" \"time\" \"09:59:59\"",
                MESSAGE))
        .isTrue();
    assertThat(isTrue(date, "date \"subject\" \"year\" \"2026\"", MESSAGE)).isFalse();
    assertThat(isTrue(date, "currentdate :value \"ge\" \"date\" \"2026-01-06\"", MESSAGE)).isTrue();
    assertThat(isTrue(date, "currentdate :zone \"-0500\" \"time\" \"17:15:00\"", MESSAGE)).isTrue();
    assertThat(isTrue(date, "currentdate \"weekday\" \"2\"", MESSAGE)).isTrue();
  }

  /** RFC 5260 §6. */
  @Test
  void index() {
    String index = "require \"index\";";
    assertThat(isTrue(index, "header :index 2 :contains \"received\" \"from c\"", MESSAGE))
        .isTrue();
    assertThat(isTrue(index, "header :index 1 :contains \"received\" \"from c\"", MESSAGE))
        .isFalse();
    assertThat(isTrue(index, "header :last :index 1 :contains \"received\" \"from c\"", MESSAGE))
        .isTrue();
    assertThat(isTrue(index, "header :index 3 :contains \"received\" \"\"", MESSAGE)).isFalse();
    assertThat(isTrue(index, "address :index 1 :contains \"to\" \"other\"", MESSAGE)).isTrue();
    assertThat(isTrue(index, "address :index 2 :contains \"to\" \"other\"", MESSAGE)).isFalse();
  }

  /** RFC 5490 §3, RFC 8579. */
  @Test
  void mailboxes() {
    assertThat(isTrue("require \"mailbox\";", "mailboxexists [\"INBOX\", \"Partners\"]", MESSAGE))
        .isTrue();
    assertThat(isTrue("require \"mailbox\";", "mailboxexists [\"INBOX\", \"x\"]", MESSAGE))
        .isFalse();
    assertThat(run("require [\"mailbox\", \"fileinto\"]; fileinto :create \"x\";", MESSAGE))
        .isEqualTo("fileinto x create");
    String use = "require [\"special-use\", \"fileinto\"];";
    assertThat(isTrue(use, "specialuse_exists \"\\\\Junk\"", MESSAGE)).isTrue();
    assertThat(isTrue(use, "specialuse_exists \"Spam\" \"\\\\Junk\"", MESSAGE)).isTrue();
    assertThat(isTrue(use, "specialuse_exists \"INBOX\" \"\\\\Junk\"", MESSAGE)).isFalse();
    assertThat(isTrue(use, "specialuse_exists [\"\\\\Junk\", \"\\\\Sent\"]", MESSAGE)).isFalse();
    assertThat(run(use + "fileinto :specialuse \"\\\\Junk\" \"Spam\";", MESSAGE))
        .isEqualTo("fileinto Spam \\Junk");
  }

  /** RFC 5183. */
  @Test
  void environment() {
    String required = "require \"environment\";";
    assertThat(isTrue(required, "environment :matches \"name\" \"Hik*\"", MESSAGE)).isTrue();
    assertThat(isTrue(required, "environment \"location\" \"MDA\"", MESSAGE)).isTrue();
    assertThat(isTrue(required, "environment :contains \"vnd.none\" \"\"", MESSAGE)).isFalse();
  }

  /** RFC 5463. */
  @Test
  void ihave() {
    assertThat(
            run(
                "require \"ihave\"; if ihave \"fileinto\" { fileinto \"x\"; } else { discard; }",
                MESSAGE))
        .isEqualTo("fileinto x");
    assertThat(run("require \"ihave\"; if ihave \"x-none\" { none; } else { discard; }", MESSAGE))
        .isEqualTo("discard");
    assertThat(run("require \"ihave\";\nif not ihave \"x-none\" { error \"no x-none\"; }", MESSAGE))
        .isEqualTo("line 2: no x-none");
  }

  /** draft-ietf-sieve-regex. */
  @Test
  void regularExpressions() {
    String required = "require [\"regex\", \"variables\", \"fileinto\"];";
    assertThat(isTrue(required, "header :regex \"subject\" \"^I h[aeiou]ve .*you$\"", MESSAGE))
        .isTrue();
    assertThat(isTrue(required, "header :regex \"subject\" \"PRESENT\"", MESSAGE)).isTrue();
    assertThat(
            isTrue(
                required, "header :regex :comparator \"i;octet\" \"subject\" \"PRESENT\"", MESSAGE))
        .isFalse();
    assertThat(
            run(
                required
                    + "if address :regex [\"from\", \"to\"] \"([^@]+)@(acme|desert)\\\\.\""
                    + " { fileinto \"${2}/${1}\"; }",
                MESSAGE))
        .isEqualTo("fileinto desert/coyote");
    assertThat(
            run(
                required
                    + "set :quoteregex \"q\" \"1+1=2?\";"
                    + "if string :regex \"x1+1=2?x\" \"x${q}x\" { fileinto \"${q}\"; }",
                MESSAGE))
        .isEqualTo("fileinto 1\\+1=2\\?");
    assertThat(run(required + "set \"q\" \"(\"; if string :regex \"x\" \"${q}\" {}", MESSAGE))
        .isEqualTo("line 1: an expression is not in order: a bracket is not closed");
  }

  /** What another engine would not come to the end of; and what is more than a run may compare. */
  @Test
  void expressionsThatTakeLong() {
    String required = "require [\"regex\", \"variables\"];";
    String many = "a".repeat(4_000);
    assertThat(run(required + "if string :regex \"" + many + "\" \"^(a|a|aa)*b$\" {}", MESSAGE))
        .isEqualTo("implicit keep");
    assertThat(
            run(
                required
                    + "set \"v\" \""
                    + many
                    + "\"; if anyof("
                    + "string :regex \"${v}\" \"(a{100}){9}b\",".repeat(20)
                    + "false) {}",
                MESSAGE))
        .isEqualTo("line 1: the script compares more than it may");
  }

  /** RFC 6134 §2 and its examples. */
  @Test
  void externalLists() {
    String required =
        "require [\"extlists\", \"envelope\", \"subaddress\", \"variables\", \"copy\"];";
    String mine = "\"tag:example.com,2010-05-28:mylist\"";
    assertThat(isTrue(required, "envelope :list \"from\" \":addrbook:default\"", MESSAGE)).isTrue();
    assertThat(isTrue(required, "envelope :list \"from\" " + mine, MESSAGE)).isFalse();
    // A field with its names and all.
    assertThat(isTrue(required, "header :list \"from\" \":addrbook:default\"", MESSAGE)).isTrue();
    assertThat(isTrue(required, "header :list [\"subject\", \"to\"] " + mine, MESSAGE)).isTrue();
    assertThat(
            isTrue(required, "address :list \"to\" [\":addrbook:default\", " + mine + "]", MESSAGE))
        .isTrue();
    assertThat(isTrue(required, "string :list \"present\" " + mine, MESSAGE)).isFalse();
    assertThat(isTrue(required, "valid_ext_list [\":addrbook:default\", " + mine + "]", MESSAGE))
        .isTrue();
    assertThat(isTrue(required, "valid_ext_list [" + mine + ", \":addrbook:other\"]", MESSAGE))
        .isFalse();
    assertThat(
            run(
                required + "if header :list \"from\" \"tag:a.example,2011:x\" { discard; }",
                MESSAGE))
        .isEqualTo("line 1: there is no list tag:a.example,2011:x");
    assertThat(run(required + "redirect :list " + mine + ";", MESSAGE))
        .isEqualTo("redirect a@b.example; redirect roadrunner@acme.example.com");
    assertThat(run(required + "redirect :copy :list \":addrbook:default\";", MESSAGE))
        .isEqualTo("redirect coyote@desert.example.org; implicit keep");
    assertThat(run(required + "redirect :list \"tag:example.com,2010:nobody\";", MESSAGE))
        .isEqualTo("line 1: there is nobody in the list tag:example.com,2010:nobody");
    assertThat(run(required + "redirect :list \"tag:example.com,2010:many\";", MESSAGE))
        .isEqualTo("line 1: a run redirects to at most 4 addresses");
    assertThat(PartsTest.refusal(required + "redirect :list \"a@b.example\";"))
        .endsWith("this is no name of a list: a@b.example");
    assertThat(PartsTest.refusal(required + "if header :list \"from\" \"book\" { }"))
        .endsWith("this is no name of a list: book");
    assertThat(PartsTest.refusal("redirect :list \"tag:a,2011:b\";"))
        .endsWith(":list needs require \"extlists\"");
    assertThat(PartsTest.refusal("if valid_ext_list \"a:b\" { }"))
        .endsWith("valid_ext_list needs require \"extlists\"");
  }

  /** RFC 5235. */
  @Test
  void whatScannersSaid() {
    String required =
        "require [\"spamtest\", \"spamtestplus\", \"virustest\", \"relational\","
            + " \"comparator-i;ascii-numeric\"];";
    String none = "Subject: x\n\n";
    assertThat(isTrue(required, "spamtest \"0\"", none)).isTrue();
    assertThat(isTrue(required, "spamtest :percent \"0\"", none)).isTrue();
    assertThat(isTrue(required, "spamtest :percent :count \"eq\" \"0\"", none)).isTrue();
    assertThat(isTrue(required, "virustest \"0\"", none)).isTrue();
    String scored = "X-Spam-Status: Yes, hits=2 score=5.0 required=5\nX-Spam-Status: 99\n\n";
    assertThat(isTrue(required, "spamtest \"5\"", scored)).isTrue();
    assertThat(isTrue(required, "spamtest :percent \"50\"", scored)).isTrue();
    assertThat(isTrue(required, "spamtest :percent :count \"eq\" \"1\"", scored)).isTrue();
    String atLeast = "spamtest :value \"ge\" :comparator \"i;ascii-numeric\" ";
    assertThat(isTrue(required, atLeast + "\"5\"", scored)).isTrue();
    assertThat(isTrue(required, atLeast + "\"6\"", scored)).isFalse();
    assertThat(isTrue(required, "spamtest \"10\"", "X-Spam-Status: 1e9 or 12\n\n")).isFalse();
    assertThat(isTrue(required, "spamtest \"10\"", "X-Spam-Status: 10.5\n\n")).isTrue();
    assertThat(isTrue(required, "spamtest \"1\"", "X-Spam-Status: -3.1\n\n")).isTrue();
    assertThat(isTrue(required, "spamtest \"3\"", "X-Spam-Status: ***\n\n")).isTrue();
    assertThat(isTrue(required, "spamtest \"0\"", "X-Spam-Status: rather\n\n")).isTrue();
    assertThat(isTrue(required, "virustest \"1\"", "X-Virus-Status: Clean\n\n")).isTrue();
    assertThat(isTrue(required, "virustest \"5\"", "X-Virus-Status: INFECTED (x)\n\n")).isTrue();
    assertThat(isTrue(required, "virustest \"3\"", "X-Virus-Status: cured\n\n")).isTrue();
    assertThat(isTrue(required, "virustest \"0\"", "X-Virus-Status: Not scanned\n\n")).isTrue();
  }

  /** Each of them may be a question to the store, or something to remember for good. */
  @Test
  void questionsAreBounded() {
    String names = "[" + "\"a\",".repeat(99) + "\"a\"]";
    for (String test :
        List.of(
            "mailboxexists " + names,
            "mailboxidexists " + names,
            "metadataexists \"INBOX\" " + names,
            "servermetadataexists " + names,
            "specialuse_exists " + names,
            "valid_ext_list " + names.replace("\"a\"", "\"tag:a.example,2026:x\""))) {
      String script =
          "require [\"mailbox\", \"mailboxid\", \"mboxmetadata\", \"servermetadata\","
              + " \"special-use\", \"extlists\"];"
              + ("if not " + test + " { }\n").repeat(5);
      assertThat(Runs.run(script, Runs.MESSAGE)).as(test).isEqualTo("implicit keep");
      assertThat(Runs.run(script + "if " + test + " { }", Runs.MESSAGE))
          .as(test)
          .isEqualTo(
              "line 6: a run asks at most 500 times about mailboxes, lists and what came before");
    }
    String duplicate = "if duplicate :uniqueid \"x\" { }\n";
    assertThat(Runs.run("require \"duplicate\";" + duplicate.repeat(32), Runs.MESSAGE))
        .isEqualTo("implicit keep");
    assertThat(Runs.run("require \"duplicate\";" + duplicate.repeat(33), Runs.MESSAGE))
        .isEqualTo("line 33: a run asks at most 32 times whether a message is a duplicate");
  }

  /** Texts do not grow without end, one by one or together. */
  @Test
  void textsThatAreFilledInAreBounded() {
    String script = "require \"variables\"; set \"a\" \"" + "x".repeat(8_192) + "\";\n";
    String twice = "${a}".repeat(2);
    assertThat(Runs.run(script + ("set \"a\" \"" + twice + "\";").repeat(50), Runs.MESSAGE))
        .isEqualTo("implicit keep");
    assertThat(Runs.run(script + "set \"b\" \"" + "${a}".repeat(33) + "\";", Runs.MESSAGE))
        .isEqualTo("line 2: a text has at most 262144 characters");
    assertThat(Runs.run(script + ("set \"b\" \"" + twice + "\";").repeat(400), Runs.MESSAGE))
        .isEqualTo("line 2: the script compares more than it may");
  }
}
