package hikyaku.protocol.address;

import java.text.Normalizer;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * SASLprep (RFC 4013), the form in which names are compared. Each part of an address has a
 * direction of its own, as the labels of its domain have (RFC 5893 §2). The characters that are
 * assigned, and their directions, are those of the running Java and not those of Unicode 3.2.
 */
public final class SaslPrep {
  private static final Pattern PARTS = Pattern.compile("[@.]");

  private SaslPrep() {}

  /**
   * Prepares a name.
   *
   * @return empty if it holds what is prohibited, or nothing is left of it
   */
  public static Optional<String> prepare(String name) {
    StringBuilder mapped = new StringBuilder();
    name.codePoints()
        .filter(c -> !isMappedToNothing(c))
        .map(c -> Character.getType(c) == Character.SPACE_SEPARATOR ? ' ' : c)
        .forEach(mapped::appendCodePoint);
    String prepared = Normalizer.normalize(mapped, Normalizer.Form.NFKC);
    boolean usable =
        !prepared.isEmpty()
            && prepared.codePoints().noneMatch(SaslPrep::prohibited)
            && PARTS.splitAsStream(prepared).allMatch(SaslPrep::isOfOneDirection);
    return usable ? Optional.of(prepared) : Optional.empty();
  }

  /** RFC 3454 table B.1 (RFC 4013 §2.1). */
  public static boolean isMappedToNothing(int c) {
    return c == 0x00AD
        || c == 0x034F
        || c == 0x1806
        || (c >= 0x180B && c <= 0x180D)
        || (c >= 0x200B && c <= 0x200D)
        || c == 0x2060
        || (c >= 0xFE00 && c <= 0xFE0F)
        || c == 0xFEFF;
  }

  /** RFC 4013 §2.3 and §2.5, by the tables of RFC 3454. */
  private static boolean prohibited(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL, // C.2
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.FORMAT, // with C.8 and C.9
          Character.PRIVATE_USE, // C.3
          Character.SURROGATE, // C.5
          Character.UNASSIGNED -> // A.1, with C.4
          true;
      default ->
          (c >= 0xFFF9 && c <= 0xFFFD) // C.6
              || (c >= 0x2FF0 && c <= 0x2FFB); // C.7
    };
  }

  /** RFC 4013 §2.4, RFC 3454 §6. */
  private static boolean isOfOneDirection(String text) {
    int[] characters = text.codePoints().toArray();
    boolean rightToLeft = text.codePoints().anyMatch(SaslPrep::isRightToLeft);
    return !rightToLeft
        || (isRightToLeft(characters[0])
            && isRightToLeft(characters[characters.length - 1])
            && text.codePoints().noneMatch(SaslPrep::isLeftToRight));
  }

  private static boolean isLeftToRight(int c) {
    return Character.getDirectionality(c) == Character.DIRECTIONALITY_LEFT_TO_RIGHT;
  }

  private static boolean isRightToLeft(int c) {
    byte direction = Character.getDirectionality(c);
    return direction == Character.DIRECTIONALITY_RIGHT_TO_LEFT
        || direction == Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC;
  }
}
