package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.address.EnvelopeAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is told of particular messages: of the RFCs, of the corpus, and of the worst ones. */
class MimeParserTest {
  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static MessageStructure parse(String text) {
    MessageStructure structure = Structures.parse(octets(text));
    Structures.check(structure, octets(text), MimeLimits.DEFAULT);
    assertThat(Structures.parseOctetByOctet(octets(text), MimeLimits.DEFAULT)).isEqualTo(structure);
    return structure;
  }

  private static String body(String text, MimePart part) {
    return text.substring((int) part.bodyStart(), (int) part.bodyEnd());
  }

  /** RFC 2046 §5.1.1. */
  @Test
  void simpleMultipart() {
    String text =
        """
        From: Nathaniel Borenstein <nsb@bellcore.com>
        To: Ned Freed <ned@innosoft.com>
        Date: Sun, 21 Mar 1993 23:56:48 -0800 (PST)
        Subject: Sample message
        MIME-Version: 1.0
        Content-type: multipart/mixed; boundary="simple boundary"

        This is the preamble.  It is to be ignored.

        --simple boundary

        This is implicitly typed plain US-ASCII text.
        It does NOT end with a linebreak.
        --simple boundary
        Content-type: text/plain; charset=us-ascii

        This is explicitly typed plain US-ASCII text.
        It DOES end with a linebreak.

        --simple boundary--

        This is the epilogue.  It is also to be ignored.
        """
            .replace("\n", "\r\n");
    MessageStructure message = parse(text);
    assertThat(Structures.outline(message.root()))
        .isEqualTo("multipart/mixed(text/plain text/plain)");
    MimePart first = message.root().children().get(0);
    MimePart second = message.root().children().get(1);
    assertThat(body(text, first))
        .isEqualTo(
            "This is implicitly typed plain US-ASCII text.\r\nIt does NOT end with a linebreak.");
    assertThat(first.lines()).isEqualTo(1);
    assertThat(first.typeDeclared()).isFalse();
    assertThat(first.headerStart()).isEqualTo(text.indexOf("\r\nThis is implicitly"));
    assertThat(first.bodyStart()).isEqualTo(text.indexOf("This is implicitly"));
    assertThat(body(text, second)).endsWith("It DOES end with a linebreak.\r\n");
    assertThat(second.lines()).isEqualTo(2);
    assertThat(second.parameters()).containsExactly(new MimeParameter("charset", "us-ascii"));
    assertThat(message.sent()).isEqualTo(new SentDate(732787008, -28800));
    assertThat(message.envelope().subject()).isEqualTo("Sample message");
    assertThat(message.envelope().from())
        .containsExactly(new EnvelopeAddress("Nathaniel Borenstein", null, "nsb", "bellcore.com"));
    assertThat(message.envelope().sender()).isEqualTo(message.envelope().from());
    assertThat(message.envelope().replyTo()).isEqualTo(message.envelope().from());
    assertThat(message.envelope().cc()).isEmpty();
    assertThat(message.envelope().messageId()).isNull();
    assertThat(message.preview())
        .isEqualTo(
            "This is implicitly typed plain US-ASCII text. It does NOT end with a linebreak.");
    assertThat(message.hasAttachments()).isFalse();
    assertThat(message.limitReached()).isFalse();
    assertThat(message.longestLine()).isEqualTo(57);
  }

  /** Outlines that a second implementation agrees with, or that differ from it on purpose. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mime4j/multi-nested.msg | multipart/mixed(text/plain text/plain"
            + " multipart/parallel(image/gif image/gif) text/richtext message/rfc822(text/plain))",
        "mime4j/multi-digest.msg |"
            + " multipart/digest(message/rfc822(text/plain) message/rfc822(text/plain))",
        "mime4j/frag.msg | multipart/mixed(text/plain message/rfc822(multipart/mixed(text/plain"
            + " message/rfc822(multipart/mixed(text/plain message/rfc822(multipart/mixed("
            + "text/plain image/jpeg)))))))",
        "mime4j/boundary-name-clash.msg |"
            + " multipart/mixed(multipart/alternative(text/plain text/html) application/pdf)",
        "mime4j/missing-inner-boundary.msg |"
            + " multipart/mixed(text/plain multipart/alternative(text/plain))",
        "mime4j/missing-boundary.msg | multipart/alternative(text/plain)",
        "mime4j/multi-weirdspace.msg | multipart/mixed(text/plain image/gif image/gif)",
        "mime4j/misplaced-boundary.msg | multipart/mixed(text/plain)",
        "mime4j/double-semicolon.msg | multipart/alternative(text/plain text/plain)",
        "mime4j/multipartdigestnestedemptyparts.msg |"
            + " multipart/digest(message/rfc822(multipart/mixed(text/plain)))",
        "mime4j/re-fwd.msg | message/rfc822(message/rfc822(text/plain))",
        "mime4j/malformedHeader-noheader.msg | text/plain",
        "ruby-mail/mime_emails_email_with_similar_boundaries.eml |"
            + " multipart/mixed(multipart/alternative(text/plain text/html)"
            + " application/octetstream)",
        "ruby-mail/multipart_report_emails_multi_address_bounce1.eml |"
            + " multipart/report(text/plain message/delivery-status message/rfc822(text/plain))",
      })
  void outlines(String name, String outline) {
    assertThat(Structures.outline(Structures.parse(Corpus.read(name)).root())).isEqualTo(outline);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ruby-mail/multi_charset_japanese_iso_2022.eml | すみません。",
        "ruby-mail/multi_charset_ks_c_5601-1987.eml | 스티해",
        "ruby-mail/multi_charset_japanese.eml |"
            + " かきくえこ -- http://lindsaar.net/ Rails, RSpec and Life blog....",
        "mime4j/qp-body.msg | 7bit content with euro € symbol",
        "ruby-mail/attachment_emails_attachment_only_email.eml | ''",
        "mime4j/boundary-name-clash.msg |"
            + " Please see attachment for report Daily_Stats-2022-05-12-0700",
      })
  void previews(String name, String preview) {
    assertThat(Structures.parse(Corpus.read(name)).preview()).isEqualTo(preview);
  }

  @Test
  void shiftJisPreview() {
    assertThat(
            Structures.parse(Corpus.read("ruby-mail/multi_charset_japanese_shift_jis.eml"))
                .preview())
        .startsWith("あいうえお");
  }

  @Test
  void fileNamesAreDecoded() {
    assertThat(names("ruby-mail/multi_charset_japanese_attachment_long_name.eml"))
        .containsExactly("かきくけこかきくけこかきくけこかきくけこかきくけこ.txt");
    assertThat(names("mime4j/attachment-filename-encoding-UTF8.msg"))
        .containsExactly("attachment.äöü");
    assertThat(names("mime4j/attachment-filename-encoding-Latin1.msg"))
        .containsExactly("attachment.äöü");
    assertThat(names("mime4j/russian-headers.msg")).containsExactly("Список.doc");
    assertThat(names("ruby-mail/attachment_emails_attachment_with_unquoted_name.eml"))
        .containsExactly("This is a test.txt");
  }

  private static List<String> names(String message) {
    MimePart root = Structures.parse(Corpus.read(message)).root();
    return (root.children().isEmpty() ? List.of(root) : root.children())
        .stream().map(ParameterText::fileName).filter(name -> name != null).toList();
  }

  @Test
  void emptyMessage() {
    MessageStructure message = parse("");
    assertThat(Structures.outline(message.root())).isEqualTo("text/plain");
    assertThat(message.envelope()).isEqualTo(Envelope.EMPTY);
    assertThat(message.preview()).isEmpty();
  }

  @Test
  void headerWithoutEnd() {
    String text = "Subject: s\r\nContent-Type: message/rfc822\r\nX: y";
    MessageStructure message = parse(text);
    assertThat(message.root().bodyStart()).isEqualTo(text.length());
    assertThat(Structures.outline(message.root())).isEqualTo("message/rfc822(text/plain)");
  }

  @Test
  void aFirstLineThatIsNoFieldMakesABodyWithoutHeader() {
    MessageStructure message = parse("Hello\nSubject: not one\n\nworld\n");
    assertThat(message.root().bodyStart()).isZero();
    assertThat(message.envelope().subject()).isNull();
    assertThat(message.preview()).isEqualTo("Hello Subject: not one world");
  }

  @Test
  void junkInTheMiddleOfAHeaderIsPassedOver() {
    MessageStructure message =
        parse("From someone Mon Jan 1\nSubject: s\njunk\n more\nTo: a@b\n\nx");
    assertThat(message.envelope().subject()).isEqualTo("s");
    assertThat(message.envelope().to()).containsExactly(new EnvelopeAddress(null, null, "a", "b"));
    assertThat(message.preview()).isEqualTo("x");
  }

  @Test
  void foldedFieldsAreUnfolded() {
    MessageStructure message = parse("Subject: a\r\n b\r\n\t c \r\nsubject: second\r\n\r\n");
    assertThat(message.envelope().subject()).isEqualTo("a b\t c");
  }

  @Test
  void emptyFieldsAreThere() {
    Envelope envelope =
        parse("Subject:\r\nSender: \r\nFrom: a@b\r\nIn-Reply-To:  \r\n\r\n").envelope();
    assertThat(envelope.subject()).isEmpty();
    assertThat(envelope.inReplyTo()).isEmpty();
    assertThat(envelope.date()).isNull();
    assertThat(envelope.sender()).isEqualTo(envelope.from()).hasSize(1);
  }

  @Test
  void oldMacLineEndings() {
    String text =
        "Subject: s\rContent-Type: multipart/mixed; boundary=b\r\r--b\r\rone\rtwo\r--b--\r";
    MessageStructure message = parse(text);
    assertThat(message.envelope().subject()).isEqualTo("s");
    assertThat(body(text, message.root().children().getFirst())).isEqualTo("one\rtwo");
    assertThat(message.hasBareLineEnding()).isTrue();
  }

  @Test
  void aBareCrAmongOtherLineEndingsIsContent() {
    MessageStructure message = parse("Subject: a\r\nTo: x@y\rz\r\n\r\nq\r");
    assertThat(message.envelope().to()).hasSize(1);
    assertThat(message.hasBareLineEnding()).isTrue();
    assertThat(parse("Subject: a\r\n\r\nq\r\n").hasBareLineEnding()).isFalse();
    assertThat(parse("Subject: a\n\nq\n").hasBareLineEnding()).isTrue();
  }

  @Test
  void aDelimiterEndsAHeaderWithoutEnd() {
    String text =
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\nx\n--b--";
    MessageStructure message = parse(text);
    assertThat(Structures.outline(message.root()))
        .isEqualTo("multipart/mixed(text/html text/plain)");
    assertThat(message.root().children().getFirst().bodySize()).isZero();
  }

  @Test
  void theInnerOfTwoEqualBoundariesIsAskedFirst() {
    String text =
        "Content-Type: multipart/mixed; boundary=b\n\n"
            + "--b\nContent-Type: multipart/related; boundary=b\n\n"
            + "--b\n\ninner\n--b--\n--b\n\nouter\n--b--\n";
    assertThat(Structures.outline(parse(text).root()))
        .isEqualTo("multipart/mixed(multipart/related(text/plain) text/plain)");
  }

  @Test
  void aBoundaryMayBeginLikeAnother() {
    String text =
        "Content-Type: multipart/mixed; boundary=b-1\n\n"
            + "--b-1\nContent-Type: multipart/related; boundary=b\n\n"
            + "--b\n\ninner\n--bx is text\n--b \t\n\ntoo\n--b trailing\n\nx\n--b--\n"
            + "--b-1\n\nouter\n--b-1--\n";
    assertThat(Structures.outline(parse(text).root()))
        .isEqualTo(
            "multipart/mixed(multipart/related(text/plain text/plain text/plain) text/plain)");
  }

  @Test
  void aMultipartWithoutBoundaryShowsItsBody() {
    MessageStructure message =
        parse("Content-Type: multipart/mixed\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n");
    assertThat(Structures.outline(message.root())).isEqualTo("multipart/mixed(text/plain)");
    assertThat(message.root().children().getFirst().encoding()).isEqualTo("base64");
    assertThat(message.preview()).isEqualTo("hello");
  }

  /** RFC 2231 §3, §4.1 and what IMAP tells of it. */
  @Test
  void continuedParameters() {
    MessageStructure message =
        parse(
            """
            Content-Type: application/x-stuff;
             title*1*=%2A%2A%2Afun%2A%2A%2A%20;
             title*0*=us-ascii'en'This%20is%20even%20more%20;
             title*2="isn't it!"; access-type=URL;
             URL*0="ftp://";
             URL*1="cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"

            """);
    assertThat(message.root().parameters())
        .containsExactly(
            new MimeParameter(
                "title*",
                "us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20isn%27t%20it!"),
            new MimeParameter("access-type", "URL"),
            new MimeParameter("url", "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"));
    assertThat(ParameterText.get(message.root().parameters(), "title"))
        .isEqualTo("This is even more ***fun*** isn't it!");
    assertThat(ParameterText.get(message.root().parameters(), "nothing")).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "text/plain; charset=us-ascii (Plain text) | text/plain charset=us-ascii",
        "TEXT/Plain;;charset=\"utf-8\" ; | text/plain charset=utf-8",
        "text/plain charset=utf-8 | text/plain charset=utf-8",
        "text; charset=utf-8 | text/plain charset=utf-8",
        "multipart | multipart/mixed",
        "image; name=x.gif | application/octet-stream name=x.gif",
        "nonsense; a=b | text/plain a=b",
        "charset=utf-8 | text/plain charset=utf-8",
        "text / html (hm) ; x = \"a\\\"b\" ; x=2 | text/html x=a\"b",
        "text/plain; name=a b c.txt; y=\"open | text/plain name=a b c.txt y=open",
        "text/plain; =b; ; name=\"foo (1).txt\" | text/plain name=foo (1).txt",
      })
  void contentTypesAsWritten(String written, String expected) {
    MimePart part = parse("Content-Type: " + written + "\n\n").root();
    StringBuilder told = new StringBuilder(part.type() + "/" + part.subtype());
    part.parameters().forEach(p -> told.append(' ').append(p.name()).append('=').append(p.value()));
    assertThat(told).hasToString(expected);
  }

  @Test
  void traceAndThread() {
    MessageStructure message =
        parse(
            "Received: a\nReceived: b\n c\nDelivered-To: x@y\ndelivered-to: z@y\n"
                + "References: <1@a> junk <2@b\n <3@c>(x)<4@d>\n\nReceived: not one\n");
    assertThat(message.receivedFields()).isEqualTo(2);
    assertThat(message.deliveredTo()).containsExactly("x@y", "z@y");
    assertThat(message.wasDeliveredTo("Z@y")).isTrue();
    assertThat(message.wasDeliveredTo("z@y.x")).isFalse();
    assertThat(message.references()).containsExactly("<1@a>", "<3@c>", "<4@d>");
  }

  @Test
  void attachments() {
    assertThat(attached("mime4j/simple-attachment.msg")).isTrue();
    assertThat(attached("mime4j/boundary-name-clash.msg")).isTrue();
    assertThat(attached("ruby-mail/attachment_emails_attachment_only_email.eml")).isTrue();
    assertThat(attached("ruby-mail/mime_emails_sig_only_email.eml")).isFalse();
    assertThat(attached("ruby-mail/multipart_report_emails_multi_address_bounce1.eml")).isFalse();
    assertThat(attached("mime4j/bluedot-postcard.msg")).isFalse();
    assertThat(attached("mime4j/basic-plain.msg")).isFalse();
  }

  private static boolean attached(String name) {
    return Structures.parse(Corpus.read(name)).hasAttachments();
  }

  @Test
  void htmlPreview() {
    MessageStructure message =
        parse(
            "Content-Type: text/html; charset=iso-8859-1\n\n<html><head><title>no</title>"
                + "<style>p { color: red }</style></head><body><!-- no --><p>Gr&uuml;&szlig;e,"
                + "<br>W<b>el</b>t &amp; &#x1F600; &bogus; 1 < 2</p><script>no()</script>\u00e4");
    assertThat(message.preview()).isEqualTo("Grüße, Welt & \ud83d\ude00 &bogus; 1 < 2 ä");
  }

  @Test
  void thePreviewPrefersPlainAlternativesWithText() {
    String html = "--b\nContent-Type: text/html\n\n<p>html\n";
    String head = "Content-Type: multipart/alternative; boundary=b\n\n";
    assertThat(parse(head + html + "--b\n\nplain\n--b--").preview()).isEqualTo("plain");
    assertThat(parse(head + html + "--b\n\n  \n--b--").preview()).isEqualTo("html");
    assertThat(parse(head + "--b\n\n \n" + html + "--b--").preview()).isEqualTo("html");
    String mixed = "Content-Type: multipart/mixed; boundary=b\n\n";
    assertThat(parse(mixed + html + "--b\n\nfooter\n--b--").preview()).isEqualTo("html");
    String nested = "--b\nContent-Type: message/rfc822\n\nSubject: s\n\nnested\n";
    assertThat(parse(mixed + nested + "--b\n\nown\n--b--").preview()).isEqualTo("own");
    assertThat(parse(mixed + nested + "--b--").preview()).isEqualTo("nested");
  }

  @Test
  void thePreviewEndsBetweenCharacters() {
    MessageStructure message =
        parse(
            "Content-Type: text/plain; charset=utf-8\n\n"
                + new String(
                    "\ud83d\ude00".repeat(300).getBytes(StandardCharsets.UTF_8),
                    StandardCharsets.ISO_8859_1));
    assertThat(message.preview()).isEqualTo("\ud83d\ude00".repeat(200));
  }

  @Test
  void partsByNumber() {
    MessageStructure message = Structures.parse(Corpus.read("mime4j/frag.msg"));
    assertThat(message.part(List.of())).isSameAs(message.root());
    MimePart outer = message.root().children().get(1);
    assertThat(message.part(List.of(2))).isSameAs(outer);
    MimePart inside = outer.children().getFirst();
    assertThat(message.part(List.of(2, 1))).isSameAs(inside.children().getFirst());
    assertThat(message.part(List.of(2, 2, 2, 2)).subtype()).isEqualTo("jpeg");
    assertThat(message.part(List.of(2, 2, 2, 2, 1))).isNull();
    assertThat(message.part(List.of(3))).isNull();
    assertThat(message.part(List.of(0))).isNull();
    assertThat(message.part(List.of(1, 1))).isNull();
    MessageStructure single = Structures.parse(Corpus.read("mime4j/basic-plain.msg"));
    assertThat(single.part(List.of(1))).isSameAs(single.root());
    assertThat(single.part(List.of(2))).isNull();
    assertThat(single.part(List.of(1, 1))).isNull();
    MessageStructure forwarded = Structures.parse(Corpus.read("mime4j/re-fwd.msg"));
    MimePart first = forwarded.root().children().getFirst();
    assertThat(forwarded.part(List.of(1))).isSameAs(forwarded.root());
    assertThat(forwarded.part(List.of(1, 1))).isSameAs(first);
    assertThat(forwarded.part(List.of(1, 1, 1))).isSameAs(first.children().getFirst());
    assertThat(forwarded.part(List.of(1, 1, 1, 1))).isNull();
  }
}
