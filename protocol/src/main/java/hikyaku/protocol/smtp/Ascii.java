package hikyaku.protocol.smtp;

/** Letters and case as the grammar knows them: ASCII, in every locale. */
final class Ascii {
  private Ascii() {}

  static boolean isAlpha(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  static boolean isAlphaOrDigit(int c) {
    return isAlpha(c) || isDigit(c);
  }

  /** RFC 5322 §3.2.3, the specials left out. */
  static boolean isAtext(int c) {
    return isAlphaOrDigit(c) || (c < 128 && "!#$%&'*+-/=?^_`{|}~".indexOf(c) >= 0);
  }

  static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 128);
  }

  static String upper(String text) {
    StringBuilder folded = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 'a' && c <= 'z') {
        folded = folded == null ? new StringBuilder(text) : folded;
        folded.setCharAt(i, (char) (c - 32));
      }
    }
    return folded == null ? text : folded.toString();
  }
}
