package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class PollersTest {
  @Test
  void oneThreadDoesForFourProcessorsAndTheirNumberIsAPowerOfTwo() {
    assertThat(Pollers.readers(1)).isEqualTo(1);
    assertThat(Pollers.readers(2)).isEqualTo(1);
    assertThat(Pollers.readers(8)).isEqualTo(2);
    assertThat(Pollers.readers(31)).isEqualTo(4);
    assertThat(Pollers.readers(64)).isEqualTo(16);
  }
}
