package hikyaku.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Eight octets at a time find what one at a time does. */
class OctetScanTest {
  /** Each octet at each place of a word and beside it, before every limit that is asked for. */
  @Test
  void findsEachOctetAtEachPlace() {
    for (int octet = 0; octet < 256; octet++) {
      for (int place = 0; place < 20; place++) {
        byte[] octets = new byte[20];
        Arrays.fill(octets, (byte) 'x');
        octets[place] = (byte) octet;
        assertThat(OctetScan.has8bit(octets, 0, 20)).isEqualTo(octet >= 128);
        for (int limit : new int[] {1, 14, 33}) {
          assertThat(OctetScan.below(octets, 0, 20, limit))
              .as("octet %s at %s, limit %s", octet, place, limit)
              .isEqualTo(octet < limit ? place : 20);
        }
      }
    }
  }

  /** Any octets around the first: none before it is taken for one, and none behind it counts. */
  @Test
  void findsTheFirstOfMany() {
    Random random = new Random(1);
    for (int round = 0; round < 20_000; round++) {
      byte[] octets = new byte[random.nextInt(1, 40)];
      random.nextBytes(octets);
      int from = random.nextInt(octets.length);
      int to = random.nextInt(from, octets.length + 1);
      int limit = random.nextInt(1, 129);
      int first =
          IntStream.range(from, to)
              .filter(at -> (octets[at] & 0xff) < limit)
              .findFirst()
              .orElse(to);
      assertThat(OctetScan.below(octets, from, to, limit)).isEqualTo(first);
      assertThat(OctetScan.has8bit(octets, from, to))
          .isEqualTo(IntStream.range(from, to).anyMatch(at -> octets[at] < 0));
    }
  }
}
