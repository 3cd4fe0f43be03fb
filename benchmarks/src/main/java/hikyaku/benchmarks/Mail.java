package hikyaku.benchmarks;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Messages to send: text that compresses about as mail does, no two alike. */
final class Mail {
  private static final AtomicLong NUMBER = new AtomicLong();

  /** Messages of one conversation, in the mean. */
  private static final int CONVERSATION = 4;

  private static final int AUTHORS = 1_000;

  private static final int DAY = 86_400;

  /** 1 January 2024. */
  private static final long FIRST_LETTER = 1_704_067_200;

  private static final String[] WORDS =
      "the of and relay letter courier station road night river message carries on runs city bell seal paper"
          .split(" ");

  /**
   * Of a larger message the rest is the same for all: to make it up would take a client longer than
   * to send it.
   */
  private static final int OF_ITS_OWN = 64 * 1024;

  private static final Map<Integer, String> RESTS = new ConcurrentHashMap<>();

  /** A word of the text of some in a hundred. */
  static final String WORD = WORDS[8] + "a7";

  private Mail() {}

  /** A message of about so many octets, with no line that starts with a dot. */
  static byte[] message(int octets) {
    long number = NUMBER.incrementAndGet();
    StringBuilder text = new StringBuilder(octets + 200);
    text.append("From: Sender <u0@bench.test>\r\nTo: u@bench.test\r\nSubject: message ")
        .append(number)
        .append("\r\nDate: Sun, 22 Nov 2026 10:00:00 +0900\r\nMessage-ID: <")
        .append(number)
        .append(".")
        .append(System.nanoTime())
        .append(
            "@bench.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
    write(text, Math.min(octets, OF_ITS_OWN), number);
    if (octets > OF_ITS_OWN) {
      text.append(RESTS.computeIfAbsent(octets - OF_ITS_OWN, Mail::rest));
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * A message of about so many octets, as they follow each other in a mailbox: of many authors,
   * most of them an answer to one a little before, of a time up to a day before its turn, and a
   * turn is a minute.
   *
   * @param number of the message, from 0
   */
  static byte[] letter(long number, int octets) {
    Random random = new Random(number);
    long above = number - 1 - random.nextInt(20);
    boolean answers = above >= 0 && random.nextInt(CONVERSATION) > 0;
    long first = answers ? above - above % CONVERSATION : number;
    int author = random.nextInt(AUTHORS);
    long written = FIRST_LETTER + 60 * number - random.nextInt(DAY);
    StringBuilder text = new StringBuilder(octets + 400);
    text.append("From: Author Number ").append(author);
    text.append(" <author").append(author).append("@bench.test>\r\nTo: u@bench.test\r\nSubject: ");
    text.append(answers ? "Re: " : "").append("letter ").append(first);
    text.append(" about the ").append(WORDS[(int) (first % WORDS.length)]).append("\r\nDate: ");
    text.append(
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            Instant.ofEpochSecond(written).atOffset(ZoneOffset.UTC)));
    text.append("\r\nMessage-ID: <letter.").append(number).append("@bench.test>\r\n");
    if (answers) {
      text.append("In-Reply-To: <letter.").append(above).append("@bench.test>\r\n");
      text.append("References: <letter.").append(first).append("@bench.test>\r\n <letter.");
      text.append(above).append("@bench.test>\r\n");
    }
    text.append("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
    write(text, octets, number);
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static String rest(int octets) {
    StringBuilder text = new StringBuilder(octets + 200);
    write(text, octets, 0);
    return text.toString();
  }

  /** Writes lines until the text is so long. */
  private static void write(StringBuilder text, int octets, long seed) {
    Random random = new Random(seed);
    int column = 0;
    while (text.length() < octets) {
      String word = WORDS[random.nextInt(WORDS.length)];
      text.append(word).append(Integer.toString(random.nextInt(1000), 36));
      column += word.length() + 3;
      if (column > 70) {
        text.append("\r\n");
        column = 0;
      } else {
        text.append(' ');
      }
    }
    text.append("\r\n");
  }
}
