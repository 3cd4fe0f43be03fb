package hikyaku.server.front;

import java.time.Duration;

/**
 * How a front judges its nodes by what a client would see. A node that fares badly gets fewer new
 * sessions. One that fails gets none, and those it has go on elsewhere.
 *
 * @param enabled whether nodes are probed at all. Without it they differ by weight and by whether
 *     their link is there
 * @param interval the time between two looks at a node's link, and between two short dialogues with
 *     each of its services
 * @param userInterval the time between two runs of the synthetic user, who delivers a message to
 *     itself on the node, sees it arrive, reads it and takes it away: two or three writes to the
 *     store. {@code 0s} for none
 * @param timeout the longest time that a step of a probe may take; then it has failed
 * @param tolerated a step that takes no longer than this costs a node nothing, however fast the
 *     others are: in a fast cluster noise changes nothing. Beyond it a node loses weight as far as
 *     it is slower than three times the median of the others
 * @param failures after so many failures of one probe in a row a node gets no new sessions, as long
 *     as there is one that fares better
 * @param recoveries after so many successes of that probe in a row it gets some again
 */
public record HealthSettings(
    boolean enabled,
    Duration interval,
    Duration userInterval,
    Duration timeout,
    Duration tolerated,
    int failures,
    int recoveries) {
  public static final HealthSettings DEFAULTS =
      new HealthSettings(
          true,
          Duration.ofSeconds(2),
          Duration.ofSeconds(4),
          Duration.ofSeconds(2),
          Duration.ofMillis(200),
          2,
          3);

  public HealthSettings {
    if (!interval.isPositive() || !timeout.isPositive() || !tolerated.isPositive()) {
      throw new IllegalArgumentException(
          "health.interval, health.timeout and health.tolerated must be longer than nothing; to"
              + " switch probes off write enabled = false");
    }
    if (failures < 1 || recoveries < 1) {
      throw new IllegalArgumentException("health.failures and health.recoveries are at least 1");
    }
  }
}
