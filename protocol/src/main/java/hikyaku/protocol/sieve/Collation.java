package hikyaku.protocol.sieve;

import hikyaku.protocol.mime.Casemap;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How strings are compared (RFC 5228 §2.7.3, RFC 4790). */
enum Collation {
  OCTET("i;octet", null),
  ASCII_CASEMAP("i;ascii-casemap", null),
  /** Equality and order only. What is no number is beyond all numbers (RFC 4790 §9.1.1). */
  ASCII_NUMERIC("i;ascii-numeric", Extension.COMPARATOR_ASCII_NUMERIC),
  UNICODE_CASEMAP("i;unicode-casemap", Extension.COMPARATOR_UNICODE_CASEMAP);

  private final String wire;
  private final @Nullable Extension extension;

  Collation(String wire, @Nullable Extension extension) {
    this.wire = wire;
    this.extension = extension;
  }

  static Optional<Collation> of(String wire) {
    return Arrays.stream(values()).filter(each -> each.wire.equals(wire)).findFirst();
  }

  /** What a script must require to use it; null for the two that need nothing (RFC 5228 §2.7.3). */
  @Nullable Extension extension() {
    return extension;
  }

  /** Whether an octet is what it takes for a character (RFC 5228 §2.7.1). */
  boolean isOfOctets() {
    return this == OCTET || this == ASCII_CASEMAP;
  }

  boolean hasSubstrings() {
    return this != ASCII_NUMERIC;
  }

  /** What stands for a string when strings are compared code point by code point. */
  String fold(String text) {
    return switch (this) {
      case OCTET -> text;
      case ASCII_CASEMAP -> asciiLower(text);
      case ASCII_NUMERIC -> number(text);
      case UNICODE_CASEMAP -> Casemap.fold(text);
    };
  }

  /** The same of one code point, where that is one: any of ASCII, and all where case counts. */
  int foldAscii(int codePoint) {
    return switch (this) {
      case ASCII_CASEMAP -> codePoint >= 'A' && codePoint <= 'Z' ? codePoint + 32 : codePoint;
      case UNICODE_CASEMAP -> codePoint >= 'a' && codePoint <= 'z' ? codePoint - 32 : codePoint;
      case OCTET, ASCII_NUMERIC -> codePoint;
    };
  }

  /** Orders two strings. */
  int compare(String left, String right) {
    String a = fold(left);
    String b = fold(right);
    if (this == ASCII_NUMERIC && (a.isEmpty() || b.isEmpty())) {
      return Boolean.compare(a.isEmpty(), b.isEmpty());
    }
    if (this == ASCII_NUMERIC && a.length() != b.length()) {
      return Integer.compare(a.length(), b.length());
    }
    return Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());
  }

  /** The digits that a string begins with, without leading zeros; empty if there are none. */
  private static String number(String text) {
    int end = 0;
    while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
      end++;
    }
    int start = 0;
    while (start < end - 1 && text.charAt(start) == '0') {
      start++;
    }
    return text.substring(start, end);
  }

  static String asciiLower(String text) {
    StringBuilder lower = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        if (lower == null) {
          lower = new StringBuilder(text);
        }
        lower.setCharAt(i, (char) (c + 32));
      }
    }
    return lower == null ? text : lower.toString();
  }
}
