package hikyaku.server.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Canonical forms in one pass, against the rules of RFC 6376 §3.4 spelt out on the whole. */
class RelaxedFuzzTest {
  private static final String[] WORDS = {
    "\r\n", "\r\n", "\r", "\n", " ", "\t", " \r\n", "\r\n ", ":", "a", "From:", "\0", "\u00e9", "bc"
  };

  @Test
  void messages() {
    Random random = new Random(6376);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int words = random.nextInt(40); words > 0; words--) {
        text.append(WORDS[random.nextInt(WORDS.length)]);
      }
      message(text.toString().getBytes(ISO_8859_1), random);
    }
    message(new byte[SignedMessage.LONGEST_HEADER], random);
    message(new byte[SignedMessage.LONGEST_HEADER + 1], random);
  }

  private static void message(byte[] octets, Random random) {
    String text = "\r\n" + new String(octets, ISO_8859_1);
    int end = text.indexOf("\r\n\r\n");
    String body = end < 0 ? "" : text.substring(end + 4);
    SignedMessage message = new SignedMessage();
    for (int from = 0; from < octets.length; ) {
      int length = Math.min(octets.length - from, 1 + random.nextInt(7));
      message.write(octets, from, length);
      from += length;
    }
    assertThat(message.bodyHash())
        .isEqualTo(Algorithm.sha256().digest(relaxed(body).getBytes(ISO_8859_1)));
    Optional<List<HeaderField>> fields = message.fields();
    assertThat(fields.isEmpty()).isEqualTo(octets.length > SignedMessage.LONGEST_HEADER);
    for (HeaderField field : fields.orElse(List.of())) {
      assertThat(field.relaxed())
          .isEqualTo(
              field.name()
                  + ":"
                  + field
                      .value()
                      .replace("\r\n", "")
                      .replaceAll("[ \t]+", " ")
                      .replaceAll("\\A | \\z", ""));
    }
    List<String> names = Signature.names(fields.orElse(List.of()));
    Signature.input(fields.orElse(List.of()), names, new HeaderField("s", "b="));
  }

  private static String relaxed(String body) {
    String lines =
        body.replaceAll("[ \t]+", " ").replaceAll(" (?=\r\n)", "").replaceAll(" \\z", "");
    String trimmed = lines.replaceAll("(\r\n)+\\z", "");
    return trimmed.isEmpty() ? "" : trimmed + "\r\n";
  }

  @Test
  void brokenKeysAreRefusedWithoutAWordOfThem() {
    Random random = new Random(8463);
    for (int i = 0; i < 2_000; i++) {
      StringBuilder text = new StringBuilder(SignatureTest.RSA_KEY);
      for (int changes = 1 + random.nextInt(5); changes > 0; changes--) {
        text.setCharAt(random.nextInt(text.length()), (char) random.nextInt(128));
      }
      try {
        assertThat(KeyMaterial.read(text.toString()).publicKey().isEmpty()).isFalse();
      } catch (DkimException refused) {
        assertThat(refused).hasNoCause();
        assertThat(refused.getMessage()).hasSizeLessThan(100);
      }
    }
  }
}
