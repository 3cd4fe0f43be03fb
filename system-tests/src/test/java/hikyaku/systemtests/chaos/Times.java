package hikyaku.systemtests.chaos;

import java.util.Locale;

/** Moments of a course, in nanoseconds since it began, the same for all processes of it. */
record Times(long beganMillis) {
  /** Before everything. */
  static final long NEVER_BEFORE = Long.MIN_VALUE;

  /** Not yet. */
  static final long NOT_YET = Long.MAX_VALUE;

  private static final long STEADY = System.nanoTime();
  private static final long WALL_MILLIS = System.currentTimeMillis();

  /** Steady within a process; between processes it is right to a millisecond or so. */
  long now() {
    return System.nanoTime() - STEADY + (WALL_MILLIS - beganMillis) * 1_000_000L;
  }

  static String shown(long moment) {
    return moment == NOT_YET
        ? "-"
        : moment == NEVER_BEFORE ? "before" : String.format(Locale.ROOT, "%.3f", moment / 1e9);
  }
}
