package hikyaku.app;

import java.util.Properties;

/**
 * How the platform learns that a socket of a virtual thread has input. It has two ways. By the
 * usual one a thread tells a virtual thread of the platform's, which tells the session's: a command
 * of a client that waits for each answer costs two turns of the scheduler, and half as much
 * processor time again. By the other one the first thread tells the session itself.
 */
final class Pollers {
  private static final String MODE = "jdk.pollerMode";
  private static final String DIRECT = "1";

  /**
   * The feature release with which this was tried. The property is not the language's: where its
   * value cannot be understood, no socket can be waited for, and the node does not start.
   */
  private static final int TRIED = 25;

  private Pollers() {}

  /** To be called before any virtual thread reads from a socket. */
  static void choose() {
    choose(Runtime.version().feature(), System.getProperties());
  }

  /** What was set otherwise stays. */
  static void choose(int release, Properties properties) {
    if (release == TRIED) {
      properties.putIfAbsent(MODE, DIRECT);
    }
  }
}
