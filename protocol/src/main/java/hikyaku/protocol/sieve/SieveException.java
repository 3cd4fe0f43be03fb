package hikyaku.protocol.sieve;

/** A script that is not valid. The message is a sentence for its author, without the place. */
public final class SieveException extends Exception {
  private final transient Position at;

  SieveException(Position at, String sentence) {
    super(sentence);
    this.at = at;
  }

  /** Where in the script. */
  public Position at() {
    return at;
  }

  /** Place and sentence. */
  public String told() {
    return at + ": " + getMessage();
  }
}
