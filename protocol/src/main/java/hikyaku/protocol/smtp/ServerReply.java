package hikyaku.protocol.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What another server says (RFC 5321 §4.2). Its text is not ours: it is held without control
 * characters and within bounds, so that it can go into logs and reports.
 *
 * @param code 200 to 599
 * @param enhanced as it stands before the text of the first line, if it does and fits the code
 * @param lines at least one, without codes
 */
public record ServerReply(int code, @Nullable EnhancedCode enhanced, List<String> lines) {
  /** Octets of a line that are read; RFC 5321 §4.5.3.1.5 has 512, and not all keep to it. */
  public static final int MAX_LINE = 4096;

  /** Lines of a reply. The longest in use are those to EHLO, of some twenty. */
  public static final int MAX_LINES = 200;

  /** Characters of a line that are kept. */
  private static final int KEPT = 500;

  private static final Pattern ENHANCED =
      Pattern.compile("([245]\\.\\d{1,3}\\.\\d{1,3})(?: (.*)|)", Pattern.DOTALL);

  public ServerReply {
    lines = List.copyOf(lines);
  }

  /** Octets came that are no reply. */
  public static final class Malformed extends IOException {
    Malformed(String message) {
      super(message);
    }
  }

  /**
   * Reads a reply. Line endings may be bare LF.
   *
   * @throws Malformed if what comes is none
   */
  public static ServerReply read(WireReader in) throws IOException {
    List<String> lines = new ArrayList<>();
    EnhancedCode enhanced = null;
    int code = 0;
    while (true) {
      byte[] line = line(in);
      int here = code(line);
      if (!lines.isEmpty() && here != code) {
        throw new Malformed("lines of one reply with different codes");
      }
      code = here;
      String text = text(line);
      EnhancedCode status = enhanced(text, code);
      if (lines.isEmpty()) {
        enhanced = status;
      }
      // Each line may repeat the code (RFC 2034 §4).
      lines.add(status == null ? text : text.substring(Math.min(text.length(), length(status))));
      if (line.length == 3 || line[3] != '-') {
        return new ServerReply(code, enhanced, lines);
      }
      if (lines.size() == MAX_LINES) {
        throw new Malformed("a reply of more than " + MAX_LINES + " lines");
      }
    }
  }

  private static byte[] line(WireReader in) throws IOException {
    try {
      return in.readLine(MAX_LINE, WireReader.LineEnding.LENIENT);
    } catch (WireException.LineTooLong e) {
      throw new Malformed("a line of more than " + MAX_LINE + " octets");
    }
  }

  private static int code(byte[] line) throws Malformed {
    if (line.length < 3
        || line[0] < '2'
        || line[0] > '5'
        || !Ascii.isDigit(line[1])
        || !Ascii.isDigit(line[2])
        || (line.length > 3 && line[3] != ' ' && line[3] != '-')) {
      throw new Malformed("a line that does not begin as a reply");
    }
    return Integer.parseInt(new String(line, 0, 3, ISO_8859_1));
  }

  private static String text(byte[] line) {
    String text = line.length <= 4 ? "" : new String(line, 4, line.length - 4, UTF_8);
    StringBuilder kept = new StringBuilder();
    text.codePoints()
        .limit(KEPT)
        .map(c -> Character.isISOControl(c) || c == 0x2028 || c == 0x2029 ? '?' : c)
        .forEach(kept::appendCodePoint);
    return kept.toString();
  }

  private static @Nullable EnhancedCode enhanced(String text, int code) {
    Matcher matcher = ENHANCED.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    EnhancedCode found = EnhancedCode.of(matcher.group(1));
    return found.kind() == code / 100 && found.toString().equals(matcher.group(1)) ? found : null;
  }

  /** With the space behind it. */
  private static int length(EnhancedCode status) {
    return status.toString().length() + 1;
  }

  public boolean isPositive() {
    return code < 300;
  }

  /** As the server said it, its lines joined by a space. */
  @Override
  public String toString() {
    return code + " " + (enhanced == null ? "" : enhanced + " ") + String.join(" ", lines);
  }
}
