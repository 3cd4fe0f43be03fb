package hikyaku.app.transfer;

import java.time.Instant;
import java.util.List;

/**
 * A message on its way.
 *
 * @param content its octets, lines ending in CRLF as far as the sender kept to that
 * @param date when it arrived; of whole seconds
 * @param flags system flags with their backslash, and keywords
 */
record Letter(byte[] content, Instant date, List<String> flags) {
  Letter {
    flags = List.copyOf(flags);
  }
}
