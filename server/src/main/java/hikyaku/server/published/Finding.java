package hikyaku.server.published;

import java.util.List;

/**
 * A record that should be there, and what is.
 *
 * @param found what is published under the name, as far as it is of the kind
 * @param cause why it cannot be found out, or empty
 */
public record Finding(Wanted wanted, State state, List<String> found, String cause) {
  public Finding {
    found = List.copyOf(found);
  }

  /** What is published, compared with what should be. */
  public enum State {
    RIGHT,
    MISSING,
    /** Something else is there, or more than may be. */
    DIFFERS,
    /** DNS does not answer. */
    UNKNOWN
  }
}
