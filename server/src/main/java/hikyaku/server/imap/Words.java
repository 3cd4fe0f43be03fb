package hikyaku.server.imap;

import java.util.ArrayList;
import java.util.List;

/** The words of a text: letters, marks and digits in a row. */
final class Words {
  private Words() {}

  /**
   * @return in order, each once; the text itself if it has none
   */
  static List<String> of(String text) {
    List<String> words = new ArrayList<>();
    int start = 0;
    for (int at = 0; at <= text.length(); ) {
      int codePoint = at < text.length() ? text.codePointAt(at) : ' ';
      int next = at + Character.charCount(codePoint);
      if (!isOfWord(codePoint)) {
        if (at > start) {
          words.add(text.substring(start, at));
        }
        start = next;
      }
      at = next;
    }
    return words.isEmpty() ? List.of(text) : words.stream().distinct().toList();
  }

  private static boolean isOfWord(int codePoint) {
    return Character.isLetterOrDigit(codePoint)
        || switch (Character.getType(codePoint)) {
          case Character.NON_SPACING_MARK,
              Character.COMBINING_SPACING_MARK,
              Character.ENCLOSING_MARK ->
              true;
          default -> false;
        };
  }
}
