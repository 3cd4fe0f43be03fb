package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** An order that is kept gives what sorting anew gives, and spares most of it. */
class KeptOrderTest {
  private static final long FIRST_UID = 0xFFFF_FFFFL - 100_000;

  private final Random random = new Random(7);
  private int looked;

  /** What each UID is sorted by; few are different. */
  private final List<Integer> said = new ArrayList<>();

  /** UIDs that are there, less the first. */
  private final TreeSet<Integer> there = new TreeSet<>();

  private void arrive(int messages) {
    for (int i = 0; i < messages; i++) {
      there.add(said.size());
      said.add(random.nextInt(1 + random.nextInt(300)));
    }
  }

  private int[] sorted(int[] numbers, int[] indexes) {
    looked += indexes.length;
    return IntStream.of(indexes)
        .boxed()
        .sorted(
            Comparator.<Integer>comparingInt(index -> said.get(numbers[index]))
                .thenComparing(Comparator.naturalOrder()))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  @Test
  void whatCameIsPutBetween() throws IOException {
    for (int round = 0; round < 300; round++) {
      said.clear();
      there.clear();
      arrive(random.nextInt(400));
      int[] before = numbers();
      int[] some = IntStream.range(0, before.length).filter(_ -> random.nextInt(8) > 0).toArray();
      KeptOrder kept =
          KeptOrder.of(sorted(before, some), before.length, index -> FIRST_UID + before[index]);
      assertThat(kept.size()).isEqualTo(some.length);
      for (int gone = random.nextInt(20); gone > 0 && !said.isEmpty(); gone--) {
        there.remove(random.nextInt(said.size()));
      }
      arrive(random.nextInt(20));
      int[] now = numbers();
      int[] known = kept.indexes(now.length, index -> FIRST_UID + now[index]);
      List<Integer> knownNumbers = IntStream.of(known).map(index -> now[index]).boxed().toList();
      assertThat(knownNumbers)
          .containsExactlyInAnyOrderElementsOf(
              IntStream.of(some).map(i -> before[i]).filter(there::contains).boxed().toList());
      int[] others =
          IntStream.range(0, now.length)
              .filter(index -> !knownNumbers.contains(now[index]))
              .toArray();
      assertThat(KeptOrder.merged(known, others, indexes -> sorted(now, indexes)))
          .isEqualTo(sorted(now, IntStream.range(0, now.length).toArray()));
    }
  }

  @Test
  void fewAreLookedAtForOneThatCame() throws IOException {
    arrive(64_000);
    int[] now = numbers();
    int[] known = sorted(now, IntStream.range(0, now.length - 1).toArray());
    looked = 0;
    KeptOrder.merged(known, new int[] {now.length - 1}, indexes -> sorted(now, indexes));
    assertThat(looked).isLessThanOrEqualTo(1_000 + 1 + 64 + 1);
  }

  private int[] numbers() {
    return there.stream().mapToInt(Integer::intValue).toArray();
  }

  /** All that clients see is the same as if nothing was kept. */
  @Test
  void clientsSeeWhatTheySawBefore() throws IOException {
    try (ImapRig rig = new ImapRig();
        ImapClient client = rig.connect();
        ImapClient other = rig.connect()) {
      for (int i = 0; i < KeptOrders.LEAST + 100; i++) {
        deliver(rig);
      }
      client.login("bob");
      client.say("s", "SELECT INBOX");
      other.login("bob");
      other.say("s", "SELECT INBOX");
      for (int round = 0; round < 12; round++) {
        assertSorted(client, "SUBJECT", "1:*");
        assertSorted(other, "SUBJECT", "1:595");
        assertSorted(client, "REVERSE SUBJECT DATE", "1:550");
        assertSorted(client, "SUBJECT", "1:520");
        assertSorted(client, "SUBJECT", "30:40");
        for (int i = random.nextInt(5); i >= 0; i--) {
          deliver(rig);
        }
        client.say("d", "STORE " + (1 + random.nextInt(500)) + " +FLAGS (\\Deleted)");
        client.say("e", "EXPUNGE");
        client.say("n", "NOOP");
        if (round % 3 == 2) {
          other.say("n", "NOOP");
        }
      }
    }
  }

  private void deliver(ImapRig rig) throws IOException {
    String date = String.format("%d Mar 2026 10:00:00 +0000", 1 + random.nextInt(28));
    String message =
        "Subject: re: " + (char) ('a' + random.nextInt(26)) + "\r\nDate: " + date + "\r\n\r\nx\r\n";
    rig.deliver("bob", message.getBytes(StandardCharsets.US_ASCII));
  }

  private record Row(int number, String subject, String date) {}

  private static void assertSorted(ImapClient client, String order, String set) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String line : client.say("f", "FETCH " + set + " ENVELOPE")) {
      if (line.contains(" FETCH (")) {
        String[] quoted = line.split("\"", 5);
        rows.add(new Row(Integer.parseInt(line.split(" ")[1]), quoted[3], quoted[1]));
      }
    }
    Comparator<Row> bySubject = Comparator.comparing(Row::subject);
    Comparator<Row> by =
        order.equals("SUBJECT")
            ? bySubject
            : bySubject.reversed().thenComparing(row -> String.format("%28s", row.date()));
    String expected =
        rows.stream()
            .sorted(by.thenComparing(Row::number))
            .map(row -> " " + row.number())
            .collect(Collectors.joining("", "* SORT", ""));
    assertThat(client.say("t", "SORT (" + order + ") US-ASCII " + set)).contains(expected);
  }
}
