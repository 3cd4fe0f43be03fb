package hikyaku.protocol.sieve;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A pattern of {@code :matches} (RFC 5228 §2.7.1). Each {@code *} takes as little as it can (RFC
 * 5229 §3.2). The time is the product of the lengths at worst, and no memory but the match itself
 * is needed.
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
          collation.fold(Character.toString(source[i])).codePoints().forEach(pattern::add);
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
    Folded folded = Folded.of(value, collation);
    int[] text = folded.codePoints;
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
      if (p < pattern.length && (pattern[p] == ONE || pattern[p] == text[v])) {
        from[p] = v;
        to[p] = ++v;
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

  private List<String> groups(String value, Folded folded, int[] from, int[] to) {
    List<String> groups = new ArrayList<>();
    groups.add(value);
    for (int i = 0; i < pattern.length; i++) {
      if (pattern[i] < 0) {
        groups.add(value.substring(folded.origin(from[i]), folded.origin(to[i])));
      }
    }
    return groups;
  }

  /** A folded value that knows where each of its code points came from. */
  private record Folded(int[] codePoints, int[] origins, int length) {
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
        if (codePoint < 128 || collation == Collation.OCTET) {
          origins[size] = i;
          codePoints[size++] = collation.foldAscii(codePoint);
        } else {
          for (int each : collation.fold(Character.toString(codePoint)).codePoints().toArray()) {
            origins[size] = i;
            codePoints[size++] = each;
          }
        }
      }
      return new Folded(
          Arrays.copyOf(codePoints, size), Arrays.copyOf(origins, size), value.length());
    }

    int origin(int index) {
      return index < origins.length ? origins[index] : length;
    }
  }
}
