package hikyaku.protocol.imap;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.SplitSource;
import hikyaku.protocol.wire.WireReader;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CommandReaderLimitsTest {
  private static final CommandReader.Mode MODE = new CommandReader.Mode(true, false);
  private static final String NEXT = "b NOOP\r\n";

  private static List<String> read(String sent) throws IOException {
    byte[] octets = sent.getBytes(ISO_8859_1);
    List<String> whole = Sessions.read(OctetSource.of(octets), MODE);
    assertThat(Sessions.read(SplitSource.octetByOctet(octets), MODE)).isEqualTo(whole);
    return whole;
  }

  private static void isRefused(String command, String refusal) throws IOException {
    assertThat(read(command + "\r\n" + NEXT)).containsExactly(refusal, "b Noop[]", "End");
  }

  @Test
  void eachLimitHasItsReplyAndTheNextCommandIsRead() throws IOException {
    Map<String, String> refusals = new TreeMap<>();
    refusals.put("a SEARCH TEXT " + "x".repeat(70_000), "a BAD Line is too long");
    refusals.put("a SEARCH TEXT " + "x".repeat(70_000) + " {3}", "a BAD Line is too long");
    refusals.put("a SEARCH TEXT " + "x".repeat(70_000) + " {3+}\r\nabc", "a BAD Line is too long");
    refusals.put(
        "a SEARCH" + " TEXT {60000+}\r\n".concat("x".repeat(60_000)).repeat(20),
        "a BAD [TOOBIG] Literal is too large");
    refusals.put("a SEARCH TEXT " + "{0+}\r\n".repeat(1001), "a BAD [LIMIT] Too many literals");
    refusals.put("x".repeat(129) + " NOOP", "* BAD Missing or malformed tag");
    refusals.put("a SEARCH" + " SEEN".repeat(2001), "a BAD [LIMIT] Too many search keys");
    refusals.put(
        "a SEARCH " + "NOT ".repeat(51) + "SEEN", "a BAD [LIMIT] Search keys nested too deeply");
    refusals.put(
        "a SEARCH " + "(".repeat(51) + "SEEN" + ")".repeat(51),
        "a BAD [LIMIT] Search keys nested too deeply");
    refusals.put("a FETCH 1 (" + "UID ".repeat(200) + "UID)", "a BAD [LIMIT] Too many fetch items");
    refusals.put(
        "a FETCH 1 BODY[HEADER.FIELDS (" + "x ".repeat(500) + "x)]",
        "a BAD [LIMIT] Too many header fields");
    refusals.put("a FETCH 1 BODY[" + "1.".repeat(100) + "1]", "a BAD [LIMIT] Part path too long");
    refusals.put(
        "a STORE 1 FLAGS " + numbered(" k", 201).substring(1), "a BAD [LIMIT] Too many flags");
    refusals.put("a STORE 1 FLAGS " + "k".repeat(256), "a NO [LIMIT] Keyword is too long");
    refusals.put("a SELECT " + "x".repeat(1001), "a NO [CANNOT] Mailbox name is too long");
    refusals.put("a LIST \"\" (" + "x ".repeat(50) + "x)", "a BAD [LIMIT] Too many patterns");
    refusals.put(
        "a LIST \"\" (" + "x".repeat(999).concat(" ").repeat(4) + "xxxxx)",
        "a BAD [LIMIT] Patterns are too long");
    refusals.put(
        "a ID (" + "\"a\" NIL ".repeat(30) + "\"a\" NIL)", "a BAD [LIMIT] Too many fields");
    refusals.put(
        "a APPEND x CATENATE (" + "URL /b/;UID=1 ".repeat(200) + "URL /b/;UID=1)",
        "a BAD [LIMIT] Too many URLs");
    refusals.put(
        "a APPEND x CATENATE (URL /" + "b".repeat(4000) + "/;UID=1)",
        "a BAD [LIMIT] URL is too long");
    refusals.put(
        "a SETQUOTA x (" + numbered(" k", 17).substring(1).replace(" ", " 1 ") + " 1)",
        "a BAD [LIMIT] Too many resources");
    refusals.put("a ENABLE" + " X".repeat(51), "a BAD [LIMIT] Too many capabilities");
    for (Map.Entry<String, String> refusal : refusals.entrySet()) {
      isRefused(refusal.getKey(), refusal.getValue());
    }
  }

  private static String numbered(String word, int count) {
    StringBuilder text = new StringBuilder();
    for (int number = 0; number < count; number++) {
      text.append(word).append(number);
    }
    return text.toString();
  }

  /** RFC 7888 §3: every line is looked at; what follows is never a command. */
  @Test
  void octetsThatComeUnaskedAreNoCommandsWhateverTheLineIs() throws IOException {
    String unasked = "{10+}\r\nx DELETE a";
    isRefused("a SEARCH TEXT \"b " + unasked, "a BAD Quoted string without an end");
    isRefused("a SEARCH TEXT b\"c FROM " + unasked, "a BAD Unexpected text at octet 16");
    isRefused("a APPEND \"b " + unasked, "a BAD Quoted string without an end");
    isRefused("a NONSENSE \"b " + unasked, "a BAD Unknown command");
    isRefused("a SEARCH TEXT \"b {10}", "a BAD Quoted string without an end");
  }

  @Test
  void aSetMayHaveManyRangesAndNoMore() throws IOException {
    // Ranges beyond one line come in no literal, so the limit is met with a smaller one.
    byte[] command = ("a FETCH " + "1,".repeat(30_000) + "1 FLAGS\r\n").getBytes(ISO_8859_1);
    assertThat(Sessions.read(OctetSource.of(command), MODE).getFirst()).startsWith("a Fetch[");
    Cursor in = new Cursor("1,2,3".getBytes(ISO_8859_1), 0, 5, withRanges(2), false);
    try {
      in.expectSequenceSet();
      throw new AssertionError("three ranges were taken");
    } catch (SyntaxException e) {
      assertThat(e.reply().text()).isEqualTo("Too many ranges in a sequence set");
    }
  }

  private static ImapLimits withRanges(int ranges) {
    ImapLimits d = ImapLimits.DEFAULT;
    return new ImapLimits(
        d.lineBeforeLogin(),
        d.line(),
        d.literalBeforeLogin(),
        d.literal(),
        d.commandBeforeLogin(),
        d.command(),
        d.literals(),
        d.discardBeforeLogin(),
        d.discard(),
        d.urls(),
        d.url(),
        d.tag(),
        ranges,
        d.searchKeys(),
        d.searchDepth(),
        d.sortKeys(),
        d.fetchItems(),
        d.headerFields(),
        d.partDepth(),
        d.flags(),
        d.keywordLength(),
        d.mailboxName(),
        d.patterns(),
        d.patternWork(),
        d.idFields(),
        d.capabilities(),
        d.quotaResources(),
        d.filterMailboxes(),
        d.remembered(),
        d.notifyMailboxes(),
        d.notifyNames(),
        d.updates(),
        d.updateResults(),
        d.annotations(),
        d.entryName(),
        d.annotation());
  }

  @Test
  void aLargeMessagePassesInPieces() throws IOException {
    int size = 3_000_000;
    byte[] head = ("a APPEND INBOX {" + size + "+}\r\n").getBytes(ISO_8859_1);
    byte[] sent = Arrays.copyOf(head, head.length + size + 2);
    sent[sent.length - 2] = '\r';
    sent[sent.length - 1] = '\n';
    long[] taken = new long[2];
    CommandReader reader =
        new CommandReader(new WireReader(OctetSource.of(sent)), ImapLimits.DEFAULT);
    CommandReader.Received received =
        reader.next(
            MODE,
            new CommandReader.Intake() {
              @Override
              public void proceed() {
                throw new AssertionError("not asked for");
              }

              @Override
              public @Nullable Reply message(
                  CommandReader.Purpose purpose, int index, boolean catenated) {
                return null;
              }

              @Override
              public @Nullable Reply url(ImapUrl url) {
                throw new AssertionError("not asked for");
              }

              @Override
              public CommandReader.Decision literal(Command.AppendPart.Literal literal) {
                return new CommandReader.Decision.Take((octets, offset, length) -> {
                  taken[0] += length;
                  taken[1] = Math.max(taken[1], length);
                });
              }
            });
    assertThat(received).isInstanceOf(CommandReader.Parsed.class);
    assertThat(taken[0]).isEqualTo(size);
    assertThat(taken[1]).isLessThanOrEqualTo(64 * 1024);
  }

  @Test
  void loginKeepsItsSecretsOutOfItsDescription() throws IOException {
    CommandReader reader =
        new CommandReader(
            new WireReader(OctetSource.of("a LOGIN \"u\\\"1\" \"p w\"\r\n".getBytes(ISO_8859_1))),
            ImapLimits.DEFAULT);
    CommandReader.Parsed parsed =
        (CommandReader.Parsed)
            reader.next(
                MODE,
                new CommandReader.Intake() {
                  @Override
                  public void proceed() {}

                  @Override
                  public @Nullable Reply message(
                      CommandReader.Purpose purpose, int index, boolean catenated) {
                    throw new AssertionError();
                  }

                  @Override
                  public @Nullable Reply url(ImapUrl url) {
                    throw new AssertionError();
                  }

                  @Override
                  public CommandReader.Decision literal(Command.AppendPart.Literal literal) {
                    throw new AssertionError();
                  }
                });
    Command.Login login = (Command.Login) parsed.command();
    assertThat(login.user()).isEqualTo("u\"1");
    assertThat(login.password()).isEqualTo("p w");
    assertThat(login.toString()).doesNotContain("p w").doesNotContain("u\"1");
  }
}
