package hikyaku.protocol.sieve;

/** A run that cannot go on. The message is a sentence for the script's author. */
final class RunException extends Exception {
  private final int line;

  RunException(int line, String sentence) {
    super(sentence);
    this.line = line;
  }

  int line() {
    return line;
  }
}
