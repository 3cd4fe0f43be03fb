package hikyaku.protocol.imap;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.imap.Command.StatusItem;
import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.MimeParameter;
import hikyaku.protocol.mime.MimePart;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ResponseWriterTest {
  /** Shown text as it is, hidden text in ‹›, octets in «». */
  private static final class Trace implements ResponseWriter.Target {
    final StringBuilder told = new StringBuilder();

    @Override
    public void text(byte[] octets, int offset, int length) {
      told.append(new String(octets, offset, length, ISO_8859_1));
    }

    @Override
    public void hidden(String text) {
      told.append('‹').append(text).append('›');
    }

    @Override
    public void write(byte[] octets, int offset, int length) {
      told.append('«').append(new String(octets, offset, length, ISO_8859_1)).append('»');
    }
  }

  private final Trace trace = new Trace();
  private final ResponseWriter writer = new ResponseWriter(trace);

  private String told() {
    String told = trace.told.toString();
    trace.told.setLength(0);
    return told.replace("\r\n", "¶");
  }

  private String data(Data data) throws IOException {
    writer.data(data);
    return told();
  }

  private String code(ResponseCode code) throws IOException {
    writer.untagged(Reply.ok(code, "x"));
    return told();
  }

  @Test
  void statuses() throws IOException {
    writer.tagged("a1", Reply.ok("Done"));
    assertThat(told()).isEqualTo("a1 OK Done¶");
    writer.tagged("a1", Reply.no("bad\r\nthing ü"));
    assertThat(told()).isEqualTo("a1 NO bad??thing ?¶");
    writer.untagged(new Reply(Condition.BYE, ResponseCode.Plain.UNAVAILABLE, ""));
    assertThat(told()).isEqualTo("* BYE [UNAVAILABLE] -¶");
    writer.proceed("Go on");
    assertThat(told()).isEqualTo("+ Go on¶");
    writer.challenge("");
    assertThat(told()).isEqualTo("+ ‹›¶");
  }

  @Test
  void codes() throws IOException {
    assertThat(code(ResponseCode.Plain.READ_WRITE)).isEqualTo("* OK [READ-WRITE] x¶");
    assertThat(code(new ResponseCode.AppendUid(38505, NumberSet.of(3955, 3956))))
        .isEqualTo("* OK [APPENDUID 38505 3955:3956] x¶");
    assertThat(
            code(new ResponseCode.CopyUid(1, NumberSet.of(304, 319, 320), NumberSet.of(1, 2, 3))))
        .isEqualTo("* OK [COPYUID 1 304,319:320 1:3] x¶");
    assertThat(code(ResponseCode.Plain.BADCHARSET)).isEqualTo("* OK [BADCHARSET] x¶");
    assertThat(code(new ResponseCode.Capability(List.of("IMAP4rev1", "IDLE"))))
        .isEqualTo("* OK [CAPABILITY IMAP4rev1 IDLE] x¶");
    assertThat(code(new ResponseCode.HighestModSeq(7))).isEqualTo("* OK [HIGHESTMODSEQ 7] x¶");
    assertThat(code(new ResponseCode.Modified(NumberSet.of(7, 9))))
        .isEqualTo("* OK [MODIFIED 7,9] x¶");
    assertThat(code(new ResponseCode.PermanentFlags(List.of("\\Seen"), true)))
        .isEqualTo("* OK [PERMANENTFLAGS (\\Seen \\*)] x¶");
    assertThat(code(new ResponseCode.PermanentFlags(List.of(), false)))
        .isEqualTo("* OK [PERMANENTFLAGS ()] x¶");
    assertThat(code(new ResponseCode.MetadataLongEntries(2199)))
        .isEqualTo("* OK [METADATA LONGENTRIES 2199] x¶");
    assertThat(code(new ResponseCode.MessageLimit(1000, 23221L)))
        .isEqualTo("* OK [MESSAGELIMIT 1000 23221] x¶");
    assertThat(code(new ResponseCode.MessageLimit(1000, null)))
        .isEqualTo("* OK [MESSAGELIMIT 1000] x¶");
    assertThat(code(new ResponseCode.MetadataMaxSize(1024)))
        .isEqualTo("* OK [METADATA MAXSIZE 1024] x¶");
    assertThat(code(new ResponseCode.MetadataTooMany())).isEqualTo("* OK [METADATA TOOMANY] x¶");
    assertThat(code(new ResponseCode.UidNext(4392))).isEqualTo("* OK [UIDNEXT 4392] x¶");
    assertThat(code(new ResponseCode.UidValidity(1))).isEqualTo("* OK [UIDVALIDITY 1] x¶");
    assertThat(code(new ResponseCode.Unseen(17))).isEqualTo("* OK [UNSEEN 17] x¶");
  }

  @Test
  void untaggedData() throws IOException {
    assertThat(data(new Data.Capability(List.of("IMAP4rev1", "AUTH=PLAIN"))))
        .isEqualTo("* CAPABILITY IMAP4rev1 AUTH=PLAIN¶");
    assertThat(data(new Data.Enabled(List.of()))).isEqualTo("* ENABLED¶");
    assertThat(data(new Data.Enabled(List.of("CONDSTORE")))).isEqualTo("* ENABLED CONDSTORE¶");
    assertThat(data(new Data.Exists(0))).isEqualTo("* 0 EXISTS¶");
    assertThat(data(new Data.Recent(5))).isEqualTo("* 5 RECENT¶");
    assertThat(data(new Data.Expunge(44))).isEqualTo("* 44 EXPUNGE¶");
    assertThat(data(new Data.Vanished(true, NumberSet.of(300, 301))))
        .isEqualTo("* VANISHED (EARLIER) 300:301¶");
    assertThat(data(new Data.Vanished(false, NumberSet.of(405)))).isEqualTo("* VANISHED 405¶");
    assertThat(data(new Data.Flags(List.of("\\Seen", "foo")))).isEqualTo("* FLAGS (\\Seen foo)¶");
    assertThat(
            data(
                new Data.Metadata(
                    "",
                    List.of(
                        new Command.Annotation("/shared/comment", "a \"b\""),
                        new Command.Annotation("/private/x y", null),
                        new Command.Annotation("/private/n", "a\0b")))))
        .isEqualTo(
            "* METADATA \"\" (/shared/comment \"a \\\"b\\\"\" \"/private/x y\" NIL"
                + " /private/n ~{3}¶a\0b)¶");
    assertThat(data(new Data.Delimiter('/'))).isEqualTo("* LIST (\\Noselect) \"/\" \"\"¶");
    assertThat(
            data(
                new Data.Status("a b", Map.of(StatusItem.SIZE, 7L, StatusItem.MESSAGES, 1L), "F1")))
        .isEqualTo("* STATUS \"a b\" (MESSAGES 1 SIZE 7 MAILBOXID (F1))¶");
    assertThat(data(new Data.Status("NIL", Map.of(), null))).isEqualTo("* STATUS \"NIL\" ()¶");
    assertThat(data(new Data.Language(List.of("EN", "i-default"))))
        .isEqualTo("* LANGUAGE (EN i-default)¶");
    assertThat(data(new Data.QuotaRoot("INBOX", List.of("", "a b", "c"))))
        .isEqualTo("* QUOTAROOT INBOX \"\" \"a b\" c¶");
    Data.Resource storage = new Data.Resource("STORAGE", 1, 2);
    assertThat(data(new Data.Quota("r", List.of(storage, new Data.Resource("MESSAGE", 0, 5)))))
        .isEqualTo("* QUOTA r (STORAGE 1 2 MESSAGE 0 5)¶");
    assertThat(data(new Data.Found(NumberSet.of(2, 3, 6), null))).isEqualTo("* SEARCH 2 3 6¶");
    assertThat(data(new Data.Found(NumberSet.of(2), 917L))).isEqualTo("* SEARCH 2 (MODSEQ 917)¶");
    assertThat(data(new Data.Found(NumberSet.EMPTY, null))).isEqualTo("* SEARCH¶");
    SequenceSet ends = SequenceSet.of(NumberSet.of(1, 9));
    assertThat(data(new Data.FoundExtended("a\\1", null, true, 1L, 9L, ends, null, 2L, 12L, null)))
        .isEqualTo("* ESEARCH (TAG \"a\\\\1\") UID MIN 1 MAX 9 ALL 1,9 COUNT 2 MODSEQ 12¶");
    assertThat(
            data(
                new Data.FoundExtended("a", null, false, null, null, null, null, null, null, null)))
        .isEqualTo("* ESEARCH (TAG \"a\")¶");
    SequenceSet page = SequenceSet.inOrder(new long[] {5, 6, 3, 4, 2});
    Data.Page partial = new Data.Page(new PartialRange(-1, -5), page);
    assertThat(
            data(
                new Data.FoundExtended(
                    "a", null, false, null, null, null, partial, null, null, null)))
        .isEqualTo("* ESEARCH (TAG \"a\") PARTIAL (-1:-5 5:6,3:4,2)¶");
    Data.Page empty = new Data.Page(new PartialRange(7, 9), null);
    assertThat(
            data(
                new Data.FoundExtended(
                    "a", null, false, null, null, null, empty, null, null, null)))
        .isEqualTo("* ESEARCH (TAG \"a\") PARTIAL (7:9 NIL)¶");
    assertThat(data(new Data.Sorted(new long[] {3, 1}, null))).isEqualTo("* SORT 3 1¶");
    assertThat(data(new Data.Sorted(new long[] {3}, 7L))).isEqualTo("* SORT 3 (MODSEQ 7)¶");
    assertThat(data(new Data.Sorted(new long[0], null))).isEqualTo("* SORT¶");
    assertThat(data(new Data.Namespace('/', "Other Users/")))
        .isEqualTo("* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL¶");
    assertThat(
            data(new Data.Acl("a b", new TreeMap<>(Map.of("-anyone", "e", "fr\u00e9d@x.y", "lr")))))
        .isEqualTo("* ACL \"a b\" -anyone e {9}¶fr\u00c3\u00a9d@x.y lr¶");
    assertThat(data(new Data.ListedRights("x", "anyone", "", List.of("l", "r"))))
        .isEqualTo("* LISTRIGHTS x anyone \"\" l r¶");
    assertThat(data(new Data.MyRights("INBOX", "lr"))).isEqualTo("* MYRIGHTS INBOX lr¶");
    assertThat(data(new Data.Id(List.of(new Command.Id.Field("name", "Hikyaku")))))
        .isEqualTo("* ID (\"name\" \"Hikyaku\")¶");
    assertThat(data(new Data.Id(List.of()))).isEqualTo("* ID NIL¶");
  }

  private record Thread(long number, List<Thread> children) implements MessageThread {
    static Thread of(long number, Thread... children) {
      return new Thread(number, List.of(children));
    }
  }

  @Test
  void threadsBranchInParentheses() throws IOException {
    assertThat(data(new Data.Threads(List.of()))).isEqualTo("* THREAD¶");
    // The example of RFC 5256 §4.
    Thread branching =
        Thread.of(
            3,
            Thread.of(6, Thread.of(4, Thread.of(23)), Thread.of(44, Thread.of(7, Thread.of(96)))));
    assertThat(data(new Data.Threads(List.of(Thread.of(2), branching))))
        .isEqualTo("* THREAD (2)(3 6 (4 23)(44 7 96))¶");
    assertThat(data(new Data.Threads(List.of(Thread.of(0, Thread.of(3), Thread.of(5))))))
        .isEqualTo("* THREAD ((3)(5))¶");
  }

  @Test
  void aThreadMayBeAsDeepAsAMailboxIsLarge() throws IOException {
    StringBuilder expected = new StringBuilder("1 (1)(2)");
    Thread thread = Thread.of(1, Thread.of(1), Thread.of(2));
    for (int depth = 2; depth <= 20_000; depth++) {
      thread = Thread.of(1, thread, Thread.of(2));
      expected.insert(0, "1 (").append(")(2)");
    }
    assertThat(data(new Data.Threads(List.of(thread)))).isEqualTo("* THREAD (" + expected + ")¶");
  }

  @Test
  void mailboxesAreNamedAsTheClientReadsThem() throws IOException {
    Data listed =
        new Data.Listed(
            false, List.of("\\HasNoChildren"), '/', "Entwürfe", List.of("SUBSCRIBED"), "\"x");
    assertThat(data(listed))
        .isEqualTo(
            "* LIST (\\HasNoChildren) \"/\" Entw&APw-rfe"
                + " (\"CHILDINFO\" (\"SUBSCRIBED\") \"OLDNAME\" (\"\\\"x\"))¶");
    writer.useUtf8(true);
    assertThat(data(new Data.Listed(true, List.of(), '/', "ü", List.of(), null)))
        .isEqualTo("* LSUB () \"/\" \"Ã¼\"¶");
    assertThat(data(new Data.Listed(true, List.of(), '/', "a&b", List.of(), null)))
        .isEqualTo("* LSUB () \"/\" a&b¶");
  }

  private static final EnvelopeAddress FRED =
      new EnvelopeAddress("Fred \"F\" Foobar", null, "foobar", "example.com");

  @Test
  void fetchedItems() throws IOException {
    Envelope envelope =
        new Envelope(
            "Mon, 7 Feb 1994",
            "caf\u00E9",
            List.of(FRED),
            List.of(),
            List.of(),
            List.of(EnvelopeAddress.groupStart("g"), EnvelopeAddress.groupEnd()),
            List.of(),
            List.of(),
            null,
            "<a@b>");
    FetchWriter fetch = writer.fetch(12);
    fetch.uid(7).flags(List.of("\\Seen")).modSeq(9).size(44);
    fetch.internalDate(OffsetDateTime.parse("1996-07-17T02:44:25-07:00"));
    fetch.envelope(envelope).end();
    assertThat(told())
        .isEqualTo(
            "* 12 FETCH (UID 7 FLAGS (\\Seen) MODSEQ (9) RFC822.SIZE 44"
                + " INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" ENVELOPE «(\"Mon, 7 Feb 1994\""
                + " {4}¶caf\u00E9 ((\"Fred \\\"F\\\" Foobar\" NIL \"foobar\" \"example.com\"))"
                + " NIL NIL ((NIL NIL \"g\" NIL)(NIL NIL NIL NIL)) NIL NIL NIL \"<a@b>\")»)¶");
  }

  @Test
  void signsOfLifeNameTheirCommand() {
    assertThat(ResponseWriter.inProgress("a1"))
        .isEqualTo("* OK [INPROGRESS (\"a1\" NIL NIL)] Still at work\r\n");
    assertThat(ResponseWriter.inProgress("a]1")).isEqualTo("* OK [INPROGRESS] Still at work\r\n");
  }

  @Test
  void byUidAlone() throws IOException {
    writer.uidFetch(4_000_000_000L).flags(List.of("\\Seen")).end();
    assertThat(told()).isEqualTo("* 4000000000 UIDFETCH (FLAGS (\\Seen))¶");
  }

  @Test
  void whatLastsOfAMessage() throws IOException {
    FetchWriter fetch = writer.fetch(1);
    fetch.saveDate(OffsetDateTime.parse("2024-02-01T00:00:00Z"));
    fetch.emailId("M1").threadId("T1").threadId(null).preview("").preview("Gr\u00FC\u00DFe").end();
    assertThat(told())
        .isEqualTo(
            "* 1 FETCH (SAVEDATE \" 1-Feb-2024 00:00:00 +0000\" EMAILID (M1) THREADID (T1)"
                + " THREADID NIL PREVIEW «\"\"» PREVIEW «{7}¶Gr\u00C3\u00BC\u00C3\u009Fe»)¶");
  }

  private static MimePart part(
      String type, String subtype, @Nullable Envelope envelope, List<MimePart> children) {
    return new MimePart(
        0,
        10,
        110,
        4,
        type,
        subtype,
        true,
        List.of(new MimeParameter("charset", "utf-8")),
        "<c>",
        null,
        "7bit",
        "inline",
        List.of(),
        List.of("en", "de"),
        null,
        null,
        envelope,
        children);
  }

  @Test
  void structures() throws IOException {
    MimePart text = part("text", "plain", null, List.of());
    MimePart message = part("message", "rfc822", Envelope.EMPTY, List.of(text));
    MimePart root =
        part("multipart", "mixed", null, List.of(part("image", "png", null, List.of()), message));
    String fields = "(\"charset\" \"utf-8\") \"<c>\" NIL \"7bit\" 100";
    String extension = " (\"inline\" NIL) (\"en\" \"de\") NIL";
    writer.fetch(1).structure(root, false).end();
    assertThat(told())
        .isEqualTo(
            "* 1 FETCH (BODY «((\"image\" \"png\" "
                + fields
                + ")(\"message\" \"rfc822\" "
                + fields
                + " (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"plain\" "
                + fields
                + " 4) 4) \"mixed\")»)¶");
    writer.fetch(1).structure(root, true).end();
    assertThat(told())
        .isEqualTo(
            "* 1 FETCH (BODYSTRUCTURE «((\"image\" \"png\" "
                + fields
                + " NIL"
                + extension
                + ")(\"message\" \"rfc822\" "
                + fields
                + " (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"plain\" "
                + fields
                + " 4 NIL"
                + extension
                + ") 4 NIL"
                + extension
                + ") \"mixed\""
                + " (\"charset\" \"utf-8\")"
                + extension
                + ")»)¶");
  }

  @Test
  void octetsPassThrough() throws IOException {
    FetchItem headers =
        new FetchItem.BodySection(
            true,
            new Section(List.of(1, 2), Section.Kind.HEADER_FIELDS, List.of("To", "a b")),
            new FetchItem.Partial(5, 100));
    FetchItem.Binary binary = new FetchItem.Binary(true, List.of(3), null);
    writer
        .fetch(1)
        .octets(headers, 3, sink -> sink.write("abc".getBytes(ISO_8859_1)))
        .octets(FetchItem.Plain.RFC822_TEXT, 0, sink -> {})
        .binary(binary, 1, sink -> sink.write(new byte[] {0}))
        .nil(new FetchItem.BodySection(true, Section.WHOLE, null))
        .binarySize(new FetchItem.BinarySize(List.of(1)), 5)
        .end();
    assertThat(told())
        .isEqualTo(
            "* 1 FETCH (BODY[1.2.HEADER.FIELDS (To \"a b\")]<5> {3}¶«abc» RFC822.TEXT {0}¶"
                + " BINARY[3] ~{1}¶«\0» BODY[] NIL BINARY.SIZE[1] 5)¶");
  }

  @Test
  void contentOfAnotherLengthIsNotPassedOff() {
    FetchItem all = new FetchItem.BodySection(true, Section.WHOLE, null);
    assertThatThrownBy(() -> writer.fetch(1).octets(all, 2, sink -> sink.write(new byte[3])))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> writer.fetch(1).octets(all, 2, sink -> sink.write(new byte[1])))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aNulInAStringIsNotSent() throws IOException {
    writer.data(new Data.Id(List.of(new Command.Id.Field("a\0b", "c\rd"))));
    assertThat(told()).isEqualTo("* ID (\"a?b\" {3}¶c\rd)¶");
  }
}
