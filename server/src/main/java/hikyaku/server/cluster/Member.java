package hikyaku.server.cluster;

import java.time.Instant;

/**
 * A node of the cluster, as others see it.
 *
 * @param identity what it said when it joined the last time
 * @param state how it stands
 * @param wish what the operator wants of it
 * @param lettingGo whether it has heard that it is to drain, and lets its sessions go
 * @param vitals how it fared when it was last heard of
 * @param seen when it was last heard of, by the store's clock
 */
public record Member(
    Identity identity, State state, Wish wish, boolean lettingGo, Vitals vitals, Instant seen) {
  /** How a node stands. */
  public enum State {
    /** It works. */
    UP,
    /** It works, and its sessions are to go elsewhere. */
    DRAINING,
    /** It has given no sign of life for its lease. */
    DOWN,
    /** It has stopped in order. */
    LEFT
  }

  public String name() {
    return identity.name();
  }

  /** Whether it is there at all. */
  public boolean isAlive() {
    return state == State.UP || state == State.DRAINING;
  }

  /** Whether fronts may give it new sessions. */
  public boolean takesSessions() {
    return state == State.UP && wish.weight() > 0;
  }

  public boolean has(Role role) {
    return identity.roles().contains(role);
  }
}
