package hikyaku.app.config;

import java.time.Duration;

/**
 * What is tidied up while the node runs.
 *
 * @param sweepEvery how often message content that no mailbox names any more is taken away
 * @param sweepGrace how long such content is kept. A day: far longer than a delivery may take
 *     between writing content and naming it
 * @param compactEvery how often mailboxes that have changed much are given a snapshot and rid of
 *     what is dead
 * @param changesKept how long the feed of changes, from which backups and replicas read, goes back
 */
public record Housekeeping(
    Duration sweepEvery, Duration sweepGrace, Duration compactEvery, Duration changesKept) {
  public static final Housekeeping DEFAULTS =
      new Housekeeping(
          Duration.ofHours(6), Duration.ofDays(1), Duration.ofHours(1), Duration.ofDays(14));

  public Housekeeping {
    if (sweepGrace.compareTo(Duration.ofHours(1)) < 0) {
      throw new IllegalArgumentException(
          "housekeeping.sweep-grace must be an hour at least, or mail under way could be lost");
    }
  }
}
