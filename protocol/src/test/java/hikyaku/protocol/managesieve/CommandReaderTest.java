package hikyaku.protocol.managesieve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Commands as clients send them, and all else. */
class CommandReaderTest {
  private static final int LARGEST = 50;

  private static WireReader reader(byte[] octets) {
    ByteArrayInputStream in = new ByteArrayInputStream(octets);
    return new WireReader(
        new OctetSource() {
          @Override
          public boolean await() {
            return in.available() > 0;
          }

          @Override
          public int read(byte[] buffer, int offset, int length) {
            return in.read(buffer, offset, length);
          }
        });
  }

  /** All that is in the octets, up to their end or to what ends a session. */
  private static List<Request> all(byte[] octets) throws IOException {
    CommandReader reader = new CommandReader(reader(octets));
    List<Request> requests = new ArrayList<>();
    try {
      do {
        requests.add(reader.read(LARGEST));
      } while (!(requests.getLast() instanceof Request.Fatal));
    } catch (WireException.End | WireException.Truncated e) {
      // Nothing more to read.
    }
    return requests;
  }

  private static List<Request> all(String text) throws IOException {
    return all(text.getBytes(UTF_8));
  }

  private static String script(Request request) {
    return request instanceof Command.PutScript(String name, byte[] script)
        ? name + ": " + new String(script, UTF_8)
        : String.valueOf(request);
  }

  @Test
  void commands() throws IOException {
    assertThat(
            all(
                "capability\r\nLISTSCRIPTS\r\nNoop\r\nNOOP \"x\"\r\nSETACTIVE \"\"\r\n"
                    + "HAVESPACE \"a b\" 99\r\nRENAMESCRIPT \"a\\\"b\" {2+}\r\n\u00e9\r\n"
                    + "LOGOUT\r\n"))
        .containsExactly(
            new Command.Capability(),
            new Command.ListScripts(),
            new Command.Noop(null),
            new Command.Noop("x"),
            new Command.SetActive(""),
            new Command.HaveSpace("a b", 99),
            new Command.RenameScript("a\"b", "\u00e9"),
            new Command.Logout());
    assertThat(all("PUTSCRIPT \"a\" {7+}\r\nkeep;\r\n\r\nPUTSCRIPT {1+}\r\nb \"stop;\"\r\n"))
        .extracting(CommandReaderTest::script)
        .containsExactly("a: keep;\r\n", "b: stop;");
  }

  @Test
  void whatIsNoCommandLeavesTheConnectionInStep() throws IOException {
    for (String wrong :
        List.of(
            "",
            "XYZZY",
            "\"NOOP\"",
            "NOOP \"a\" \"b\"",
            "HAVESPACE \"a\"",
            "HAVESPACE \"a\" 99999999999",
            "GETSCRIPT \"a",
            "GETSCRIPT a{1+}\r\nx",
            "GETSCRIPT {1}",
            "GETSCRIPT 1",
            "XYZZY {5+}\r\nNOOP\r",
            "PUTSCRIPT \"a\" \"b\" \"c\" {6+}\r\nNOOP\r\n {6+}\r\nNOOP\r\n")) {
      List<Request> requests = all(wrong + "\r\nLOGOUT\r\n");
      assertThat(requests).as("%s", wrong).hasSize(2);
      assertThat(requests.getFirst()).isInstanceOf(Request.Malformed.class);
      assertThat(requests.getLast()).isEqualTo(new Command.Logout());
    }
  }

  @Test
  void largeStringsAreDroppedAndTold() throws IOException {
    assertThat(all("PUTSCRIPT \"a\" {51+}\r\n" + "x".repeat(51) + "\r\nLOGOUT\r\n"))
        .containsExactly(new Request.TooLarge(), new Command.Logout());
    assertThat(all("PUTSCRIPT \"a\" {16777217+}\r\nNOOP\r\n"))
        .containsExactly(new Request.Fatal("String too large"));
    assertThat(all("PUTSCRIPT \"a\" \"" + "x".repeat(9_000) + "\"\r\nNOOP\r\n"))
        .containsExactly(new Request.Fatal("Line too long"));
  }

  @Test
  void replies() {
    assertThat(new String(Reply.ok("").toWire(), UTF_8)).isEqualTo("OK\r\n");
    assertThat(new String(Reply.no("QUOTA/MAXSIZE", "a \"b\" \\").toWire(), UTF_8))
        .isEqualTo("NO (QUOTA/MAXSIZE) \"a \\\"b\\\" \\\\\"\r\n");
    assertThat(new String(Reply.bye(null, "a\r\nb").toWire(), UTF_8))
        .isEqualTo("BYE {4}\r\na\r\nb\r\n");
  }

  @FuzzTest
  void anyOctets(byte[] octets) throws IOException {
    assertThat(all(octets)).doesNotContainNull();
  }

  @Test
  void noise() throws IOException {
    List<String> words =
        List.of(
            "PUTSCRIPT",
            "AUTHENTICATE",
            "NOOP",
            " ",
            "\"",
            "{3+}",
            "{0+}",
            "{99+}",
            "{",
            "}",
            "\r\n",
            "\n",
            "\\",
            "1",
            "\"a\"",
            "\0",
            "\u00e9",
            "x");
    Random random = new Random(5804);
    for (int round = 0; round < 5_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(30); i > 0; i--) {
        text.append(words.get(random.nextInt(words.size())));
      }
      assertThat(all(text.toString())).doesNotContainNull();
    }
  }
}
