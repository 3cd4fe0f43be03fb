package hikyaku.systemtests.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.Random;

/**
 * Calls on the service again and again. At a node it may be turned away and cut off; at the front
 * neither must happen.
 */
abstract class Caller implements Runnable {
  final Crew crew;
  final String name;

  /** Whether it goes by the front. */
  final boolean front;

  final Random random;

  /**
   * @param number even for one that goes by the front
   */
  Caller(Crew crew, String kind, int number) {
    this.crew = crew;
    this.name = kind + number;
    this.front = number % 2 == 0;
    this.random = crew.random(name);
  }

  /** A reply that says to come again. */
  static final class Later extends IOException {
    private static final long serialVersionUID = 1;

    Later(String reply) {
      super(reply);
    }
  }

  /** One call, from the connection to its end. */
  abstract void session(Route route) throws IOException, InterruptedException;

  /** How long a call waits for an answer. */
  final Duration patience() {
    return front ? Crew.FRONT_PATIENCE : Duration.ofSeconds(2 + random.nextInt(40));
  }

  @Override
  public final void run() {
    try {
      while (crew.works()) {
        Route route = front ? crew.routes().front() : crew.routes().node(random);
        try {
          session(route);
        } catch (Later e) {
          Finding.unless(!front, "refused by the front: " + e.getMessage());
          crew.refused(name, e.getMessage());
          Thread.sleep(100 + random.nextInt(400));
        } catch (IOException e) {
          if (front) {
            throw new Finding("a connection through the front ended", e);
          }
          crew.lost(name, e);
          Thread.sleep(random.nextInt(300));
        }
      }
    } catch (Throwable e) {
      crew.found(name, e);
    }
  }
}
