package hikyaku.protocol.smtp;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An enhanced status code (RFC 3463, RFC 5248).
 *
 * @param kind 2 success, 4 for now, 5 for good
 * @param subject 0 to 999
 * @param detail 0 to 999
 */
public record EnhancedCode(int kind, int subject, int detail) {
  private static final Pattern WRITTEN = Pattern.compile("([245])\\.(\\d{1,3})\\.(\\d{1,3})");

  public EnhancedCode {
    if ((kind != 2 && kind != 4 && kind != 5)
        || subject < 0
        || subject > 999
        || detail < 0
        || detail > 999) {
      throw new IllegalArgumentException(
          "no enhanced status code: " + kind + "." + subject + "." + detail);
    }
  }

  public static EnhancedCode of(String written) {
    Matcher matcher = WRITTEN.matcher(written);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("no enhanced status code: " + written);
    }
    return new EnhancedCode(
        Integer.parseInt(matcher.group(1)),
        Integer.parseInt(matcher.group(2)),
        Integer.parseInt(matcher.group(3)));
  }

  @Override
  public String toString() {
    return kind + "." + subject + "." + detail;
  }
}
