package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeaderFieldsTest {
  private static final String HEADER =
      "Received: a\r\n\tb\r\nSUBJECT : =?utf-8?Q?=C3=A4?=\r\n folded\r\njunk line\r\n more junk\r\n"
          + "X-Empty:\r\nsubject:second\r\n\r\n";

  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String text(byte[] octets) {
    return new String(octets, StandardCharsets.ISO_8859_1);
  }

  private static String filter(byte[] header, List<String> names, boolean not, Random random)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    HeaderFieldFilter filter =
        not ? HeaderFieldFilter.not(names, out::write) : HeaderFieldFilter.only(names, out::write);
    int at = 0;
    while (at < header.length) {
      int piece = Math.min(header.length - at, 1 + random.nextInt(30));
      filter.write(header, at, piece);
      at += piece;
    }
    filter.finish();
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  @Test
  void fieldsInOrder() {
    HeaderFields fields = HeaderFields.of(octets(HEADER));
    assertThat(fields.all())
        .extracting(HeaderField::name)
        .containsExactly("Received", "SUBJECT", "", "X-Empty", "subject");
    assertThat(fields.named("Subject")).hasSize(2);
    HeaderField subject = fields.first("subject").orElseThrow();
    assertThat(subject.value()).isEqualTo("=?utf-8?Q?=C3=A4?= folded");
    assertThat(subject.decoded()).isEqualTo("ä folded");
    assertThat(text(fields.octets(subject)))
        .isEqualTo("SUBJECT : =?utf-8?Q?=C3=A4?=\r\n folded\r\n");
    assertThat(HEADER.substring(subject.valueStart())).startsWith(" =?utf-8");
    assertThat(fields.first("nothing")).isEmpty();
  }

  @Test
  void namedFieldsOctetForOctet() throws IOException {
    Random random = new Random(1);
    byte[] header = octets(HEADER);
    assertThat(filter(header, List.of("Subject", "x-EMPTY"), false, random))
        .isEqualTo("SUBJECT : =?utf-8?Q?=C3=A4?=\r\n folded\r\nX-Empty:\r\nsubject:second\r\n\r\n");
    assertThat(filter(header, List.of("Subject", "x-EMPTY"), true, random))
        .isEqualTo("Received: a\r\n\tb\r\njunk line\r\n more junk\r\n\r\n");
    assertThat(filter(header, List.of("nothing"), false, random)).isEqualTo("\r\n");
    assertThat(filter(header, List.of("nothing"), true, random)).isEqualTo(HEADER);
  }

  @Test
  void aContinuationOfNothingIsAFieldWithoutName() throws IOException {
    byte[] header = octets("\tlost\r\nA: b\r\n\r\n");
    assertThat(filter(header, List.of("a"), true, new Random(1))).isEqualTo("\tlost\r\n\r\n");
    assertThat(filter(header, List.of("a"), false, new Random(1))).isEqualTo("A: b\r\n\r\n");
    assertThat(HeaderFields.of(header).all())
        .extracting(HeaderField::name)
        .containsExactly("", "A");
  }

  /** The stream and the block agree, and every octet is in exactly one of the two answers. */
  @Test
  void filterAndBlockAgree() throws IOException {
    List<Corpus.Message> corpus = Corpus.all();
    for (int seed = 0; seed < 1500; seed++) {
      Random random = new Random(seed);
      Corpus.Message message = corpus.get(random.nextInt(corpus.size()));
      byte[] octets = message.octets();
      if (octets.length > 20_000) {
        continue;
      }
      if (seed % 3 != 0) {
        octets = Mutations.spoil(octets, corpus, random);
      }
      MimePart root = Structures.parse(octets).root();
      byte[] header = Arrays.copyOf(octets, (int) root.bodyStart());
      List<String> names = List.of("Received", "SUBJECT", "content-type", "To");
      HeaderFields fields = HeaderFields.of(header);
      StringBuilder named = new StringBuilder();
      StringBuilder others = new StringBuilder();
      int end = 0;
      for (HeaderField field : fields) {
        assertThat(field.start()).as("seed %d %s", seed, message).isEqualTo(end);
        end = field.end();
        (names.stream().anyMatch(field::is) ? named : others).append(text(fields.octets(field)));
      }
      String emptyLine = text(header).substring(end);
      assertThat(emptyLine).as("seed %d %s", seed, message).matches("|\r\n|\n|\r");
      assertThat(filter(header, names, false, random))
          .as("seed %d %s", seed, message)
          .isEqualTo(named + emptyLine);
      assertThat(filter(header, names, true, random))
          .as("seed %d %s", seed, message)
          .isEqualTo(others + emptyLine);
    }
  }

  @Test
  void aLineWithoutEndIsNotHeld() throws IOException {
    long[] passed = {0};
    HeaderFieldFilter filter =
        HeaderFieldFilter.not(List.of("a"), (octets, offset, length) -> passed[0] += length);
    byte[] piece = octets("x".repeat(100_000));
    for (int i = 0; i < 100; i++) {
      filter.write(piece);
    }
    filter.finish();
    assertThat(passed[0]).isEqualTo(10_000_000L);
  }
}
