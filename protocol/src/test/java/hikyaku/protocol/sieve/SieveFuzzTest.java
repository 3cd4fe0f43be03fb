package hikyaku.protocol.sieve;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Any octets are a script or are refused, and any script comes to its end. */
class SieveFuzzTest {
  private static final int TRIES = 8_000;

  private static final List<String> SCRIPTS =
      List.of(
          """
          require ["fileinto", "variables", "imap4flags", "relational", "date", "index", "body"];
          if allof (header :matches :comparator "i;octet" ["Subject", "X"] ["*a?b*", "\\\\*"],
                    not anyof (size :over 10K, address :domain :value "gt" "to" "example.com")) {
            set :upperfirst :lower "x" "${1}${2}";
            addflag "\\\\Seen ${x}";
            fileinto :flags ["a", "${x}"] "Lists/${1}";
          } elsif date :index 1 :last :zone "+0900" "received" "hour" ["09", "10"] {
            redirect "me@example.com";
          } else { stop; }
          """,
          """
          require ["encoded-character", "ihave", "mailbox", "special-use", "environment", "copy"];
          # comment
          if ihave "vacation" { vacation :days 7 "gone"; } /* two
          lines */
          if string "a" "b" { }
          if environment :contains "name" "x${hex:40}y" { error "no"; }
          if mailboxexists "Junk" { keep; }
          """,
          """
          require ["vacation-seconds", "editheader", "enotify", "duplicate", "include", "variables", "fcc",
                   "mailbox", "mailboxid", "mboxmetadata", "servermetadata", "fileinto", "imap4flags",
                   "ereject", "reject"];
          if metadata :contains "INBOX" "/private/comment" "own" { stop; }
          if servermetadata "/shared/admin" ["a", "b"] { keep; }
          if anyof (servermetadataexists "/shared/admin", metadataexists "x" ["/private/a"]) { }
          global ["a", "b"];
          addheader :last "X-A" "b c"; addheader "X-A" "d"; deleteheader :index 1 :last "X-A";
          deleteheader :matches "Subject" ["*pres*", "x"];
          include :once :optional "x"; include :global "y";
          if duplicate :handle "h" :header "X" :seconds 10 :last { ereject "no"; return; }
          if not valid_notify_method "mailto:a%40b@c.example?subject=x%20y&body=z" { stop; }
          set :encodeurl "global.m" "${global.a} ${b}";
          notify :importance "1" :from "a@b.c" :message "x" :fcc "INBOX" "mailto:${a},b@c.d?to=e@f.g";
          fileinto :mailboxid "F1" :flags ["a"] "x";
          vacation :days 3 :subject "s" :from "a@b.c" :addresses ["b@c.d", "e"] :mime :handle "z"
            :fcc "Sent" :create :flags ["\\Seen"] text:
          Content-Type: text/plain

          gone
          .
          ;
          """,
          """
          require ["regex", "variables", "relational", "comparator-i;ascii-numeric", "spamtestplus",
                   "virustest", "fileinto", "body"];
          if header :regex "subject" ["([a-z]+|x){1,3} [[:space:][:upper:]]?(present)?$", "^[]^-]"] {
            set :quoteregex "q" "${1}+${2}"; fileinto "${0}";
          }
          if string :regex "aaa" "(${q}*)*" { stop; }
          if body :text :regex :comparator "i;octet" "a.vil\\.*" { keep; }
          if spamtest :percent :value "ge" :comparator "i;ascii-numeric" "50" { discard; }
          if virustest :count "eq" "0" { stop; }
          """,
          """
          require ["mime", "foreverypart", "extracttext", "variables", "fileinto", "index", "regex"];
          foreverypart :name "a" {
            if header :mime :anychild :param ["filename", "x"] :matches ["Content-Type", "X"] "*.e?e" {
              extracttext :upper :first 10 "v"; break;
            }
            foreverypart :name "b" {
              if anyof (address :mime :domain :index 1 "content-from" "${v}", exists :mime "a",
                        header :mime :contenttype :regex "content-type" "text/(.*)") {
                extracttext "w"; fileinto "${1}${w}"; break :name "a";
              }
            }
          }
          """,
          """
          require ["mime", "foreverypart", "extracttext", "variables", "fileinto", "replace", "enclose",
                   "editheader", "copy", "body"];
          foreverypart {
            if header :mime :type "content-type" "text" {
              extracttext "t"; replace :subject "s" :from "Me <a@b.c>" "${t} --AA";
              fileinto :copy "x";
            } elsif header :mime :subtype "content-type" ["alternative", "pdf"] {
              replace :mime text:
          Content-Type: multipart/mixed; boundary=new

          --new

          ${t}
          --new--
          .
          ;
              foreverypart { replace "in"; }
            } elsif header :mime :contenttype "content-type" "message/rfc822" {
              enclose :subject "${t}" :headers ["To", "X-Name"] "one";
            }
          }
          addheader "X-A" "b";
          if body :raw :contains "in" { enclose "two"; }
          redirect :copy "a@b.example";
          """,
          """
          require ["extlists", "copy", "envelope", "variables"];
          if envelope :list "from" [":addrbook:default", "tag:example.com,2010-05-28:mylist"] {
            redirect :copy :list "tag:example.com,2010-05-28:mylist";
          } elsif not valid_ext_list "tag:a.example,2011:${x}" { redirect :list "tag:a,2011:${x}"; }
          """,
          "require \"variables\";\nset \"t\" text: # note\n..dot\n.\n;\nkeep;");

  private static final List<String> MORSELS =
      List.of(
          "\"",
          "\\",
          "${",
          "}",
          "{",
          "(",
          ")",
          "[",
          "]",
          ",",
          ";",
          ":",
          "/*",
          "*/",
          "#",
          "\n",
          "text:",
          "\n.\n",
          "${1}",
          "${unicode:1F600}",
          "${hex:c3 a9}",
          "not ",
          "anyof(true,",
          ":matches ",
          ":index 1 ",
          "9999999999",
          "1G",
          "*",
          "?",
          "\0",
          "\u3042",
          "if true {",
          "foreverypart {",
          "enclose \"x\";",
          "replace \"y\";",
          "replace :mime \"A: b\r\n\r\nz\";",
          "break;",
          ":mime ",
          ":anychild ",
          "else {",
          "keep;",
          "%",
          "mailto:",
          "include \"x\";",
          "global.",
          ":regex ",
          "{2,}",
          "[^",
          "[:alpha:]",
          "|",
          "+",
          "$");

  static {
    Runs.INCLUDED.put("x", "require \"include\"; include \"x\";");
    Runs.INCLUDED.put("global y", "require [\"include\", \"variables\"]; global \"b\"; return;");
  }

  private static final byte[] NESTED = PartsTest.NESTED.replace("\n", "\r\n").getBytes(UTF_8);

  /** What is asked of all octets. */
  private static void check(byte[] octets) {
    try {
      Script script = Script.read(octets, SieveLimits.DEFAULTS);
      Outcome outcome =
          Interpreter.run(
              script,
              Runs.message(PartsTest.NESTED),
              new Runs.World(),
              SieveLimits.DEFAULTS,
              (line, sentence) -> {});
      if (outcome.problem().isPresent() && outcome.actions().size() != 1) {
        throw new AssertionError("a run that failed does not keep the message alone");
      }
      for (Optional<Edition> edition : outcome.editions()) {
        if (edition.isPresent()) {
          Runs.written(edition.get(), NESTED);
        }
      }
    } catch (SieveException e) {
      if (e.at().line() < 1 || e.at().column() < 1 || e.told().isEmpty()) {
        throw new AssertionError("a refusal without a place", e);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @FuzzTest
  void anyOctets(byte[] octets) {
    check(octets);
  }

  @Test
  void spoiltScripts() {
    Random random = new Random(5228);
    for (int i = 0; i < TRIES; i++) {
      StringBuilder script = new StringBuilder(SCRIPTS.get(random.nextInt(SCRIPTS.size())));
      for (int times = 1 + random.nextInt(4); times > 0; times--) {
        int at = random.nextInt(script.length() + 1);
        switch (random.nextInt(3)) {
          case 0 -> script.delete(at, Math.min(script.length(), at + 1 + random.nextInt(20)));
          case 1 -> script.insert(at, MORSELS.get(random.nextInt(MORSELS.size())));
          default -> {
            if (at < script.length()) {
              script.setCharAt(at, (char) random.nextInt(0x180));
            }
          }
        }
      }
      check(script.toString().getBytes(UTF_8));
    }
  }
}
