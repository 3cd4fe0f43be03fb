package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.mime.MessageText.Scope;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MessageTextTest {
  private static boolean has(byte[] octets, String wanted, Scope scope) throws IOException {
    MessageOctets whole = MessageOctets.of(octets);
    // As a store does it: fewer octets than asked for.
    MessageOctets meagre =
        (at, to, offset, length) -> whole.read(at, to, offset, Math.min(length, 7));
    MessageStructure structure = Structures.parse(octets);
    FoldedTexts texts =
        new FoldedTexts(List.of(new FoldedText("not in it"), new FoldedText(wanted)));
    FoldedTexts.Search search = texts.search();
    new MessageText(structure, whole, MimeLimits.DEFAULT).search(search, scope);
    FoldedTexts.Search again = texts.search();
    new MessageText(structure, meagre, MimeLimits.DEFAULT).search(again, scope);
    assertThat(again.found()).isEqualTo(search.found());
    assertThat(search.found().get(0)).isFalse();
    return search.found().get(1);
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
          .isEqualTo(decomposed(text).contains(decomposed(wanted)));
    }
  }

  /** A letter stands before its accent, so that one without the accent is found at its place. */
  private static String decomposed(String text) {
    return Normalizer.normalize(text.toLowerCase(Locale.ROOT), Normalizer.Form.NFKD);
  }

  @Test
  void manyAreFoundAsEachAlone() {
    long seed = 5;
    Random random = new Random(seed);
    for (int round = 0; round < 5_000; round++) {
      List<String> wanted = Stream.generate(() -> word(random, 4)).limit(8).toList();
      FoldedTexts.Search search =
          new FoldedTexts(wanted.stream().map(FoldedText::new).toList()).search();
      List<String> texts = Stream.generate(() -> word(random, 12)).limit(3).toList();
      texts.forEach(text -> {
        search.begin();
        int middle = text.length() / 2;
        search.text(text.substring(0, middle));
        search.text(text.substring(middle));
      });
      for (int index = 0; index < wanted.size(); index++) {
        FoldedText alone = new FoldedText(wanted.get(index));
        assertThat(search.found().get(index))
            .as("seed %d: %s in %s", seed, wanted.get(index), texts)
            .isEqualTo(texts.stream().anyMatch(alone::isIn));
      }
      assertThat(search.isOver()).isEqualTo(search.found().cardinality() == wanted.size());
    }
  }

  /** Strings that end in each other, and a text in which all of them end everywhere. */
  @Test
  void eachIsReportedOnce() {
    List<FoldedText> wanted = new ArrayList<>();
    for (int length = 1; length <= 2_000; length++) {
      wanted.add(new FoldedText("a".repeat(length)));
    }
    wanted.add(new FoldedText("b"));
    FoldedTexts.Search search = new FoldedTexts(wanted).search();
    search.text("a".repeat(1_000_000));
    assertThat(search.found().cardinality()).isEqualTo(2_000);
    assertThat(search.isOver()).isFalse();
    search.text("B");
    assertThat(search.isOver()).isTrue();
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
