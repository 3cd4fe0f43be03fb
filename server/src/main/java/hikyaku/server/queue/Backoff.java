package hikyaku.server.queue;

import java.util.random.RandomGenerator;

/** How long what has failed is left alone: twice as long each time, up to a longest. */
record Backoff(long firstMillis, long longestMillis, RandomGenerator random) {
  private static final int MOST_DOUBLINGS = 40;

  /** A part of the wait by which those that failed together come back apart. */
  private static final double SPREAD = 0.1;

  /**
   * @param failures in a row, at least one
   */
  long millis(int failures) {
    int doublings = Math.min(failures - 1, MOST_DOUBLINGS);
    double wait = Math.min((double) longestMillis, firstMillis * Math.pow(2, doublings));
    return Math.max(1, Math.round(wait * (1 + SPREAD * (2 * random.nextDouble() - 1))));
  }
}
