package hikyaku.server.front;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Input is given again as it came, and takes room only while it is not settled. */
final class UnsettledTest {
  @TempDir Path directory;

  @Test
  void aClientThatIsAlwaysAheadTakesNoMoreRoom() throws IOException {
    Random random = new Random(3);
    byte[] octets = new byte[10_000];
    try (Unsettled input = new Unsettled(directory)) {
      byte[] all = new byte[6_000_000];
      random.nextBytes(all);
      int sent = 0;
      while (sent + octets.length <= all.length) {
        input.append(all, sent, octets.length);
        sent += octets.length;
        int behind = 150_000 + random.nextInt(50_000);
        if (sent - input.base() > behind) {
          input.settle(sent - behind);
        }
        assertThat(input.read(input.base(), 20_000))
            .isEqualTo(
                Arrays.copyOfRange(
                    all, (int) input.base(), (int) Math.min(sent, input.base() + 20_000)));
        assertThat(input.onDisk()).isLessThan(1_000_000);
      }
      assertThat(input.read(input.base(), all.length))
          .isEqualTo(Arrays.copyOfRange(all, (int) input.base(), sent));
      input.settle(sent);
      assertThat(input.onDisk()).isZero();
    }
  }
}
