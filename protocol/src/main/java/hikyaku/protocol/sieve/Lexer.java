package hikyaku.protocol.sieve;

import java.util.Locale;

/**
 * Divides a script into tokens (RFC 5228 §8.1). Lines may end with LF alone; a script that a person
 * edited has them so.
 */
final class Lexer {
  /** Marks that people or their editors put in the place of ". */
  private static final String QUOTES = "\u2018\u2019\u201A\u201C\u201D\u201E\u00AB\u00BB";

  private static final long LARGEST_NUMBER = 1L << 32;
  private static final String SIGNS = ";,[](){}";

  private final String text;
  private int at;
  private int line = 1;
  private int lineStart;

  Lexer(String text) {
    this.text = text;
  }

  private Position here() {
    return new Position(line, at - lineStart + 1);
  }

  /** The next token; {@link Token.End} for ever once there is none. */
  Token next() throws SieveException {
    passSpace();
    Position start = here();
    if (at >= text.length()) {
      return new Token.End(start);
    }
    char next = text.charAt(at);
    if (SIGNS.indexOf(next) >= 0) {
      at++;
      return new Token.Sign(start, next);
    }
    if (next == '"') {
      return new Token.Text(start, quoted(start));
    }
    if (next >= '0' && next <= '9') {
      return number(start);
    }
    if (next == ':') {
      at++;
      if (at >= text.length() || !startsWord(text.charAt(at))) {
        throw new SieveException(start, "a colon must be followed by the name of a tag");
      }
      return new Token.Tag(start, word());
    }
    if (startsWord(next)) {
      String word = word();
      if (word.equals("text") && at < text.length() && text.charAt(at) == ':') {
        at++;
        return new Token.Text(start, multiLine(start));
      }
      return new Token.Identifier(start, word);
    }
    throw new SieveException(start, "this character is not expected here: " + shown(next));
  }

  private static String shown(char next) {
    if (next > ' ' && next < 127) {
      return String.valueOf(next);
    }
    String number = "U+" + String.format(Locale.ROOT, "%04X", (int) next);
    return QUOTES.indexOf(next) < 0 ? number : number + "; strings stand in \" and \"";
  }

  private void newLine() {
    line++;
    lineStart = at;
  }

  private void passSpace() throws SieveException {
    while (at < text.length()) {
      char next = text.charAt(at);
      if (next == '\n') {
        at++;
        newLine();
      } else if (next == ' ' || next == '\t' || next == '\r') {
        at++;
      } else if (next == '#') {
        passLine();
      } else if (next == '/' && text.startsWith("/*", at)) {
        passComment();
      } else {
        return;
      }
    }
  }

  /** Up to the end of the line, which is passed too. */
  private void passLine() {
    int end = text.indexOf('\n', at);
    if (end < 0) {
      at = text.length();
    } else {
      at = end + 1;
      newLine();
    }
  }

  private void passComment() throws SieveException {
    Position start = here();
    int end = text.indexOf("*/", at + 2);
    if (end < 0) {
      throw new SieveException(start, "this comment has no end");
    }
    while (at < end + 2) {
      if (text.charAt(at++) == '\n') {
        newLine();
      }
    }
  }

  private static boolean startsWord(char next) {
    return next >= 'a' && next <= 'z' || next >= 'A' && next <= 'Z' || next == '_';
  }

  private String word() {
    int start = at;
    while (at < text.length()
        && (startsWord(text.charAt(at)) || text.charAt(at) >= '0' && text.charAt(at) <= '9')) {
      at++;
    }
    return text.substring(start, at).toLowerCase(Locale.ROOT);
  }

  private Token number(Position start) throws SieveException {
    long value = 0;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      value = Math.min(LARGEST_NUMBER, value * 10 + (text.charAt(at++) - '0'));
    }
    if (value == LARGEST_NUMBER) {
      throw new SieveException(start, "this number is too large");
    }
    if (at < text.length()) {
      long factor =
          switch (text.charAt(at)) {
            case 'K', 'k' -> 1L << 10;
            case 'M', 'm' -> 1L << 20;
            case 'G', 'g' -> 1L << 30;
            default -> 1;
          };
      if (factor > 1) {
        at++;
        value *= factor;
      }
      if (at < text.length() && startsWord(text.charAt(at))) {
        throw new SieveException(start, "a number may have K, M or G behind it, and nothing else");
      }
    }
    return new Token.Number(start, value);
  }

  /** RFC 5228 §2.4.2: a backslash before any other character than these two is passed over. */
  private String quoted(Position start) throws SieveException {
    StringBuilder value = new StringBuilder();
    at++;
    while (at < text.length()) {
      char next = text.charAt(at++);
      if (next == '"') {
        return value.toString();
      }
      if (next == '\\' && at < text.length()) {
        next = text.charAt(at++);
      }
      if (next == 0) {
        throw new SieveException(start, "this string has a NUL in it");
      }
      if (next == '\n') {
        newLine();
      }
      value.append(next);
    }
    throw new SieveException(start, "this string has no end");
  }

  /** RFC 5228 §8.1, multi-line: up to a line with a dot alone, the dots of others unstuffed. */
  private String multiLine(Position start) throws SieveException {
    while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
      at++;
    }
    if (at < text.length() && text.charAt(at) == '#') {
      passLine();
    } else if (text.startsWith("\r\n", at) || text.startsWith("\n", at)) {
      passLine();
    } else {
      throw new SieveException(start, "text: must end its line");
    }
    StringBuilder value = new StringBuilder();
    while (at < text.length()) {
      int end = text.indexOf('\n', at);
      if (end < 0) {
        break;
      }
      String each = text.substring(at, end + 1);
      at = end + 1;
      newLine();
      if (each.equals(".\r\n") || each.equals(".\n")) {
        return value.toString();
      }
      if (each.indexOf('\0') >= 0) {
        throw new SieveException(start, "this text has a NUL in it");
      }
      value.append(each, each.startsWith("..") ? 1 : 0, each.length());
    }
    throw new SieveException(start, "this text has no line with a dot alone");
  }
}
