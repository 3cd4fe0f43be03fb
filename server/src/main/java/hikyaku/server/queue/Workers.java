package hikyaku.server.queue;

import java.security.SecureRandom;

/** The processes that work the queue of one store, each run by a name of its own. */
public interface Workers {
  /** The name of this run. */
  String self();

  /**
   * Whether another run may still be at work. One that has not been heard of for its lease is not.
   *
   * @param run its name, from a log
   */
  boolean isAlive(String run);

  /**
   * Whether this run can be sure that no other takes it for dead. Costs nothing, and is asked
   * before each message is handed over.
   */
  boolean isHeard();

  /**
   * Since when it could without a break, by {@link System#nanoTime}: what was known of claims
   * before need not be so any more.
   */
  long heardSince();

  /** Whether it is this run that should work a part, by a rule that all of them know. */
  boolean isMine(int part);

  /** The only process on its store. */
  static Workers alone() {
    long began = System.nanoTime();
    String self = "alone@" + Long.toHexString(new SecureRandom().nextLong());
    return new Workers() {
      @Override
      public String self() {
        return self;
      }

      @Override
      public boolean isAlive(String run) {
        return false;
      }

      @Override
      public boolean isHeard() {
        return true;
      }

      @Override
      public long heardSince() {
        return began;
      }

      @Override
      public boolean isMine(int part) {
        return true;
      }
    };
  }
}
