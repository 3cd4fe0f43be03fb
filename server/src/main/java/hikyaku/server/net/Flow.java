package hikyaku.server.net;

import java.net.InetAddress;
import java.time.Duration;

/**
 * Limits that reach further than one node's {@link NetLimits}: who else may come in, and how fast
 * those inside may go. Safe for use by many threads; nothing here waits, except {@link #pause}.
 */
public interface Flow {
  /** No limits. */
  Flow NONE = newcomer -> new Answer.Admitted(Passage.FREE, 0);

  /** Asks for a client that was let in by {@link NetLimits}. */
  Answer arrive(Newcomer newcomer);

  /** Has the calling session, and nobody else, wait for so many nanoseconds. */
  default void pause(long nanos) {
    try {
      Thread.sleep(Duration.ofNanos(nanos));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * A client at the door.
   *
   * @param listener by its name
   * @param moved whether another node had the session before: it is counted, and not refused
   */
  record Newcomer(
      String sessionId, String protocol, String listener, InetAddress remote, boolean moved) {}

  /** What becomes of a newcomer. */
  sealed interface Answer {
    /**
     * It may come in.
     *
     * @param passage to be told of what it does, up to its end
     * @param holdNanos how long it has to wait for its greeting
     */
    record Admitted(Passage passage, long holdNanos) implements Answer {}

    /**
     * It may not.
     *
     * @param reply what the client is told: {@link Refusal#ADDRESS} where it is its own doing, else
     *     one that says that the service is busy
     * @param limit which limit it was and how it stands, for the log
     */
    record Refused(Refusal reply, String limit) implements Answer {}
  }

  /** A session that was let in. Called by its own thread. */
  interface Passage {
    /** One that no limit applies to. */
    Passage FREE =
        new Passage() {
          @Override
          public void account(String address) {}

          @Override
          public void loggedOut() {}

          @Override
          public long command() {
            return 0;
          }

          @Override
          public long octets(long received, long sent) {
            return 0;
          }

          @Override
          public void end() {}
        };

    /** The client has logged in, now or on a node before. */
    void account(String address);

    /** The client has logged out, and stays. */
    void loggedOut();

    /** A command begins. Says for how many nanoseconds it has to wait; 0 nearly always. */
    long command();

    /**
     * So many octets have come and gone since the session began. Says for how many nanoseconds it
     * has to wait now; 0 nearly always.
     */
    long octets(long received, long sent);

    /** The session is over; told again, nothing happens. */
    void end();
  }
}
