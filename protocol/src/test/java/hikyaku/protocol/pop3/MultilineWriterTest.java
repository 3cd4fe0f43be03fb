package hikyaku.protocol.pop3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.WireReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MultilineWriterTest {
  private static byte[] octets(String escaped) {
    return escaped.translateEscapes().getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] written(byte[] content, Random pieces) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    MultilineWriter writer = new MultilineWriter(out::write);
    int at = 0;
    while (at < content.length) {
      int take = Math.min(content.length - at, pieces.nextInt(4));
      writer.write(content, at, take);
      at += take;
    }
    writer.end();
    return out.toByteArray();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "''|.\\r\\n",
        "a\\r\\n|a\\r\\n.\\r\\n",
        "a|a\\r\\n.\\r\\n",
        ".|..\\r\\n.\\r\\n",
        "..\\r\\n.\\r\\n|...\\r\\n..\\r\\n.\\r\\n",
        "a.b\\r\\n.b|a.b\\r\\n..b\\r\\n.\\r\\n",
        "a\\n.\\r\\nb|a\\n..\\r\\nb\\r\\n.\\r\\n",
        "a\\n|a\\n\\r\\n.\\r\\n",
        "a\\r|a\\r\\r\\n.\\r\\n",
        "a\\r.\\r\\n|a\\r..\\r\\n.\\r\\n",
      })
  void stuffsDotsAndEndsOnce(String content, String wire) throws IOException {
    assertThat(written(octets(content), new Random(1))).isEqualTo(octets(wire));
  }

  @Test
  void whatGoesOutComesBackAndEndsOnlyAtItsEnd() throws IOException {
    long seed = 2449;
    Random random = new Random(seed);
    byte[] alphabet = {'\r', '\n', '.', 'a'};
    for (int round = 0; round < 100_000; round++) {
      byte[] content = new byte[random.nextInt(12)];
      for (int i = 0; i < content.length; i++) {
        content[i] = alphabet[random.nextInt(alphabet.length)];
      }
      byte[] wire = written(content, random);
      String told = "seed " + seed + " round " + round + " " + Arrays.toString(content);

      String sent = new String(wire, StandardCharsets.ISO_8859_1);
      for (String lineEnd : List.of("\r\n", "\r?\n", "\n", "[\r\n]")) {
        List<String> lines = List.of(sent.split(lineEnd));
        long ends = lines.stream().filter(line -> line.equals(".") || line.equals(".\r")).count();
        assertThat(ends).as(told).isEqualTo(1);
        assertThat(lines.getLast()).as(told).startsWith(".");
      }
      assertThat(sent).as(told).endsWith(".\r\n");

      // A client that ends lines at CRLF sees the content, and CRLF where it lacked one; a dot
      // after a bare CR or LF is the one difference, so such content is left out here.
      String text = new String(content, StandardCharsets.ISO_8859_1);
      if (!text.replace("\r\n", "").matches("(?s).*[\r\n]\\..*")) {
        ByteArrayOutputStream back = new ByteArrayOutputStream();
        WireReader reader = new WireReader(OctetSource.of(wire));
        reader.readDotted(back::write);
        boolean ended = text.isEmpty() || text.endsWith("\r\n");
        assertThat(back.toString(StandardCharsets.ISO_8859_1))
            .as(told)
            .isEqualTo(ended ? text : text + "\r\n");
        assertThat(reader.buffered()).as(told).isZero();
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "A: b\\r\\n\\r\\nx\\r\\ny\\r\\n|0|A: b\\r\\n\\r\\n",
        "A: b\\r\\n\\r\\nx\\r\\ny\\r\\n|1|A: b\\r\\n\\r\\nx\\r\\n",
        "A: b\\r\\n\\r\\nx\\r\\ny\\r\\n|9|A: b\\r\\n\\r\\nx\\r\\ny\\r\\n",
        "A: b\\n\\nx\\ny\\n|1|A: b\\n\\nx\\n",
        "A: b\\r\\n c\\r\\n|0|A: b\\r\\n c\\r\\n",
        "\\r\\nx|0|\\r\\n",
        "A: b\\r\\n\\r\\r\\nc\\r\\n\\r\\nx|0|A: b\\r\\n\\r\\r\\nc\\r\\n\\r\\n",
        "A: b\\r\\n\\r\\n\\r\\n\\r\\nx|2|A: b\\r\\n\\r\\n\\r\\n\\r\\n",
      })
  void topShowsHeaderAndLines(String content, int lines, String shown) throws IOException {
    for (int piece = 1; piece < 5; piece++) {
      byte[] message = octets(content);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      TopFilter filter = new TopFilter(out::write, lines);
      for (int at = 0; at < message.length; at += piece) {
        filter.write(message, at, Math.min(piece, message.length - at));
      }
      assertThat(out.toByteArray()).isEqualTo(octets(shown));
      assertThat(filter.done()).isEqualTo(!shown.equals(content) || shown.endsWith("\\r\\n\\r\\n"));
    }
  }

  @Test
  void repliesAreOneLine() {
    assertThat(Reply.ok("2 320").toWire()).isEqualTo("+OK 2 320\r\n");
    assertThat(Reply.ok("").toWire()).isEqualTo("+OK\r\n");
    assertThat(Reply.err("No such message").toWire()).isEqualTo("-ERR No such message\r\n");
    assertThat(Reply.err(ResponseCode.SYS_TEMP, "Later").toWire())
        .isEqualTo("-ERR [SYS/TEMP] Later\r\n");
    assertThat(new Reply.Challenge(octets("x")).toWire()).isEqualTo("+ eA==\r\n");
    assertThat(new Reply.Challenge(new byte[0]).toWire()).isEqualTo("+ \r\n");
    assertThatThrownBy(() -> Reply.ok("a\r\n+OK")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Reply.ok("x".repeat(512)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(new Capability("SASL", "PLAIN", "LOGIN").line()).isEqualTo("SASL PLAIN LOGIN");
    assertThat(Capability.TOP.line()).isEqualTo("TOP");
  }
}
