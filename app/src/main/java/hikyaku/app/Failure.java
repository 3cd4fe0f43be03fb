package hikyaku.app;

/** What was asked for cannot be done. The message is a sentence that says what to do. */
public final class Failure extends Exception {
  public Failure(String sentence) {
    super(sentence);
  }

  public Failure(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
