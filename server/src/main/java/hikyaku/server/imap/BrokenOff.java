package hikyaku.server.imap;

import java.io.IOException;

/**
 * A response that had begun cannot be completed. The client waits for octets that will not come, so
 * nothing more can be said: the connection ends.
 */
final class BrokenOff extends IOException {
  BrokenOff(String message, Throwable cause) {
    super(message, cause);
  }
}
