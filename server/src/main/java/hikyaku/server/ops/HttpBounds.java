package hikyaku.server.ops;

import java.time.Duration;

/**
 * What all HTTP servers of the JDK in this process have in common. They read it once, so it has to
 * be said before the first of them is made.
 */
final class HttpBounds {
  /**
   * Connections at once to each server; more are closed without a word. Operators, their monitors
   * and people who leave a mailing list are few, and mail needs the descriptors.
   */
  private static final int CONNECTIONS = 200;

  /** The longest time for all of a request; its connection is closed then. */
  private static final Duration REQUEST = Duration.ofMinutes(2);

  private HttpBounds() {}

  static void set() {
    // Small answers must not wait for the acknowledgement of the one before.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    // The server of the JDK has neither limit by itself.
    System.setProperty("jdk.httpserver.maxConnections", Integer.toString(CONNECTIONS));
    System.setProperty("sun.net.httpserver.maxReqTime", Long.toString(REQUEST.toSeconds()));
  }
}
