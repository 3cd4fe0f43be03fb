package hikyaku.mailbox.store;

/**
 * The name of a log: a path whose first part says what kind it is, as in {@code mailbox/a7/3}.
 * Names order by their UTF-8 octets.
 *
 * @param value 1 to {@value #MAX_LENGTH} characters, none of them a control character or half a
 *     surrogate pair, which has no UTF-8
 */
public record LogName(String value) implements Comparable<LogName> {
  public static final int MAX_LENGTH = 512;

  public LogName {
    if (value.isEmpty() || value.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("log name of " + value.length() + " characters");
    }
    int at = 0;
    while (at < value.length()) {
      int next = value.codePointAt(at);
      if (Character.isISOControl(next)) {
        throw new IllegalArgumentException("control character in a log name");
      }
      if (next >= Character.MIN_SURROGATE && next <= Character.MAX_SURROGATE) {
        throw new IllegalArgumentException("half a surrogate pair in a log name");
      }
      at += Character.charCount(next);
    }
  }

  /** Orders by code point, which is the order of the UTF-8 octets. */
  @Override
  public int compareTo(LogName other) {
    int[] mine = value.codePoints().toArray();
    int[] theirs = other.value.codePoints().toArray();
    return java.util.Arrays.compare(mine, theirs);
  }

  @Override
  public String toString() {
    return value;
  }
}
