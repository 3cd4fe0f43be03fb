package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.text.MessageTexts;
import hikyaku.mailbox.text.TextIndex;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.mime.FoldedText;
import hikyaku.server.net.TlsMode;
import hikyaku.server.search.MailIndex;
import hikyaku.server.search.SearchSettings;
import hikyaku.server.testing.Letters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Searches find the same without an index, with one, and with half of one. */
class IndexedSearchTest {
  private static final int QUERIES = 150;

  @TempDir private Path folder;

  private final Random random = new Random(11);
  private final Letters letters = new Letters(11);

  /** Can be taken away and given back. */
  private static final class Switched implements TextIndex {
    volatile TextIndex to = TextIndex.NONE;
    volatile int spared;

    @Override
    public List<BitSet> lacking(LogName log, MailboxState state, List<List<FoldedText>> wanted) {
      List<BitSet> lacking = to.lacking(log, state, wanted);
      spared += lacking.stream().mapToInt(BitSet::cardinality).sum();
      return lacking;
    }
  }

  private byte[] key(List<String> texts, int depth) {
    ByteArrayOutputStream key = new ByteArrayOutputStream();
    switch (random.nextInt(depth > 2 ? 10 : 14)) {
      case 0 -> put(key, "TEXT ", wanted(texts));
      case 1 -> put(key, "BODY ", wanted(texts));
      case 2 -> put(key, "SUBJECT ", wanted(texts));
      case 3 -> put(key, "FROM ", wanted(texts));
      case 4 -> put(key, "TO ", wanted(texts));
      case 5 ->
          put(key, random.nextBoolean() ? "HEADER Content-Type " : "HEADER From ", wanted(texts));
      case 6 -> put(key, "HEADER Delivered-To ", "");
      case 7 -> put(key, "HEADER Return-Path ", "x@");
      case 8 -> put(key, "CC ", wanted(texts));
      case 9 -> put(key, "BCC ", wanted(texts));
      case 10 -> {
        key.writeBytes("NOT ".getBytes(StandardCharsets.US_ASCII));
        key.writeBytes(key(texts, depth + 1));
      }
      case 11 -> {
        key.writeBytes("FUZZY ".getBytes(StandardCharsets.US_ASCII));
        key.writeBytes(key(texts, depth + 1));
      }
      case 12 -> {
        key.writeBytes("OR ".getBytes(StandardCharsets.US_ASCII));
        key.writeBytes(key(texts, depth + 1));
        key.write(' ');
        key.writeBytes(key(texts, depth + 1));
      }
      default -> {
        key.write('(');
        key.writeBytes(key(texts, depth + 1));
        key.write(' ');
        key.writeBytes(key(texts, depth + 1));
        key.write(')');
      }
    }
    return key.toByteArray();
  }

  private String wanted(List<String> texts) {
    String wanted = letters.wanted(texts.get(random.nextInt(texts.size())));
    boolean sayable =
        wanted.codePoints().allMatch(c -> c != 0 && Character.getType(c) != Character.SURROGATE);
    return sayable ? wanted : "検索";
  }

  private static void put(ByteArrayOutputStream key, String name, String text) {
    byte[] octets = text.getBytes(StandardCharsets.UTF_8);
    key.writeBytes((name + "{" + octets.length + "+}\r\n").getBytes(StandardCharsets.US_ASCII));
    key.writeBytes(octets);
  }

  /** What asks for messages by a key. */
  private static final List<String> COMMANDS =
      List.of(
          "UID SEARCH CHARSET UTF-8 ",
          "UID SORT (SUBJECT REVERSE DATE) UTF-8 ",
          "SEARCH RETURN (MIN MAX COUNT) CHARSET UTF-8 ",
          "UID THREAD REFERENCES UTF-8 ",
          "ESEARCH IN (mailboxes INBOX) RETURN (ALL COUNT) CHARSET UTF-8 ",
          "UID SEARCH RETURN (ALL RELEVANCY) CHARSET UTF-8 FUZZY ",
          "SORT RETURN (ALL) (RELEVANCY ARRIVAL) UTF-8 FUZZY ");

  private static List<String> ask(ImapClient client, byte[] asked) throws IOException {
    ByteArrayOutputStream command = new ByteArrayOutputStream();
    command.writeBytes("s ".getBytes(StandardCharsets.US_ASCII));
    command.writeBytes(asked);
    command.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
    client.send(command.toByteArray());
    List<String> lines = client.until("s");
    assertThat(lines.getLast()).startsWith("s OK");
    return lines;
  }

  private static List<String> texts(Mailbox mailbox) throws IOException {
    MailboxState state = mailbox.refresh();
    Letters.Keeping keeping = new Letters.Keeping();
    mailbox
        .messages()
        .read(
            state,
            IntStream.range(0, state.size()).toArray(),
            (_, stored) -> {
              try (MessageTexts all =
                  new MessageTexts(stored.message(), mailbox.messages()::open)) {
                all.everything(keeping);
              }
            });
    return keeping.texts();
  }

  @Test
  void theSameIsFoundHoweverMuchIsIndexed() throws Exception {
    Switched index = new Switched();
    try (ImapRig rig = new ImapRig(ImapSettings.DEFAULTS, TlsMode.NONE, Optional.empty(), index);
        ImapClient client = rig.connect()) {
      for (byte[] octets : Letters.corpus()) {
        if (octets.length < 50_000) {
          rig.deliver("bob", octets);
        }
      }
      for (int i = 0; i < 60; i++) {
        rig.deliver("bob", letters.letter());
      }
      client.login("bob");
      assertThat(client.say("l", "SELECT INBOX").getLast()).startsWith("l OK");
      List<String> texts = texts(rig.inbox("bob"));
      List<byte[]> keys = new ArrayList<>();
      List<List<String>> answers = new ArrayList<>();
      int found = 0;
      for (int i = 0; i < QUERIES; i++) {
        ByteArrayOutputStream asked = new ByteArrayOutputStream();
        String command = COMMANDS.get(i % COMMANDS.size());
        asked.writeBytes(command.getBytes(StandardCharsets.US_ASCII));
        asked.writeBytes(key(texts, 0));
        keys.add(asked.toByteArray());
        answers.add(ask(client, keys.getLast()));
        found +=
            answers.getLast().getFirst().matches("\\* .*( ALL |COUNT [1-9]|[A-Z] \\(?[0-9]).*")
                ? 1
                : 0;
      }
      assertThat(found).isBetween(QUERIES / 4, QUERIES);
      for (int most : new int[] {1_000, 1_000_000}) {
        // The smaller takes only some of the messages.
        SearchSettings settings =
            new SearchSettings(true, folder.resolve("" + most), 1 << 20, 1L << 30, 0, 1, most);
        try (MailIndex real =
            new MailIndex(rig.store, MailboxLimits.DEFAULT, settings, new SimpleMeterRegistry())) {
          real.start();
          index.to = real;
          for (int i = 0; i < QUERIES / 5; i++) {
            assertThat(ask(client, keys.get(i))).isEqualTo(answers.get(i));
          }
          assertThat(real.await(Duration.ofSeconds(60))).isTrue();
          index.spared = 0;
          for (int i = 0; i < QUERIES; i++) {
            assertThat(ask(client, keys.get(i)))
                .as("query %s", new String(keys.get(i), StandardCharsets.UTF_8))
                .isEqualTo(answers.get(i));
          }
          assertThat(index.spared).isGreaterThan(QUERIES * 10);
        }
      }
    }
  }
}
