package hikyaku.server.imap;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.imap.SortKey;
import hikyaku.protocol.mime.Casemap;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Rows come in the order in which comparing what they say puts them, the equal ones as they came.
 */
class RowOrderTest {
  private static final String LETTERS = "aAbÄä\u0000é日~";

  private final Random random = new Random(5);

  private record Said(SortKey key, long[] numbers, String[] texts) {
    int compare(int one, int other) {
      int order =
          key.criterion() == SortKey.Criterion.SUBJECT
              ? Arrays.compareUnsigned(folded(texts[one]), folded(texts[other]))
              : Long.compare(numbers[one], numbers[other]);
      return key.reverse() ? -order : order;
    }

    private static byte[] folded(String text) {
      return Casemap.fold(text).getBytes(StandardCharsets.UTF_8);
    }
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(20) == 0 ? random.nextInt(70_000) : random.nextInt(14);
    for (int i = 0; i < length; i++) {
      text.append(length > 100 ? 'a' : LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return text.toString();
  }

  private long number() {
    return switch (random.nextInt(12)) {
      case 0 -> Long.MAX_VALUE - random.nextInt(3);
      case 1 -> Long.MIN_VALUE + 1 + random.nextInt(3);
      default -> random.nextInt(20) - 10;
    };
  }

  @Test
  void theOrderIsThatOfComparing() {
    for (int round = 0; round < 200; round++) {
      int rows = random.nextInt(60);
      boolean small = random.nextBoolean();
      List<Said> all = new ArrayList<>();
      List<SortColumn> columns = new ArrayList<>();
      for (int i = 0; i <= random.nextInt(3); i++) {
        SortKey.Criterion criterion =
            random.nextBoolean() ? SortKey.Criterion.SUBJECT : SortKey.Criterion.DATE;
        Said said =
            new Said(
                new SortKey(criterion, random.nextBoolean()), new long[rows], new String[rows]);
        SortColumn column = new SortColumn(said.key, rows);
        for (int row = 0; row < rows; row++) {
          said.texts[row] = "";
          boolean untold = random.nextInt(8) == 0;
          if (!untold && criterion == SortKey.Criterion.SUBJECT) {
            said.texts[row] = text();
            column.set(row, said.texts[row]);
          } else if (!untold) {
            said.numbers[row] = small ? random.nextInt(9) - 4L : number();
            column.set(row, said.numbers[row]);
          }
        }
        all.add(said);
        columns.add(column);
      }
      Comparator<Integer> comparing =
          all.stream()
              .<Comparator<Integer>>map(said -> said::compare)
              .reduce((_, _) -> 0, Comparator::thenComparing);
      assertThat(RowOrder.of(columns, rows))
          .isEqualTo(
              IntStream.range(0, rows)
                  .boxed()
                  .sorted(comparing)
                  .mapToInt(Integer::intValue)
                  .toArray());
    }
  }
}
