package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.log.Brief;
import hikyaku.protocol.imap.MessageThread;
import hikyaku.protocol.mime.MimeLimits;
import hikyaku.protocol.mime.MimeParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever messages refer to, each is in the threads once. */
class ReferencesTest {
  @Test
  void noReferencesLoseOrRepeatAMessage() {
    for (int seed = 1; seed <= 300; seed++) {
      Random random = new Random(seed);
      int count = 1 + random.nextInt(12);
      References threading = new References();
      for (int number = 1; number <= count; number++) {
        StringBuilder header = new StringBuilder("References:");
        for (int i = random.nextInt(4); i > 0; i--) {
          header.append(" <").append(random.nextInt(count + 3)).append("@t>");
        }
        header.append("\r\nMessage-ID: <").append(random.nextInt(count + 1)).append("@t>\r\n");
        String subject = random.nextInt(3) == 0 ? "" : "S" + random.nextInt(3);
        header.append("Subject: ").append(random.nextBoolean() ? "Re: " : "").append(subject);
        threading.add(number, random.nextInt(5), brief(header.append("\r\n\r\n").toString()));
      }
      assertEachOnce(threading.threads(), count, "seed " + seed);
    }
  }

  @Test
  void aChainAsLongAsAMailboxIsOneThread() {
    int count = 100_000;
    References threading = new References();
    for (int number = 1; number <= count; number++) {
      String header =
          "References: <" + (number - 1) + "@t>\r\nMessage-ID: <" + number + "@t>\r\n\r\n";
      threading.add(number, number, brief(header));
    }
    List<? extends MessageThread> threads = threading.threads();
    assertThat(threads).hasSize(1);
    assertEachOnce(threads, count, "chain");
  }

  /** A field is looked through once, whatever seems to be an id in it. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void manyEndsOfNoIdsCostTheirLength() {
    int count = 300;
    String header = "In-Reply-To: " + ">".repeat(60_000) + "<a@t>\r\nMessage-ID: <m@t>\r\n\r\n";
    Brief brief = brief(header);
    References threading = new References();
    for (int number = 1; number <= count; number++) {
      threading.add(number, number, brief);
    }
    assertEachOnce(threading.threads(), count, "ends");
  }

  private static Brief brief(String message) {
    MimeParser parser = new MimeParser(MimeLimits.DEFAULT);
    byte[] octets = message.getBytes(StandardCharsets.US_ASCII);
    parser.write(octets, 0, octets.length);
    return Brief.of(parser.finish());
  }

  private static void assertEachOnce(
      List<? extends MessageThread> threads, int count, String which) {
    BitSet seen = new BitSet();
    Deque<MessageThread> todo = new ArrayDeque<>(threads);
    while (!todo.isEmpty()) {
      MessageThread next = todo.pop();
      if (next.number() > 0) {
        assertThat(seen.get((int) next.number())).as(which).isFalse();
        seen.set((int) next.number());
      } else {
        assertThat(next.children()).as(which).hasSizeGreaterThan(1);
      }
      todo.addAll(next.children());
    }
    assertThat(seen.cardinality()).as(which).isEqualTo(count);
  }
}
