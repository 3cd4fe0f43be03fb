package hikyaku.protocol.sieve;

/** Letters of ASCII in the other case: all that RFC 5229 §4.1.3 asks to change. */
final class Case {
  private Case() {}

  static String lower(String text) {
    return Collation.asciiLower(text);
  }

  static String upper(String text) {
    StringBuilder upper = new StringBuilder(text);
    for (int i = 0; i < upper.length(); i++) {
      char c = upper.charAt(i);
      if (c >= 'a' && c <= 'z') {
        upper.setCharAt(i, (char) (c - 32));
      }
    }
    return upper.toString();
  }
}
