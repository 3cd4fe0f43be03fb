package hikyaku.protocol.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.protocol.wire.WireReader.LineEnding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireReaderTest {

  private static final byte[] TAIL = new byte[4096];

  // ------------------------------------------------------------------ against the naive reader

  /** Every input of up to six octets over what matters, whole, in two pieces and octet by octet. */
  @Test
  void agreesWithTheNaiveReaderOnAllShortInputs() throws IOException {
    byte[] alphabet = {'\r', '\n', '.', 'a'};
    for (int length = 0; length <= 6; length++) {
      byte[] input = new byte[length];
      for (int code = 0; code < Math.powExact(alphabet.length, length); code++) {
        for (int at = 0, left = code; at < length; at++, left /= alphabet.length) {
          input[at] = alphabet[left % alphabet.length];
        }
        for (int first = 0; first < 5; first++) {
          List<Step> steps = List.of(Step.values()[first], Step.STRICT_LINE, Step.DOTTED);
          String expected = naive(input, steps, 2);
          assertSame(expected, SplitSource.octetByOctet(input), input, steps);
          for (int split = 1; split <= length; split++) {
            assertSame(expected, SplitSource.twoPieces(input, split), input, steps);
          }
        }
      }
    }
  }

  /** Long random inputs in random pieces: the buffer's borders fall anywhere. */
  @Test
  void agreesWithTheNaiveReaderOnRandomInputs() throws IOException {
    for (long seed = 1; seed <= 3000; seed++) {
      Random random = new Random(seed);
      byte[] input = randomInput(random);
      List<Step> steps = new ArrayList<>();
      for (int i = random.nextInt(1, 12); i > 0; i--) {
        steps.add(Step.values()[random.nextInt(Step.values().length)]);
      }
      int limit = random.nextBoolean() ? random.nextInt(0, 40) : random.nextInt(0, 20_000);
      int piece = random.nextBoolean() ? 50 : 20_000;
      SplitSource source = new SplitSource(input, at -> at + random.nextInt(1, piece));
      assertThat(real(source, steps, limit))
          .as("seed %s", seed)
          .isEqualTo(naive(input, steps, limit));
    }
  }

  private enum Step {
    STRICT_LINE,
    LENIENT_LINE,
    DOTTED,
    COUNTED_0,
    COUNTED_3,
    COUNTED_9000
  }

  private static byte[] randomInput(Random random) {
    String[] pieces = {"\r\n", "\r\n", "\r\n.\r\n", ".", "\r", "\n", "\r\n..", "a", "\0", "\u00ff"};
    StringBuilder input = new StringBuilder();
    int parts = random.nextInt(0, 60);
    for (int i = 0; i < parts; i++) {
      if (random.nextInt(25) == 0) {
        input.repeat("x", random.nextInt(8_000, 8_400));
      } else {
        input.append(pieces[random.nextInt(pieces.length)]);
      }
    }
    return input.toString().getBytes(ISO_8859_1);
  }

  private static void assertSame(
      String expected, SplitSource source, byte[] input, List<Step> steps) throws IOException {
    String actual = real(source, steps, 2);
    if (!actual.equals(expected)) { // the description is costly
      assertThat(actual).as("%s of %s", steps, new String(input, ISO_8859_1)).isEqualTo(expected);
    }
  }

  private static String naive(byte[] input, List<Step> steps, int limit) {
    NaiveReader naive = new NaiveReader(input);
    StringBuilder answers = new StringBuilder();
    for (Step step : steps) {
      answers.append(
          switch (step) {
            case STRICT_LINE -> naive.line(limit, LineEnding.STRICT);
            case LENIENT_LINE -> naive.line(limit, LineEnding.LENIENT);
            case DOTTED -> naive.dotted();
            case COUNTED_0 -> naive.counted(0);
            case COUNTED_3 -> naive.counted(3);
            case COUNTED_9000 -> naive.counted(9000);
          });
    }
    return answers.append(" left ").append(naive.left()).toString();
  }

  private static String real(OctetSource source, List<Step> steps, int limit) throws IOException {
    WireReader reader = new WireReader(source);
    StringBuilder answers = new StringBuilder();
    for (Step step : steps) {
      answers.append(
          switch (step) {
            case STRICT_LINE -> line(reader, limit, LineEnding.STRICT);
            case LENIENT_LINE -> line(reader, limit, LineEnding.LENIENT);
            case DOTTED -> dotted(reader);
            case COUNTED_0 -> counted(reader, 0);
            case COUNTED_3 -> counted(reader, 3);
            case COUNTED_9000 -> counted(reader, 9000);
          });
    }
    int left = reader.buffered();
    for (int count; (count = source.read(TAIL, 0, TAIL.length)) > 0; ) {
      left += count;
    }
    return answers.append(" left ").append(left).toString();
  }

  private static String line(WireReader reader, int limit, LineEnding ending) throws IOException {
    try {
      return "<" + new String(reader.readLine(limit, ending), ISO_8859_1) + ">";
    } catch (WireException e) {
      return e.getClass().getSimpleName();
    }
  }

  private static String counted(WireReader reader, int count) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try {
      reader.readCounted(count, text::write);
      return "<" + text.toString(ISO_8859_1) + ">";
    } catch (WireException e) {
      return e.getClass().getSimpleName();
    }
  }

  private static String dotted(WireReader reader) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try {
      WireReader.Dotted dotted = reader.readDotted(text::write);
      assertThat(dotted.octets()).isEqualTo(text.size());
      return NaiveReader.describe(
          text.toString(ISO_8859_1), dotted.bareLineEnding(), dotted.longestLine());
    } catch (WireException e) {
      return e.getClass().getSimpleName();
    }
  }

  // --------------------------------------------------------------------------------- dotted text

  /** The forms by which a message was smuggled past servers that took them for the end. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\n.\n",
        "\n.\r\n",
        "\r\n.\n",
        "\r.\r",
        "\r.\r\n",
        "\r\n.\r",
        "\n.\r",
        "\r.\n",
        "\n\n.\r\n",
        "\r\n.\0\r\n",
        "\r\n\0.\r\n",
        "\r\r\n.\r\r\n",
        "\r\n.\r\r\n",
        "\r\n. \r\n"
      })
  void nothingButCrLfDotCrLfEndsTheText(String notTheEnd) throws IOException {
    String smuggled = "a" + notTheEnd + "MAIL FROM:<evil@example.org>\r\n";
    for (int split = 1; split < smuggled.length(); split++) {
      WireReader reader =
          new WireReader(SplitSource.twoPieces(octets(smuggled + ".\r\nNOOP\r\n"), split));
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      WireReader.Dotted dotted = reader.readDotted(text::write);
      boolean onlyCrLf = !notTheEnd.replace("\r\n", "").matches("(?s).*[\r\n].*");
      assertThat(dotted.bareLineEnding()).isEqualTo(!onlyCrLf);
      // The dot may have been taken for a stuffed one, but nothing else is missing.
      assertThat(text.toString(ISO_8859_1)).isEqualTo(smuggled.replace("\r\n.", "\r\n"));
      assertThat(reader.readLine(10, LineEnding.STRICT)).asString(ISO_8859_1).isEqualTo("NOOP");
    }
  }

  @Test
  void stuffedDotsAreTakenAway() throws IOException {
    assertThat(dotted(reader("..\r\n...\r\n.a\r\nb.\r\n.\r\n")))
        .isEqualTo("<.\r\n..\r\na\r\nb.\r\n> 14 clean 2");
    assertThat(dotted(reader(".\r\n"))).isEqualTo("<> 0 clean 0");
  }

  @Test
  void textOfManyLinesIsHandedOnInLargeRuns() throws IOException {
    String text = "Seventy-two octets or thereabouts, as a line of mail has them.\r\n".repeat(2000);
    int[] calls = {0};
    reader(text + ".\r\n").readDotted((octets, offset, length) -> calls[0]++);
    assertThat(calls[0]).isLessThan(2 * text.length() / BufferPool.SMALL.size());
  }

  // --------------------------------------------------------------------------------------- limits

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 512, 8_191, 8_192, 100_000})
  void theLimitCountsOctetsWithoutTheLineEnding(int limit) throws IOException {
    for (String ending : List.of("\r\n", "\n")) {
      String fits = "x".repeat(limit);
      WireReader reader = reader(fits + ending + fits + "x" + ending + "next" + ending);
      assertThat(reader.readLine(limit, LineEnding.LENIENT)).hasSize(limit);
      assertThatThrownBy(() -> reader.readLine(limit, LineEnding.LENIENT))
          .isInstanceOfSatisfying(
              WireException.LineTooLong.class, e -> assertThat(e.limit()).isEqualTo(limit));
      assertThat(reader.readLine(4, LineEnding.LENIENT)).asString(ISO_8859_1).isEqualTo("next");
    }
  }

  /** A line without end costs its limit, not its length. */
  @Test
  void anEndlessLineCostsNoMemory() {
    byte[] endless = new byte[64 * 1024 * 1024];
    WireReader reader = new WireReader(OctetSource.of(endless));
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThatThrownBy(() -> reader.readLine(1000, LineEnding.LENIENT))
        .isInstanceOf(WireException.Truncated.class);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1024 * 1024);
  }

  @Test
  void theLargestLimitIsOneThatCanBeCalculatedWith() throws IOException {
    String line = "x".repeat(20_000);
    assertThat(reader(line + "\r\n").readLine(Integer.MAX_VALUE, LineEnding.STRICT))
        .hasSize(line.length());
  }

  // -------------------------------------------------------------------------------------- buffers

  @Test
  void discardsWhatCameTooEarly() throws IOException {
    WireReader reader = reader("STARTTLS\r\nMAIL FROM:<>\r\n");
    assertThat(reader.readLine(100, LineEnding.STRICT)).asString(ISO_8859_1).isEqualTo("STARTTLS");
    assertThat(reader.buffered()).isEqualTo("MAIL FROM:<>\r\n".length());
    reader.discardBuffered();
    assertThat(reader.buffered()).isZero();
    assertThatThrownBy(() -> reader.readLine(100, LineEnding.STRICT))
        .isInstanceOf(WireException.End.class);
  }

  /**
   * While it waits a reader holds nothing, so it asks its source to wait before it takes a buffer.
   */
  @Test
  void waitsWithoutABuffer() throws IOException {
    byte[] input = octets("NOOP\r\nNOOP\r\n");
    List<String> calls = new ArrayList<>();
    SplitSource pieces = new SplitSource(input, at -> at + 6);
    WireReader reader =
        new WireReader(
            new OctetSource() {
              @Override
              public boolean await() {
                calls.add("await");
                return pieces.await();
              }

              @Override
              public int read(byte[] buffer, int offset, int length) {
                calls.add("read");
                return pieces.read(buffer, offset, length);
              }
            });
    reader.readLine(10, LineEnding.STRICT);
    reader.readLine(10, LineEnding.STRICT);
    assertThat(calls).containsExactly("await", "read", "await", "read");
  }

  private static WireReader reader(String input) {
    return new WireReader(OctetSource.of(octets(input)));
  }

  private static byte[] octets(String text) {
    return text.getBytes(ISO_8859_1);
  }
}
