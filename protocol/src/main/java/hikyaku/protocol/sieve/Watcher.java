package hikyaku.protocol.sieve;

/** Is told what a run does, step by step. */
@FunctionalInterface
public interface Watcher {
  /** Hears nothing. */
  Watcher NONE = (line, sentence) -> {};

  /**
   * @param line of the script
   * @param sentence may hold parts of the message
   */
  void step(int line, String sentence);
}
