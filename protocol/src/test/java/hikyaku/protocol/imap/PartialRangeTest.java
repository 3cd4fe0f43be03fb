package hikyaku.protocol.imap;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PartialRangeTest {
  @ParameterizedTest
  @CsvSource({
    "1, 3, 10, 0, 3",
    "3, 1, 10, 0, 3",
    "9, 12, 10, 8, 10",
    "11, 12, 10, 10, 10",
    "-1, -1, 10, 9, 10",
    "-3, -1, 10, 7, 10",
    "-1, -3, 10, 7, 10",
    "-9, -12, 10, 0, 2",
    "-11, -12, 10, 0, 0",
    "1, 4294967295, 0, 0, 0",
    "-1, -4294967295, 3, 0, 3",
  })
  void countsFromEitherEnd(long one, long other, int count, int from, int to) {
    PartialRange range = new PartialRange(one, other);
    assertThat(range.from(count)).isEqualTo(from);
    assertThat(range.to(count)).isEqualTo(to);
  }
}
