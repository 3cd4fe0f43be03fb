package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import hikyaku.protocol.address.AddressListParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/** Raw octets into everything that takes them. */
class MimeParserFuzzTest {
  @FuzzTest
  void messages(byte[] octets) throws IOException {
    MessageStructure whole = Structures.parse(octets);
    Structures.check(whole, octets, MimeLimits.DEFAULT);
    assertThat(Structures.parseInPieces(octets, MimeLimits.DEFAULT, new Random(1)))
        .isEqualTo(whole);
    new MessageText(whole, MessageOctets.of(octets), MimeLimits.DEFAULT)
        .search(
            new FoldedTexts(List.of(new FoldedText("needle"))).search(), MessageText.Scope.TEXT);
  }

  @FuzzTest
  void headers(byte[] octets) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    HeaderFieldFilter filter = HeaderFieldFilter.not(List.of(), all::write);
    filter.write(octets);
    filter.finish();
    assertThat(all.toByteArray()).isEqualTo(octets);
    for (HeaderField field : HeaderFields.of(octets)) {
      assertThat(field.decoded()).isNotNull();
      AddressListParser.parse(field.value(), 100);
      SentDateParser.parse(field.value());
    }
    EncodedWords.decode(new String(octets, StandardCharsets.ISO_8859_1));
  }
}
