package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CasemapTest {
  @Test
  void caseAndCompositionDoNotMatter() {
    assertThat(Casemap.fold("Grün 1"))
        .isEqualTo("GRU\u0308N 1")
        .isEqualTo(Casemap.fold("gRU\u0308N 1"));
    assertThat(Casemap.fold("ｱﾊﾟｰﾄ ＡＢ ㍿")).isEqualTo(Casemap.fold("アパート ab 株式会社"));
    assertThat(Casemap.fold("ǆ")).isEqualTo(Casemap.fold("Ǆ")).isEqualTo(Casemap.fold("ǅ"));
  }

  @Test
  void whatHasNoOtherFormStays() {
    String plain = "漢字 한글 \uD83D\uDE00 \uD800";
    assertThat(Casemap.fold(plain)).isEqualTo(plain);
  }

  /** They do not go by the table. */
  @Test
  void charactersOfAsciiAreFoldedAsTheTableSays() {
    for (int character = 0; character < 128; character++) {
      int[] mapped = Casemap.map(character);
      String expected =
          mapped == null ? Character.toString(character) : new String(mapped, 0, mapped.length);
      assertThat(Casemap.fold("a" + Character.toString(character))).isEqualTo("A" + expected);
    }
  }
}
