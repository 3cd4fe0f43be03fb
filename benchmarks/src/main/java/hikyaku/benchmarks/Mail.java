package hikyaku.benchmarks;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Messages to send: text that compresses about as mail does, no two alike. */
final class Mail {
  private static final AtomicLong NUMBER = new AtomicLong();
  private static final String[] WORDS =
      "the of and relay letter courier station road night river message carries on runs city bell seal paper"
          .split(" ");

  /**
   * Of a larger message the rest is the same for all: to make it up would take a client longer than
   * to send it.
   */
  private static final int OF_ITS_OWN = 64 * 1024;

  private static final Map<Integer, String> RESTS = new ConcurrentHashMap<>();

  private Mail() {}

  /** A message of about so many octets, with no line that starts with a dot. */
  static byte[] message(int octets) {
    long number = NUMBER.incrementAndGet();
    StringBuilder text = new StringBuilder(octets + 200);
    text.append("From: Sender <sender@bench.test>\r\nTo: u@bench.test\r\nSubject: message ")
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
