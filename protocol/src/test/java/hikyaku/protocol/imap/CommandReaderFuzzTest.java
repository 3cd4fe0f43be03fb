package hikyaku.protocol.imap;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.SplitSource;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Any octets give commands and refusals, the same ones however they arrive, and nothing else. */
class CommandReaderFuzzTest {
  @FuzzTest
  void anyOctets(byte[] input) throws IOException {
    check(input);
  }

  private static void check(byte[] input) throws IOException {
    for (boolean utf8 : new boolean[] {false, true}) {
      CommandReader.Mode mode = new CommandReader.Mode(true, utf8);
      List<String> whole = Sessions.read(OctetSource.of(input), mode);
      assertThat(Sessions.read(SplitSource.octetByOctet(input), mode)).isEqualTo(whole);
    }
  }

  @Test
  void mutatedCommands() throws IOException {
    long seed = 31;
    Random random = new Random(seed);
    List<byte[]> corpus =
        CommandTableTest.cases().map(any -> CommandTableTest.octets(any.sent() + "¶")).toList();
    String[] pieces = {
      "{3}\r\n",
      "{2+}\r\n",
      "(",
      ")",
      "\"",
      "\\",
      " ",
      "\r\n",
      "\0",
      "*",
      "$",
      "[",
      "]",
      "99999999999999999999",
      "NIL",
      "CATENATE (",
      "URL /x/;UID=1",
      ";SECTION=",
      "%2",
      "\u00FF"
    };
    for (int turn = 0; turn < 12_000; turn++) {
      byte[] input = corpus.get(random.nextInt(corpus.size()));
      for (int change = random.nextInt(3); change >= 0; change--) {
        input = mutated(input, random, pieces);
      }
      try {
        check(input);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + ", turn " + turn, e);
      }
    }
  }

  private static byte[] mutated(byte[] input, Random random, String[] pieces) {
    int from = random.nextInt(input.length + 1);
    int to = Math.min(input.length, from + random.nextInt(3));
    String piece = random.nextInt(4) == 0 ? "" : pieces[random.nextInt(pieces.length)];
    byte[] inserted = piece.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    byte[] output = new byte[from + inserted.length + input.length - to];
    System.arraycopy(input, 0, output, 0, from);
    System.arraycopy(inserted, 0, output, from, inserted.length);
    System.arraycopy(input, to, output, from + inserted.length, input.length - to);
    return output;
  }
}
