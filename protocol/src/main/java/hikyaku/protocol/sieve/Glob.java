package hikyaku.protocol.sieve;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A pattern of {@code :matches} (RFC 5228 §2.7.1). What {@code ?} stands for, the comparator says:
 * an octet of UTF-8, or with i;unicode-casemap a character. Each {@code *} takes as little as it
 * can (RFC 5229 §3.2). The time is the product of the lengths at worst, and no memory but the match
 * itself is needed.
 */
final class Glob {
  private static final int ONE = -1;
  private static final int ANY = -2;

  private final int[] pattern;

  private Glob(int[] pattern) {
    this.pattern = pattern;
  }

  static Glob of(String text, Collation collation) {
    List<Integer> pattern = new ArrayList<>();
    int[] source = text.codePoints().toArray();
    for (int i = 0; i < source.length; i++) {
      switch (source[i]) {
        case '*' -> pattern.add(ANY);
        case '?' -> pattern.add(ONE);
        default -> {
          if (source[i] == '\\' && i + 1 < source.length) {
            i++;
          }
          String literal = collation.fold(Character.toString(source[i]));
          if (collation.isOfOctets()) {
            for (byte each : LoneOctets.of(literal)) {
              pattern.add(each & 0xFF);
            }
          } else {
            literal.codePoints().forEach(pattern::add);
          }
        }
      }
    }
    return new Glob(pattern.stream().mapToInt(each -> each).toArray());
  }

  /** Pays for work. */
  @FunctionalInterface
  interface Payment {
    void steps(long count) throws RunException;
  }

  /**
   * What a value matched.
   *
   * @return the value, then what each wildcard stands for in it; nothing if it does not match
   */
  Optional<List<String>> match(String value, Collation collation, Payment payment)
      throws RunException {
    Text folded =
        collation.isOfOctets() ? Octets.of(value, collation) : Folded.of(value, collation);
    int[] text = folded.units();
    int[] from = new int[pattern.length];
    int[] to = new int[pattern.length];
    int v = 0;
    int p = 0;
    int star = -1;
    long steps = 0;
    while (v < text.length) {
      if (++steps % 4096 == 0) {
        payment.steps(4096);
      }
      if (p < pattern.length && pattern[p] == ONE && folded.begins(v)) {
        from[p] = v;
        v = folded.next(v);
        to[p++] = v;
      } else if (p < pattern.length && pattern[p] == text[v]) {
        v++;
        p++;
      } else if (p < pattern.length && pattern[p] == ANY) {
        star = p++;
        from[star] = v;
        to[star] = v;
      } else if (star >= 0) {
        v = ++to[star];
        p = star + 1;
      } else {
        return Optional.empty();
      }
    }
    payment.steps(steps % 4096);
    while (p < pattern.length && pattern[p] == ANY) {
      from[p] = v;
      to[p] = v;
      p++;
    }
    return p == pattern.length ? Optional.of(groups(value, folded, from, to)) : Optional.empty();
  }

  private List<String> groups(String value, Text folded, int[] from, int[] to) {
    List<String> groups = new ArrayList<>();
    groups.add(value);
    for (int i = 0; i < pattern.length; i++) {
      if (pattern[i] < 0) {
        groups.add(folded.piece(from[i], to[i]));
      }
    }
    return groups;
  }

  /** A value as its comparator sees it. */
  private sealed interface Text {
    /** What it counts, folded. */
    int[] units();

    /** Whether a character begins there; folded, one may be several. */
    boolean begins(int at);

    /** Where the character behind that one begins. */
    int next(int at);

    /** A stretch of these, as it was before. */
    String piece(int from, int to);
  }

  private record Octets(byte[] octets, int[] units) implements Text {
    static Octets of(String value, Collation collation) {
      byte[] octets = LoneOctets.of(value);
      int[] units = new int[octets.length];
      for (int i = 0; i < units.length; i++) {
        units[i] = collation.foldAscii(octets[i] & 0xFF);
      }
      return new Octets(octets, units);
    }

    @Override
    public boolean begins(int at) {
      return true;
    }

    @Override
    public int next(int at) {
      return at + 1;
    }

    @Override
    public String piece(int from, int to) {
      return LoneOctets.piece(octets, from, to);
    }
  }

  /** A folded value that knows where each of its code points came from. */
  private record Folded(String value, int[] units, int[] origins) implements Text {
    static Folded of(String value, Collation collation) {
      int[] codePoints = new int[value.length() + 32];
      int[] origins = new int[codePoints.length];
      int size = 0;
      int next;
      for (int i = 0; i < value.length(); i = next) {
        int codePoint = value.codePointAt(i);
        next = i + Character.charCount(codePoint);
        if (size + 32 > codePoints.length) {
          codePoints = Arrays.copyOf(codePoints, codePoints.length * 2 + 32);
          origins = Arrays.copyOf(origins, codePoints.length);
        }
        if (codePoint < 128) {
          origins[size] = i;
          codePoints[size++] = collation.foldAscii(codePoint);
        } else {
          for (int each : collation.fold(Character.toString(codePoint)).codePoints().toArray()) {
            origins[size] = i;
            codePoints[size++] = each;
          }
        }
      }
      return new Folded(value, Arrays.copyOf(codePoints, size), Arrays.copyOf(origins, size));
    }

    @Override
    public boolean begins(int at) {
      return at == 0 || origins[at] != origins[at - 1];
    }

    @Override
    public int next(int at) {
      int next = at + 1;
      while (next < origins.length && !begins(next)) {
        next++;
      }
      return next;
    }

    @Override
    public String piece(int from, int to) {
      return value.substring(origin(from), origin(to));
    }

    private int origin(int index) {
      return index < origins.length ? origins[index] : value.length();
    }
  }
}
