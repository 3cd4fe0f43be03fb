package hikyaku.app;

/**
 * How the platform learns that a socket of a virtual thread has input. It has two ways. By the
 * usual one a thread tells a virtual thread of the platform's, which tells the session's: a command
 * of a client that waits for each answer costs two turns of the scheduler, and half as much
 * processor time again. By the other one the first thread tells the session itself. One such thread
 * does for some processors, so there are as many as those need.
 */
final class Pollers {
  private static final String MODE = "jdk.pollerMode";
  private static final String READERS = "jdk.readPollers";
  private static final String DIRECT = "1";

  /** Processors for which one thread does: it takes a quarter of what sessions take, at most. */
  private static final int PROCESSORS = 4;

  private Pollers() {}

  /** To be called before any virtual thread reads from a socket. What was set otherwise stays. */
  static void choose() {
    if (System.getProperty(MODE) == null) {
      System.setProperty(MODE, DIRECT);
      System.setProperty(
          READERS, Integer.toString(readers(Runtime.getRuntime().availableProcessors())));
    }
  }

  /** How many threads, a power of two as the platform wants it. */
  static int readers(int processors) {
    return Integer.highestOneBit(Math.max(1, processors / PROCESSORS));
  }
}
