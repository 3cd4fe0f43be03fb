package hikyaku.server.lists;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * What was decided of a message that waited. The first that the list's log has counts.
 *
 * @param by who decided it, for people
 */
public record Decision(boolean accepted, String by, Instant at) {
  /** A sentence for whoever comes later, without its full stop. */
  public String told() {
    return by
        + (accepted ? " let this message through at " : " threw this message away at ")
        + at.truncatedTo(ChronoUnit.SECONDS);
  }
}
