package hikyaku.server.pop3;

import java.security.SecureRandom;

/** The processes that serve the accounts of one store, each run by a name of its own. */
public interface LiveNodes {
  /** The name of this run. */
  String self();

  /**
   * Whether another run may still have sessions. One that has not been heard of for its lease has
   * none.
   *
   * @param run its name, from a log
   */
  boolean isAlive(String run);

  /** The only process on its store. */
  static LiveNodes alone() {
    String self = "alone@" + Long.toHexString(new SecureRandom().nextLong());
    return new LiveNodes() {
      @Override
      public String self() {
        return self;
      }

      @Override
      public boolean isAlive(String run) {
        return false;
      }
    };
  }
}
