package hikyaku.server.search;

import hikyaku.protocol.mime.FoldedText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Three characters in a row, in one number, and as the octets of a term: UTF-8, with one octet that
 * UTF-8 has not where the text ends. So the terms of all grams that begin with one or two
 * characters begin with the UTF-8 of these.
 */
final class Gram {
  /** Stands behind the last character of a text. */
  static final int END = 0x1F_FFFF;

  /** Octets of the longest term. */
  static final int MOST_OCTETS = 12;

  private static final int BITS = 21;
  private static final int ASCII = 0x80;
  private static final int END_OCTET = 0xFF;

  private Gram() {}

  static long of(int first, int second, int third) {
    return (long) first << 2 * BITS | (long) second << BITS | third;
  }

  /**
   * Writes a gram's term.
   *
   * @return how many octets it has
   */
  static int write(long gram, byte[] octets) {
    int length = 0;
    for (int shift = 2 * BITS; shift >= 0; shift -= BITS) {
      int codePoint = (int) (gram >>> shift) & END;
      if (codePoint == END) {
        octets[length] = (byte) END_OCTET;
        return length + 1;
      }
      length = write(codePoint, octets, length);
    }
    return length;
  }

  /** Half a surrogate pair has three octets, as if it were a character. */
  private static int write(int codePoint, byte[] octets, int at) {
    int length = at;
    if (codePoint < ASCII) {
      octets[length++] = (byte) codePoint;
    } else if (codePoint < 0x800) {
      octets[length++] = (byte) (0xC0 | codePoint >> 6);
      octets[length++] = (byte) (0x80 | codePoint & 0x3F);
    } else if (codePoint < 0x1_0000) {
      octets[length++] = (byte) (0xE0 | codePoint >> 12);
      octets[length++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
      octets[length++] = (byte) (0x80 | codePoint & 0x3F);
    } else {
      octets[length++] = (byte) (0xF0 | codePoint >> 18);
      octets[length++] = (byte) (0x80 | codePoint >> 12 & 0x3F);
      octets[length++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
      octets[length++] = (byte) (0x80 | codePoint & 0x3F);
    }
    return length;
  }

  /** What all messages that hold a string have. */
  sealed interface Need {
    /** This gram. */
    record Whole(long gram) implements Need {}

    /** A gram that begins with this string, which is too short to have one. */
    record Beginning(byte[] octets) implements Need {}
  }

  /**
   * What a message must have if it holds the string.
   *
   * @param most so many needs are enough to narrow
   * @return nothing if the string is in about every message
   */
  static List<Need> needs(FoldedText wanted, int most) {
    List<Integer> characters = new ArrayList<>();
    wanted.forEach(characters::add);
    List<Need> needs = new ArrayList<>();
    for (int i = 0; i + 2 < characters.size(); i++) {
      needs.add(
          new Need.Whole(of(characters.get(i), characters.get(i + 1), characters.get(i + 2))));
    }
    boolean common =
        characters.isEmpty() || characters.size() == 1 && characters.getFirst() < ASCII;
    if (needs.isEmpty() && !common) {
      byte[] octets = new byte[MOST_OCTETS];
      int length = 0;
      for (int codePoint : characters) {
        length = write(codePoint, octets, length);
      }
      needs.add(new Need.Beginning(Arrays.copyOf(octets, length)));
    }
    return needs.stream().distinct().limit(most).toList();
  }
}
