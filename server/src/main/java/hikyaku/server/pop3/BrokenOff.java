package hikyaku.server.pop3;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A multi-line response could not be finished. There is no reply for that (RFC 1939 §3): the
 * connection is cut before the final dot, so that the client cannot take what it has for the whole.
 */
final class BrokenOff extends IOException {
  BrokenOff(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
