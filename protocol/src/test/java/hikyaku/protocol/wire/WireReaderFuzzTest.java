package hikyaku.protocol.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** Any octets, however they arrive, are read as the naive reader reads them. */
class WireReaderFuzzTest {
  @FuzzTest
  void readsAsTheNaiveReaderDoes(byte[] input) throws IOException {
    WireReader reader = new WireReader(SplitSource.octetByOctet(input));
    NaiveReader naive = new NaiveReader(input);
    for (int turn = 0; turn < 8; turn++) {
      assertThat(line(reader)).isEqualTo(naive.line(16, WireReader.LineEnding.STRICT));
      assertThat(dotted(reader)).isEqualTo(naive.dotted());
    }
  }

  private static String line(WireReader reader) throws IOException {
    try {
      return "<" + new String(reader.readLine(16, WireReader.LineEnding.STRICT), ISO_8859_1) + ">";
    } catch (WireException e) {
      return e.getClass().getSimpleName();
    }
  }

  private static String dotted(WireReader reader) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try {
      WireReader.Dotted dotted = reader.readDotted(text::write);
      return NaiveReader.describe(
          text.toString(ISO_8859_1), dotted.bareLineEnding(), dotted.longestLine());
    } catch (WireException e) {
      return e.getClass().getSimpleName();
    }
  }
}
