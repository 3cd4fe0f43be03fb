package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.mime.MessageText.Scope;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MessageTextTest {
  private static boolean has(byte[] octets, String wanted, Scope scope) throws IOException {
    MessageOctets whole = MessageOctets.of(octets);
    // As a store does it: fewer octets than asked for.
    MessageOctets meagre =
        (at, to, offset, length) -> whole.read(at, to, offset, Math.min(length, 7));
    MessageStructure structure = Structures.parse(octets);
    FoldedText text = new FoldedText(wanted);
    boolean found = new MessageText(structure, whole, MimeLimits.DEFAULT).contains(text, scope);
    assertThat(new MessageText(structure, meagre, MimeLimits.DEFAULT).contains(text, scope))
        .isEqualTo(found);
    return found;
  }

  private static final String MESSAGE =
      "Subject: =?iso-8859-1?Q?Gr=FC=DFe?= aus K\u00c3\u00b6ln\r\n"
          + "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
          + "--b\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n"
          + "Content-Transfer-Encoding: base64\r\n\r\n"
          + Base64.getMimeEncoder()
              .encodeToString("テキスト検索".getBytes(Charset.forName("ISO-2022-JP")))
          + "\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
          + "Content-Transfer-Encoding: quoted-printable\r\n\r\nSTRA=\r\n=C3=9FE =C3=84RGER\r\n"
          + "--b\r\nContent-Type: application/pdf; name*=utf-8''%E6%9D%B1%E4%BA%AC.pdf\r\n"
          + "Content-Description: descript\r\n\r\nbinarytext\r\n"
          + "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner subject\r\n\r\ninner body\r\n"
          + "--b--\r\nepilogue";

  @Test
  void findsDecodedText() throws IOException {
    byte[] octets = MESSAGE.getBytes(StandardCharsets.ISO_8859_1);
    for (Scope scope : Scope.values()) {
      assertThat(has(octets, "キスト検", scope)).isTrue();
      assertThat(has(octets, "straße ärger", scope)).isTrue();
      assertThat(has(octets, "INNER SUBJECT", scope)).isTrue();
      assertThat(has(octets, "Inner Body", scope)).isTrue();
      assertThat(has(octets, "", scope)).isTrue();
      assertThat(has(octets, "binarytext", scope)).isFalse();
      assertThat(has(octets, "bodyinner", scope)).isFalse();
    }
    for (String header : new String[] {"GRÜßE AUS köln", "東京.pdf", "DESCRIPT", "subject: gr"}) {
      assertThat(has(octets, header, Scope.TEXT)).as(header).isTrue();
      assertThat(has(octets, header, Scope.BODY)).as(header).isFalse();
    }
    MessageText text =
        new MessageText(Structures.parse(octets), MessageOctets.of(octets), MimeLimits.DEFAULT);
    assertThat(text.headerContains("SUBJECT", new FoldedText("grüße"))).isTrue();
    assertThat(text.headerContains("subject", new FoldedText("inner"))).isFalse();
    assertThat(text.headerContains("subject", new FoldedText(""))).isTrue();
    assertThat(text.headerContains("x-none", new FoldedText(""))).isFalse();
  }

  @Test
  void findsAtAnyPlaceOfALargeBody() throws IOException {
    String needle = "aabaabaac";
    for (int place : new int[] {0, 1, 4090, 4095, 8191, 8192, 8193, 16_380, 39_000, 99_990}) {
      StringBuilder body = new StringBuilder("aab".repeat(33_334));
      body.replace(place, place + needle.length(), needle);
      byte[] octets = ("Subject: s\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII);
      assertThat(has(octets, "AABAABAAC", Scope.BODY)).as("at %d", place).isTrue();
    }
    byte[] octets =
        ("Subject: s\r\n\r\n" + "aab".repeat(33_334)).getBytes(StandardCharsets.US_ASCII);
    assertThat(has(octets, needle, Scope.BODY)).isFalse();
  }

  @Test
  void foldedTextIsFoundAsANaiveSearchFindsIt() {
    Random random = new Random(3);
    for (int round = 0; round < 20_000; round++) {
      String text = word(random, 12);
      String wanted = word(random, 4);
      assertThat(new FoldedText(wanted).isIn(text))
          .as("%s in %s", wanted, text)
          .isEqualTo(text.toLowerCase(Locale.ROOT).contains(wanted.toLowerCase(Locale.ROOT)));
    }
  }

  private static String word(Random random, int longest) {
    StringBuilder word = new StringBuilder();
    int length = random.nextInt(longest);
    for (int at = 0; at < length; at++) {
      word.append(new String[] {"a", "A", "ä", "Ä", "\ud83d\ude00"}[random.nextInt(5)]);
    }
    return word.toString();
  }
}
