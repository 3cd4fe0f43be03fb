package hikyaku.protocol.sieve;

/**
 * How values are compared with keys (RFC 5228 §2.7).
 *
 * @param relation for {@link Type#VALUE} and {@link Type#COUNT}; {@link Relation#EQ} otherwise
 */
record Match(Type type, Collation collation, Relation relation) {
  enum Type {
    IS,
    CONTAINS,
    MATCHES,
    /** draft-ietf-sieve-regex. */
    REGEX,
    /** RFC 6134 §2.2: keys are names of lists. */
    LIST,
    /** RFC 5231 §4.1. */
    VALUE,
    /** RFC 5231 §4.2. */
    COUNT
  }

  /** RFC 5231 §4. */
  enum Relation {
    GT,
    GE,
    LT,
    LE,
    EQ,
    NE;

    boolean holds(int comparison) {
      return switch (this) {
        case GT -> comparison > 0;
        case GE -> comparison >= 0;
        case LT -> comparison < 0;
        case LE -> comparison <= 0;
        case EQ -> comparison == 0;
        case NE -> comparison != 0;
      };
    }
  }
}
