package hikyaku.protocol.sieve;

/** A token of RFC 5228 §8.1. */
sealed interface Token {
  Position at();

  /**
   * A word.
   *
   * @param name in lower case
   */
  record Identifier(Position at, String name) implements Token {}

  /**
   * A word behind a colon.
   *
   * @param name in lower case, without the colon
   */
  record Tag(Position at, String name) implements Token {}

  record Number(Position at, long value) implements Token {}

  /** A string, quoted or over several lines, unquoted. */
  record Text(Position at, String value) implements Token {}

  /** One of {@code ; , [ ] ( ) { }}. */
  record Sign(Position at, char sign) implements Token {}

  /** Behind the last. */
  record End(Position at) implements Token {}
}
