package hikyaku.protocol.sieve;

/**
 * A place in a script, both numbers counted from 1.
 *
 * @param column in UTF-16 units of the line
 */
public record Position(int line, int column) {
  @Override
  public String toString() {
    return "line " + line + ", column " + column;
  }
}
