package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.Effort;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecodersTest {
  private record Decoded(String text, boolean damaged) {}

  private static Decoded decode(String encoding, String text, int piece) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TransferDecoder decoder = TransferDecoder.of(encoding, out::write);
    byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
    for (int at = 0; at < octets.length; at += piece) {
      decoder.write(octets, at, Math.min(piece, octets.length - at));
    }
    decoder.finish();
    return new Decoded(out.toString(StandardCharsets.ISO_8859_1), decoder.isDamaged());
  }

  private static void check(String encoding, String text, String decoded, boolean damaged)
      throws IOException {
    String written = text.replace("\\r", "\r").replace("\\n", "\n");
    String expected = decoded.replace("\\r", "\r").replace("\\n", "\n");
    for (int piece : new int[] {1, 2, 3, 5, 1000}) {
      assertThat(decode(encoding, written, piece)).isEqualTo(new Decoded(expected, damaged));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "aGVsbG8gd29ybGQ= | hello world | false",
        "aGVs\\r\\nbG8g\\n d29ybGQ= | hello world | false",
        "aGVsbG8gd28= | hello wo | false",
        "aGVsbA== | hell | false",
        "aGVsbA= | hell | true",
        "aGVsbA | hell | true",
        "aGVsbG8 | hello | true",
        "aGVsb | hel | true",
        "aGVs*bG8= | hello | true",
        "aGVsbA==\\r\\naGVsbA== | hellhell | true",
        "=aGVs | hel | true",
        "aGVs= | hel | true",
        "aGVsbA=== | hell | true",
        "`` | `` | false",
      })
  void base64(String text, String decoded, boolean damaged) throws IOException {
    check("BASE64", text, decoded, damaged);
  }

  @Test
  void base64OfAnyOctets() throws IOException {
    Random random = new Random(1);
    for (int round = 0; round < 300; round++) {
      byte[] octets = new byte[random.nextInt(6000)];
      random.nextBytes(octets);
      String encoded = Base64.getMimeEncoder().encodeToString(octets);
      Decoded decoded = decode("base64", encoded, 1 + random.nextInt(500));
      assertThat(decoded.damaged()).isFalse();
      assertThat(decoded.text().getBytes(StandardCharsets.ISO_8859_1)).isEqualTo(octets);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "a=3Db=\\r\\nc|a=bc|false",
        "a=\\nb|ab|false",
        "a= \t\\r\\nb|ab|false",
        "trail  \t\\r\\nx  |trail\\r\\nx|false",
        "=e4=E4|\u00e4\u00e4|false",
        "a=zz|a=zz|true",
        "a=4z|a=4z|true",
        "a=4|a=4|true",
        "a=|a|false",
        "a= b|a= b|true",
        "\u00e4|\u00e4|true",
        "==41|=A|true",
        "a=\\rb|ab|false",
        "a b  c|a b  c|false",
      })
  void quotedPrintable(String text, String decoded, boolean damaged) throws IOException {
    check("quoted-printable", text, decoded, damaged);
  }

  @Test
  void aLongRunOfSpaceIsNotHeld() throws IOException {
    String spaces = " ".repeat(5000);
    assertThat(decode("quoted-printable", "a" + spaces + "b", 7).text())
        .isEqualTo("a" + spaces + "b");
  }

  @Test
  void otherEncodings() throws IOException {
    assertThat(decode("8bit", "a=3D \r\n", 2).text()).isEqualTo("a=3D \r\n");
    assertThat(TransferDecoder.isKnown("Quoted-Printable")).isTrue();
    assertThat(TransferDecoder.isKnown("x-uuencode")).isFalse();
  }

  /** The table of RFC 2047 §8, and what is seen in practice. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "(=?ISO-8859-1?Q?a?=) | (a)",
        "(=?ISO-8859-1?Q?a?= b) | (a b)",
        "(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=) | (ab)",
        "(=?ISO-8859-1?Q?a?=    =?ISO-8859-1?Q?b?=) | (ab)",
        "(=?ISO-8859-1?Q?a_b?=) | (a b)",
        "(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=) | (a b)",
        "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= | Keld Jørn Simonsen",
        "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?="
            + " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?= | If you can read this you"
            + " understand the example.",
        "=?utf-8?B?w6Q?= | ä",
        "=?utf-8?B?4oI=?= =?UTF-8?Q?=AC?= | €",
        "=?utf-8?Q?=E2=82?=   =?utf-8?B?rA==?= | €",
        "=?utf-8?q?with space?= | with space",
        "=?utf-8*en?Q?lang?= | lang",
        "x=?utf-8?Q?glued?=y | xgluedy",
        "=?utf-8?Q?a?==?utf-8?Q?b?= | ab",
        "=?bogus-set?Q?caf=C3=A9?= | café",
        "=?unknown-8bit?Q?caf=E9?= | café",
        "=?utf-8?X?no?= | =?utf-8?X?no?=",
        "=?utf-8?Q?no end | =?utf-8?Q?no end",
        "=?=?utf-8?Q?a?= | =?a",
        "=?utf-8?Q?bad=ZZ=4?= | bad=ZZ=4",
        "=?utf-8?Q?=?= | =",
        "=?ISO-2022-JP?B?GyRCJCIkJBsoQg==?= | あい",
        "=?ISO-2022-JP?B?GyRCJCI=?= =?ISO-2022-JP?B?JCQbKEI=?= | あい",
        "=?gb2312?B?xOO6ww==?= | 你好",
        "=?koi8-r?B?8NLJ18XU?= | Привет",
        "=?windows-1251?Q?=CF=F0=E8?= | При",
        "=?utf-7?Q?Hi_Mom_+Jjo-!?= | Hi Mom ☺!",
        "caf\u00e9 | café",
        "caf\u00c3\u00a9 \u00e9 | café é",
      })
  void encodedWords(String written, String decoded) {
    assertThat(EncodedWords.decode(written)).isEqualTo(decoded);
  }

  @Test
  void hostileEncodedWordsTakeLinearTime() {
    for (String morsel : new String[] {"=?", "=?a?q?", "=?a?q?x", "?=", "=?a?b?YQ==?= "}) {
      String text = morsel.repeat(60_000);
      Effort.isBounded(morsel, () -> assertThat(EncodedWords.decode(text)).isNotNull());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ks_c_5601-1987,x-windows-949",
    "GB2312,GB18030",
    "Shift_JIS,windows-31j",
    "x-sjis,windows-31j",
    "ISO-8859-1,windows-1252",
    "'\"UTF-8\"',UTF-8",
    "cp-850,IBM850",
    "windows1250,windows-1250",
    "unknown-8bit,x-hikyaku-undeclared",
    "us-ascii,x-hikyaku-undeclared",
    "euc-jp,x-eucJP-Open",
    "iso-2022-jp,x-windows-50221",
    "koi8-r,KOI8-R",
    "utf-7,x-hikyaku-utf-7",
  })
  void charsetsByTheirNamesInMail(String name, String charset) {
    assertThat(Charsets.lookup(name).orElseThrow().name()).isEqualToIgnoringCase(charset);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bogus",
        "utf-8 utf-8",
        "\u00e4",
        "no-such-set-of-characters-anywhere-and-a-name-far-too-long-to-be-one"
      })
  void unknownCharsets(String name) {
    assertThat(Charsets.lookup(name)).isEmpty();
  }

  @Test
  void japaneseOfTheVendors() {
    byte[] halfWidth = {0x1b, '(', 'I', 0x31, 0x32, 0x1b, '(', 'B'};
    assertThat(Charsets.decode(halfWidth, Charsets.lookup("iso-2022-jp").orElseThrow()))
        .isEqualTo("ｱｲ");
    byte[] circledOne = {0x1b, '$', 'B', 0x2d, 0x21, 0x1b, '(', 'B'};
    assertThat(Charsets.decode(circledOne, Charsets.lookup("iso-2022-jp").orElseThrow()))
        .isEqualTo("①");
    assertThat(
            Charsets.decode(
                new byte[] {(byte) 0x87, 0x40}, Charsets.lookup("shift_jis").orElseThrow()))
        .isEqualTo("①");
    assertThat(
            Charsets.decode(
                new byte[] {(byte) 0xad, (byte) 0xa1}, Charsets.lookup("euc-jp").orElseThrow()))
        .isEqualTo("①");
  }

  /** Any octets in any character set give text and no exception, and pieces change nothing. */
  @Test
  void anyOctetsDecode() {
    for (String name : Charset.availableCharsets().keySet()) {
      Random random = new Random(name.hashCode());
      Charset charset = Charset.forName(name);
      for (int round = 0; round < 20; round++) {
        byte[] octets = new byte[random.nextInt(60)];
        random.nextBytes(octets);
        if (octets.length > 3 && round % 2 == 0) {
          octets[0] = 0x1b;
          octets[1] = '$';
        }
        assertThat(Charsets.decode(octets, charset)).as(name).isNotNull();
        assertThat(Charsets.decodeBeginning(octets, octets.length, charset)).as(name).isNotNull();
      }
    }
  }

  @Test
  void undeclaredTextIsUtf8WhereItCanBe() {
    Random random = new Random(5);
    for (int round = 0; round < 5000; round++) {
      byte[] octets = new byte[random.nextInt(12)];
      for (int at = 0; at < octets.length; at++) {
        int[] leads = {'a', 0x80, 0xbf, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f, 0xff};
        octets[at] = (byte) leads[random.nextInt(leads.length)];
      }
      assertThat(Charsets.decode(octets, Charsets.UNDECLARED))
          .as(Arrays.toString(octets))
          .isEqualTo(naive(octets));
    }
  }

  /** The same rule, told sequence by sequence with the platform's strict decoder. */
  private static String naive(byte[] octets) {
    StringBuilder text = new StringBuilder();
    int at = 0;
    while (at < octets.length) {
      int length = 4;
      String sequence = null;
      while (length > 0 && sequence == null) {
        if (at + length <= octets.length) {
          String candidate = new String(octets, at, length, StandardCharsets.UTF_8);
          boolean one = candidate.codePointCount(0, candidate.length()) == 1;
          sequence = one && !candidate.equals("\ufffd") ? candidate : null;
        }
        length--;
      }
      length++;
      if (sequence == null) {
        sequence = new String(octets, at, 1, Charset.forName("windows-1252"));
        sequence =
            sequence.equals("\ufffd") ? String.valueOf((char) (octets[at] & 0xff)) : sequence;
        length = 1;
      }
      text.append(sequence);
      at += length;
    }
    return text.toString();
  }
}
