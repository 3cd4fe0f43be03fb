package hikyaku.protocol.imap;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.SplitSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The tables of commands: what is sent stands behind {@code >}, what came of each command behind
 * {@code =}. {@code ¶} is CRLF, {@code ‹7F00›} octets in hexadecimal; {@code @} sets the mode.
 */
class CommandTableTest {
  record Case(String file, int line, CommandReader.Mode mode, String sent, List<String> told) {
    @Override
    public String toString() {
      return file + ":" + line + " " + sent;
    }
  }

  static Stream<Case> cases() throws IOException {
    List<Case> cases = new ArrayList<>();
    for (String file : List.of("commands.txt", "broken.txt", "literals.txt")) {
      cases.addAll(cases(file));
    }
    return cases.stream();
  }

  private static Collection<Case> cases(String file) throws IOException {
    List<Case> cases = new ArrayList<>();
    CommandReader.Mode mode = new CommandReader.Mode(true, false);
    String text;
    try (InputStream in = CommandTableTest.class.getResourceAsStream(file)) {
      text = new String(in.readAllBytes(), UTF_8);
    }
    int number = 0;
    for (String line : text.split("\n")) {
      number++;
      if (line.startsWith("> ")) {
        cases.add(new Case(file, number, mode, line.substring(2), new ArrayList<>()));
      } else if (line.startsWith("= ")) {
        cases.getLast().told().add(line.substring(2));
      } else if (line.startsWith("@ ")) {
        mode = new CommandReader.Mode(!line.contains("anonymous"), line.contains("utf8"));
      } else if (!line.isEmpty() && !line.startsWith("#")) {
        throw new IOException("not a line of a table: " + line);
      }
    }
    return cases;
  }

  static byte[] octets(String sent) {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    for (int at = 0; at < sent.length(); at++) {
      char c = sent.charAt(at);
      if (c == '‹') {
        int end = sent.indexOf('›', at);
        octets.writeBytes(HexFormat.of().parseHex(sent, at + 1, end));
        at = end;
      } else {
        octets.writeBytes((c == '¶' ? "\r\n" : String.valueOf(c)).getBytes(UTF_8));
      }
    }
    return octets.toByteArray();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void readsAsTheTableSays(Case expected) throws IOException {
    byte[] octets = octets(expected.sent() + "¶");
    List<String> told = Sessions.read(OctetSource.of(octets), expected.mode());
    if (told.getLast().equals("End")) {
      told.removeLast();
    }
    assertThat(told).isEqualTo(expected.told());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void howItArrivesDoesNotMatter(Case any) throws IOException {
    byte[] octets = octets(any.sent() + "¶");
    List<String> whole = Sessions.read(OctetSource.of(octets), any.mode());
    assertThat(Sessions.read(SplitSource.octetByOctet(octets), any.mode())).isEqualTo(whole);
    for (int split = 1; split < octets.length; split++) {
      assertThat(Sessions.read(SplitSource.twoPieces(octets, split), any.mode())).isEqualTo(whole);
    }
  }

  @Test
  void everyCommandHasACase() throws IOException {
    String sent =
        String.join("\n", cases().map(Case::sent).toList()).toUpperCase(java.util.Locale.ROOT);
    assertThat(CommandParser.names()).allSatisfy(name -> assertThat(sent).contains(" " + name));
  }
}
