package hikyaku.protocol.smtp;

import java.util.function.IntPredicate;

/** A place in a command line. */
final class Cursor {
  static final int END = -1;

  private final String text;
  private int position;

  Cursor(String text) {
    this.text = text;
  }

  int peek() {
    return position < text.length() ? text.charAt(position) : END;
  }

  boolean atEnd() {
    return position == text.length();
  }

  boolean take(char expected) {
    if (peek() == expected) {
      position++;
      return true;
    }
    return false;
  }

  /** Takes the word whatever its case, or nothing. */
  boolean takeFolded(String word) {
    if (text.regionMatches(position, word, 0, word.length())
        || Ascii.upper(text.substring(position, Math.min(text.length(), position + word.length())))
            .equals(word)) {
      position += word.length();
      return true;
    }
    return false;
  }

  /** The longest run of such characters, which may be empty. */
  String takeWhile(IntPredicate accepted) {
    int start = position;
    while (position < text.length() && accepted.test(text.charAt(position))) {
      position++;
    }
    return text.substring(start, position);
  }

  boolean skipSpace() {
    return !takeWhile(c -> c == ' ' || c == '\t').isEmpty();
  }

  char next() {
    return text.charAt(position++);
  }

  String rest() {
    String rest = text.substring(position);
    position = text.length();
    return rest;
  }
}
