package hikyaku.server.front;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

/** What a front counts. */
public final class FrontMetrics {
  /** From the moment when a session has no node to the moment when another one has it. */
  final Timer afterLoss;

  final Timer afterLeaving;

  final Timer homewards;

  /** Times that a session was given to a node outside of where it belongs: nobody was up there. */
  final Counter astray;

  /** Sessions that ended because a repeated answer was not the same. */
  final Counter diverged;

  /** Sessions that ended because no node was to be had in time. */
  final Counter homeless;

  public FrontMetrics(MeterRegistry meters) {
    afterLoss = moves(meters, "lost");
    afterLeaving = moves(meters, "left");
    homewards = moves(meters, "home");
    astray =
        Counter.builder("hikyaku.front.astray")
            .description(
                "Times that a session was given to a node outside of the pool, or other than the node,"
                    + " that it belongs to, because none of it was up")
            .register(meters);
    diverged = failures(meters, "diverged");
    homeless = failures(meters, "homeless");
  }

  /** Sessions that another node took because theirs drained or stopped. */
  public long movedByLeaving() {
    return afterLeaving.count();
  }

  /** Sessions that another node took because theirs died, fell silent or failed. */
  public long movedByLoss() {
    return afterLoss.count();
  }

  /** Sessions that ended because they could not be carried on. */
  public long failed() {
    return (long) (diverged.count() + homeless.count());
  }

  Timer moves(String why) {
    return switch (why) {
      case "left" -> afterLeaving;
      case "home" -> homewards;
      default -> afterLoss;
    };
  }

  private static Timer moves(MeterRegistry meters, String why) {
    return Timer.builder("hikyaku.front.moves")
        .description("Sessions taken to another node, and how long they had none")
        .tag("why", why)
        .publishPercentiles(0.5, 0.99)
        .register(meters);
  }

  private static Counter failures(MeterRegistry meters, String why) {
    return Counter.builder("hikyaku.front.failures")
        .description("Sessions that could not be carried on")
        .tag("why", why)
        .register(meters);
  }
}
