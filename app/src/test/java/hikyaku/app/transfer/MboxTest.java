package hikyaku.app.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class MboxTest {
  private static final Instant DATE = Instant.parse("2026-11-02T03:04:05Z");
  private static final Instant OTHERWISE = Instant.parse("2000-01-01T00:00:00Z");

  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static List<Letter> read(String file) throws IOException {
    List<Letter> letters = new ArrayList<>();
    Mbox.<RuntimeException>read(new ByteArrayInputStream(octets(file)), OTHERWISE, letters::add);
    return letters;
  }

  private static String text(Letter letter) {
    return new String(letter.content(), StandardCharsets.ISO_8859_1);
  }

  @Test
  void readsMessagesFlagsAndDates() throws IOException {
    List<Letter> letters =
        read(
            """
            From bob@example.net Mon Nov  2 03:04:05 2026
            Status: RO
            X-Status: AF
            X-Keywords: work $Junk
            Subject: One

            >From the start
            >>From deeper
            From here a line that is none, since none is empty before it

            From MAILER-DAEMON Mon, 2 Nov 2026
            Subject: Two
            X-UID: 7

            Text
            From - Mon Nov  2 03:04:05 2026 +0900
            """);
    assertThat(letters).hasSize(2);
    assertThat(letters.getFirst().date()).isEqualTo(DATE);
    assertThat(letters.getFirst().flags())
        .containsExactly("\\Seen", "\\Answered", "\\Flagged", "work", "$Junk");
    assertThat(text(letters.getFirst()))
        .isEqualTo(
            "Subject: One\r\n\r\nFrom the start\r\n>From deeper\r\n"
                + "From here a line that is none, since none is empty before it\r\n");
    assertThat(letters.getLast().date()).isEqualTo(OTHERWISE);
    assertThat(letters.getLast().flags()).isEmpty();
    assertThat(text(letters.getLast()))
        .isEqualTo("Subject: Two\r\n\r\nText\r\nFrom - Mon Nov  2 03:04:05 2026 +0900\r\n");
  }

  @Test
  void datesComeInMoreThanOneForm() {
    assertThat(Mbox.date("From a Mon Nov  2 03:04:05 2026")).contains(DATE);
    assertThat(Mbox.date("From a Mon Nov 02 12:04:05 2026 +0900")).contains(DATE);
    assertThat(Mbox.date("From a Mon Nov  2 03:04:05 GMT 2026")).contains(DATE);
    assertThat(Mbox.date("From a Mon Nov  2 03:04 2026"))
        .contains(Instant.parse("2026-11-02T03:04:00Z"));
    assertThat(Mbox.date("From a Mon Nov 32 03:04:05 2026")).isEmpty();
    assertThat(Mbox.date("From a")).isEmpty();
  }

  @Test
  void nothingIsNoMessage() throws IOException {
    assertThat(read("")).isEmpty();
    assertThat(read("no mbox at all\n")).isEmpty();
  }

  /** What goes out comes in again, octet for octet, whatever it is. */
  @Test
  void comesBackAsItWas() throws IOException {
    long seed = 4711;
    Random random = new Random(seed);
    for (int turn = 0; turn < 2000; turn++) {
      StringBuilder message = new StringBuilder("Subject: x\r\n");
      for (int at = random.nextInt(13); at > 0; at--) {
        message.append(Piece.values()[random.nextInt(Piece.values().length)].text);
      }
      assertComesBack(message.append("\r\n").toString(), "seed %d, turn %d".formatted(seed, turn));
    }
  }

  private static void assertComesBack(String message, String which) throws IOException {
    Letter letter = new Letter(octets(message), DATE, List.of("\\Seen", "\\Draft", "word"));
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    Mbox.write(file, letter);
    Mbox.write(file, letter);
    List<Letter> letters = read(file.toString(StandardCharsets.ISO_8859_1));
    assertThat(letters).as(which).hasSize(2);
    for (Letter back : letters) {
      assertThat(text(back)).as(which).isEqualTo(message);
      assertThat(back.date()).isEqualTo(DATE);
      assertThat(back.flags()).containsExactly("\\Seen", "\\Draft", "word");
    }
  }

  /** What may confuse a reader of mbox. */
  enum Piece {
    EMPTY("\r\n"),
    FROM("From me Mon Nov  2 03:04:05 2026\r\n"),
    QUOTED(">From\r\n"),
    QUOTED_TWICE(">>From x\r\n"),
    WORDS("some words\r\n"),
    JUNK("\u00e4\u00ff\u0000\u001b\r\n"),
    BARE_LF("a\nb\r\n"),
    BARE_CR("a\rb\r\n"),
    BARE_LF_FROM("\nFrom x\n\r\n"),
    QUOTE(">\r\n");

    private final String text;

    Piece(String text) {
      this.text = text;
    }
  }
}
