package hikyaku.protocol.imap;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MailboxNamesTest {
  @Test
  void whatIsANameComesBackFromBothEncodings() {
    long seed = 1730;
    Random random = new Random(seed);
    int names = 0;
    for (int turn = 0; turn < 20_000; turn++) {
      StringBuilder name = new StringBuilder();
      for (int at = random.nextInt(9); at > 0; at--) {
        name.appendCodePoint(anyCodePoint(random));
      }
      names += comesBackIfItIsAName(name.toString()) ? 1 : 0;
    }
    assertThat(names).as("seed %d", seed).isBetween(5_000, 19_000);
  }

  /** Of every length in UTF-8 and UTF-16, control characters and line separators among them. */
  private static int anyCodePoint(Random random) {
    return switch (random.nextInt(8)) {
      case 0, 1, 2 -> random.nextInt(0x20, 0x7f);
      case 3 -> "&-,+/%*\"\\".charAt(random.nextInt(9));
      case 4 -> random.nextInt(0xa0, 0x800);
      case 5 -> random.nextInt(0x800, 0xd800);
      case 6 -> random.nextInt(Character.MIN_SUPPLEMENTARY_CODE_POINT, Character.MAX_CODE_POINT);
      default ->
          switch (random.nextInt(5)) {
            case 0 -> random.nextInt(0x20);
            case 1 -> random.nextInt(0x7f, 0xa0);
            case 2 -> random.nextInt(0x2028, 0x202a);
            default -> random.nextInt(0xe000, 0x10000);
          };
    };
  }

  private static boolean comesBackIfItIsAName(String name) {
    boolean strange =
        name.codePoints().anyMatch(c -> Character.isISOControl(c) || c == 0x2028 || c == 0x2029);
    for (boolean utf8 : new boolean[] {false, true}) {
      String octets = MailboxNames.encode(name, utf8);
      String decoded = MailboxNames.decode(octets, utf8);
      if (decoded != null && !decoded.equals(MailboxNames.INBOX)) {
        assertThat(decoded).isEqualTo(name);
      }
      assertThat(decoded == null).as("%s", octets).isEqualTo(strange);
    }
    return !strange;
  }

  @Test
  void whatDecodesEncodesToTheSameOctets() {
    long seed = 20240229;
    Random random = new Random(seed);
    String alphabet = "&-,+/=AaBU,BTFw2DaQ \"é";
    int names = 0;
    for (int turn = 0; turn < 300_000; turn++) {
      StringBuilder octets = new StringBuilder();
      for (int at = random.nextInt(9); at >= 0; at--) {
        octets.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      String name = MailboxNames.decode(octets.toString(), false);
      if (name != null) {
        names++;
        assertThat(MailboxNames.encode(name, false))
            .as("seed " + seed)
            .isEqualTo(octets.toString());
      }
    }
    assertThat(names).isGreaterThan(1000);
  }

  @Test
  void knownNames() {
    assertThat(MailboxNames.decode("~peter/mail/&U,BTFw-/&ZeVnLIqe-", false))
        .isEqualTo("~peter/mail/台北/日本語");
    assertThat(MailboxNames.encode("Entwürfe & mehr 😀", false))
        .isEqualTo("Entw&APw-rfe &- mehr &2D3eAA-");
    assertThat(MailboxNames.encode("ü", true))
        .isEqualTo(new String("ü".getBytes(UTF_8), ISO_8859_1));
    assertThat(MailboxNames.decode("iNbOx", true)).isEqualTo("INBOX");
    assertThat(MailboxNames.decode("half a pair &2AA-", false)).isNull();
    assertThat(MailboxNames.decode("half a pair \u00ed\u00a0\u0080", true)).isNull();
  }

  @Test
  void patternsMatchAsRegularExpressionsDo() {
    long seed = 99;
    Random random = new Random(seed);
    String letters = "ab/%*";
    int matches = 0;
    for (int turn = 0; turn < 100_000; turn++) {
      String pattern = any(random, letters, 6);
      String name = any(random, "ab/", 8);
      String regex = pattern.replace("*", ".*").replace("%", "[^/]*");
      boolean expected = Pattern.matches(regex, name);
      assertThat(new MailboxNames.Pattern(pattern, '/').matches(name))
          .as("seed %d: %s with %s", seed, pattern, name)
          .isEqualTo(expected);
      matches += expected ? 1 : 0;
    }
    assertThat(matches).isGreaterThan(1000);
  }

  private static String any(Random random, String letters, int longest) {
    StringBuilder text = new StringBuilder();
    for (int at = random.nextInt(longest + 1); at > 0; at--) {
      text.append(letters.charAt(random.nextInt(letters.length())));
    }
    return text.toString();
  }

  @Test
  void inboxMatchesInAnyCase() {
    assertThat(new MailboxNames.Pattern("inb%", '/').matches("INBOX")).isTrue();
    assertThat(new MailboxNames.Pattern("%box/*", '/').matches("INBOX/a")).isTrue();
    assertThat(new MailboxNames.Pattern("inbox/A", '/').matches("INBOX/a")).isFalse();
    assertThat(new MailboxNames.Pattern("inboxes", '/').matches("INBOXES")).isFalse();
  }

  @Test
  void manyWildcardsTakeNoLongerThanTheProductOfTheLengths() {
    String name = "a".repeat(1000);
    assertThat(new MailboxNames.Pattern("*a".repeat(1000) + "b", '/').matches(name)).isFalse();
    assertThat(new MailboxNames.Pattern("%a".repeat(1000), '/').matches(name)).isTrue();
  }
}
