package hikyaku.mailbox.account;

import java.util.Optional;

/**
 * A set of rights (RFC 4314 §2).
 *
 * @param bits of {@link Right#bit}
 */
public record Rights(int bits) {
  public static final Rights NONE = new Rights(0);
  public static final Rights ALL = new Rights((1 << Right.values().length) - 1);

  public static Rights of(Right... rights) {
    int bits = 0;
    for (Right right : rights) {
      bits |= right.bit();
    }
    return new Rights(bits);
  }

  /**
   * Rights by their letters. Of the letters of RFC 2086, {@code c} stands for {@code kx} and {@code
   * d} for {@code te} (RFC 4314 §2.1.1).
   *
   * @return empty if a letter is none of a right
   */
  public static Optional<Rights> parse(String letters) {
    Rights rights = NONE;
    for (char letter : letters.toCharArray()) {
      Rights more = of(letter);
      if (more.isEmpty()) {
        return Optional.empty();
      }
      rights = rights.plus(more);
    }
    return Optional.of(rights);
  }

  private static Rights of(char letter) {
    switch (letter) {
      case 'c' -> {
        return of(Right.CREATE, Right.DELETE_FOLDER);
      }
      case 'd' -> {
        return of(Right.DELETE_MESSAGES, Right.EXPUNGE);
      }
      default -> {
        for (Right right : Right.values()) {
          if (right.letter() == letter) {
            return of(right);
          }
        }
        return NONE;
      }
    }
  }

  public boolean isEmpty() {
    return bits == 0;
  }

  public boolean has(Right right) {
    return (bits & right.bit()) != 0;
  }

  public boolean hasAny(Right... rights) {
    return (bits & of(rights).bits) != 0;
  }

  public Rights plus(Rights other) {
    return new Rights(bits | other.bits);
  }

  public Rights minus(Rights other) {
    return new Rights(bits & ~other.bits);
  }

  /** Letters in the order of RFC 4314. */
  public String letters() {
    StringBuilder letters = new StringBuilder();
    for (Right right : Right.values()) {
      if (has(right)) {
        letters.append(right.letter());
      }
    }
    return letters.toString();
  }

  /** The letters with those of RFC 2086 behind, for clients that know no others. */
  public String wire() {
    String create = hasAny(Right.CREATE, Right.DELETE_FOLDER) ? "c" : "";
    String delete = hasAny(Right.DELETE_MESSAGES, Right.EXPUNGE) ? "d" : "";
    return letters() + create + delete;
  }
}
