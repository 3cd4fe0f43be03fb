package hikyaku.mailbox.log;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/**
 * The flags of one message: system flags as bits, keywords as words. Keywords are compared without
 * regard to ASCII case; of two spellings the first is kept.
 *
 * @param system bits of {@link SystemFlag#bit}
 * @param keywords in the order of their lower-case spelling, without repetition
 */
public record Flags(int system, List<String> keywords) {
  /** Sets of system flags: what {@link #system} may be is below. */
  public static final int COMBINATIONS = 1 << SystemFlag.values().length;

  private static final int ALL_SYSTEM = COMBINATIONS - 1;
  private static final Flags[] WITHOUT_KEYWORDS = new Flags[COMBINATIONS];

  static {
    for (int bits = 0; bits <= ALL_SYSTEM; bits++) {
      WITHOUT_KEYWORDS[bits] = new Flags(bits, List.of());
    }
  }

  public static final Flags NONE = WITHOUT_KEYWORDS[0];

  public Flags {
    if ((system & ~ALL_SYSTEM) != 0) {
      throw new IllegalArgumentException("unknown system flag bits " + system);
    }
    keywords = sorted(keywords);
  }

  private static List<String> sorted(List<String> keywords) {
    if (keywords.size() < 2) {
      return List.copyOf(keywords);
    }
    TreeMap<String, String> byFolded = new TreeMap<>();
    for (String keyword : keywords) {
      byFolded.putIfAbsent(fold(keyword), keyword);
    }
    return List.copyOf(byFolded.values());
  }

  /** ASCII lower case, whatever the machine's language. */
  public static String fold(String keyword) {
    StringBuilder folded = null;
    for (int i = 0; i < keyword.length(); i++) {
      char c = keyword.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        if (folded == null) {
          folded = new StringBuilder(keyword);
        }
        folded.setCharAt(i, (char) (c + 32));
      }
    }
    return folded == null ? keyword : folded.toString();
  }

  public static Flags of(int system, Collection<String> keywords) {
    return keywords.isEmpty() ? WITHOUT_KEYWORDS[system] : new Flags(system, List.copyOf(keywords));
  }

  public static Flags of(SystemFlag... flags) {
    int bits = 0;
    for (SystemFlag flag : flags) {
      bits |= flag.bit();
    }
    return WITHOUT_KEYWORDS[bits];
  }

  public boolean has(SystemFlag flag) {
    return (system & flag.bit()) != 0;
  }

  public boolean hasKeyword(String keyword) {
    if (keywords.isEmpty()) {
      return false;
    }
    String folded = fold(keyword);
    return keywords.stream().anyMatch(k -> fold(k).equals(folded));
  }

  public boolean isEmpty() {
    return system == 0 && keywords.isEmpty();
  }

  /** These and those; of a keyword spelt in two ways mine stays. */
  public Flags plus(Flags other) {
    if (other.keywords.isEmpty()) {
      return of(system | other.system, keywords);
    }
    List<String> both = new ArrayList<>(keywords);
    both.addAll(other.keywords);
    return of(system | other.system, both);
  }

  public Flags minus(Flags other) {
    if (keywords.isEmpty() || other.keywords.isEmpty()) {
      return of(system & ~other.system, keywords);
    }
    List<String> left = keywords.stream().filter(k -> !other.hasKeyword(k)).toList();
    return of(system & ~other.system, left);
  }
}
