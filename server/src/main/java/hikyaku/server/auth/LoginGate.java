package hikyaku.server.auth;

import hikyaku.server.directory.Address;

/**
 * The last say on a login that was proven right: whether there is room for one more, beyond {@link
 * SessionLimits}. May park the calling virtual thread for seconds.
 */
@FunctionalInterface
public interface LoginGate {
  /** Lets everybody in. */
  LoginGate OPEN = (_, _) -> new Answer.Admitted(() -> {});

  /**
   * Asks for a session.
   *
   * @param session its id
   * @param account the account's primary address
   */
  Answer enter(String session, Address account);

  /** How many nodes are known to let sessions in, this one included. */
  default int nodes() {
    return 1;
  }

  /** What the gate says. */
  sealed interface Answer {
    /**
     * It may.
     *
     * @param lease to close when the session ends
     */
    record Admitted(LoginLease lease) implements Answer {}

    /**
     * The account, or its domain, has as many sessions as it may: {@link
     * LoginResult.TooManySessions}.
     */
    record TooMany() implements Answer {}

    /** Too many want to log in just now: {@link LoginResult.Unavailable}. */
    record NotNow() implements Answer {}
  }
}
