package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import hikyaku.protocol.Effort;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Messages made to hurt. */
class MimeLimitsTest {
  private static MessageStructure parse(String text) {
    byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
    MessageStructure structure = Structures.parse(octets);
    Structures.check(structure, octets, MimeLimits.DEFAULT);
    return structure;
  }

  private static int depth(MimePart part) {
    return 1 + part.children().stream().mapToInt(MimeLimitsTest::depth).max().orElse(0);
  }

  @Test
  void multipartsNestedWithoutEnd() {
    String text =
        IntStream.range(0, 5000)
            .mapToObj(i -> "Content-Type: multipart/mixed; boundary=b" + i + "\n\n--b" + i + "\n")
            .collect(Collectors.joining());
    MessageStructure structure = parse(text);
    assertThat(structure.limitReached()).isTrue();
    assertThat(depth(structure.root())).isEqualTo(MimeLimits.DEFAULT.depth() + 1);
  }

  @Test
  void messagesNestedWithoutEnd() {
    MessageStructure structure = parse("Content-Type: message/rfc822\n\n".repeat(5000));
    assertThat(structure.limitReached()).isTrue();
    assertThat(depth(structure.root())).isEqualTo(MimeLimits.DEFAULT.depth() + 1);
  }

  @Test
  void partsWithoutNumber() {
    MessageStructure structure =
        parse("Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n".repeat(10_000));
    assertThat(structure.limitReached()).isTrue();
    List<MimePart> parts = structure.root().children();
    assertThat(parts).hasSize(MimeLimits.DEFAULT.parts() - 1);
    assertThat(parts.getLast().bodyEnd()).isEqualTo(structure.size());
  }

  @Test
  void asManyPartsAsAllowed() {
    MessageStructure structure =
        parse(
            "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n".repeat(1999) + "--b--");
    assertThat(structure.limitReached()).isFalse();
    assertThat(structure.root().children().getLast().bodySize()).isEqualTo(1);
  }

  @Test
  void addressesWithoutNumber() {
    MessageStructure structure = parse("To: " + "a@b,".repeat(15_000) + "\n\n");
    assertThat(structure.limitReached()).isTrue();
    assertThat(structure.envelope().to()).hasSize(MimeLimits.DEFAULT.addresses());
  }

  @Test
  void fieldsWithoutEndOrNumber() {
    assertThat(parse("Subject: " + "x".repeat(200_000) + "\n\n").envelope().subject())
        .hasSize(MimeLimits.DEFAULT.fieldOctets() - "Subject: ".length());
    assertThat(parse("Subject: a\n" + " b\n".repeat(100_000) + "\n").limitReached()).isTrue();
    assertThat(parse("X: y\n".repeat(100_000) + "Subject: s\n\n").envelope().subject()).isNull();
    assertThat(parse("Received: y\n".repeat(100_000) + "\n").receivedFields())
        .isEqualTo(MimeLimits.DEFAULT.headerFields());
    MessageStructure kept =
        parse(
            "Content-Type: multipart/mixed; boundary=b\n\n"
                + ("--b\nContent-Description: " + "d".repeat(60_000) + "\n\n").repeat(20));
    assertThat(kept.limitReached()).isTrue();
    assertThat(
            kept.root().children().stream()
                .mapToInt(part -> part.description() == null ? 0 : part.description().length())
                .sum())
        .isBetween(200_000, MimeLimits.DEFAULT.headerOctets());
  }

  @Test
  void referencesKeepTheFirstAndTheLast() {
    String ids =
        IntStream.range(0, 1000).mapToObj(i -> "<" + i + "@x>").collect(Collectors.joining(" "));
    List<String> references = parse("References: " + ids + "\n\n").references();
    assertThat(references).hasSize(200).startsWith("<0@x>").endsWith("<998@x>", "<999@x>");
  }

  @Test
  void hostileMessagesTakeLinearTime() {
    String nested =
        IntStream.range(0, 49)
            .mapToObj(i ->
                "Content-Type: multipart/mixed; boundary="
                    + "a".repeat(900)
                    + i
                    + "\n\n--"
                    + "a".repeat(900)
                    + i
                    + "\n")
            .collect(Collectors.joining());
    List<String> messages =
        List.of(
            nested + ("--" + "a".repeat(899) + "\n").repeat(4000),
            "Content-Type: text/plain; " + "a*0=b;".repeat(600_000) + "\n\n",
            "Content-Type: text/plain; " + "(".repeat(3_000_000) + "\n\n",
            "References: " + "<".repeat(3_000_000) + ">\n\n",
            "References: " + "<a".repeat(30_000) + ">".repeat(3000) + "\n\n",
            "Date: " + "(1:".repeat(1_000_000) + "\n\n",
            "Subject: x\n" + " ".repeat(3_000_000) + "\n\n",
            "Content-Type: text/html\n\n" + "<style".repeat(500_000),
            "Content-Type: text/html\n\n" + "<!--".repeat(500_000),
            "Content-Type: text/html\n\n" + "<style></".repeat(500_000),
            "Content-Type: multipart/mixed; boundary=b\n\n" + "--".repeat(2_000_000),
            "\r".repeat(3_000_000),
            ":\n".repeat(1_500_000));
    for (String message : messages) {
      byte[] octets = message.getBytes(StandardCharsets.ISO_8859_1);
      Effort.isBounded(
          message.substring(0, 100),
          () -> assertThatCode(() -> Structures.parse(octets)).doesNotThrowAnyException());
    }
  }

  @Test
  void anEndlessBodyIsNotHeld() {
    byte[] piece = "--x\r\nhello hello hello\r\n".repeat(2000).getBytes(StandardCharsets.US_ASCII);
    MimeParser parser = new MimeParser();
    parser.write(
        "Content-Type: multipart/mixed; boundary=y\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    Effort.isBounded(
        "a body without end",
        () -> {
          for (int i = 0; i < 2000; i++) {
            parser.write(piece);
          }
          assertThat(parser.finish().size()).isEqualTo(45 + 2000L * piece.length);
        });
  }
}
