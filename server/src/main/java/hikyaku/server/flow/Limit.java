package hikyaku.server.flow;

import java.util.Comparator;

/**
 * A limit.
 *
 * @param value how many, or how many a second; {@link #UNLIMITED} takes away what would be so by
 *     default
 * @param burst of a rate, how many may come at once after a rest
 */
public record Limit(Subject subject, Dimension dimension, long value, long burst) {
  public static final long UNLIMITED = Long.MAX_VALUE;

  /** In the order of their subjects. */
  static final Comparator<Limit> ORDER =
      Comparator.comparing((Limit limit) -> limit.subject.kind())
          .thenComparing(limit -> limit.subject.name())
          .thenComparing(Limit::dimension);

  public Limit {
    if (value < dimension.least()) {
      throw new IllegalArgumentException(
          "a limit on " + dimension.label() + " is " + dimension.least() + " at least");
    }
    if (burst < (dimension.isRate() ? 1 : 0)) {
      throw new IllegalArgumentException("a burst is 1 at least");
    }
    if (!dimension.isRate() && burst != 0) {
      throw new IllegalArgumentException(
          "only a rate has a burst; " + dimension.label() + " has none");
    }
    if (dimension.isOfAccounts() && subject.kind() != Subject.Kind.ACCOUNT) {
      throw new IllegalArgumentException(
          "only accounts have a limit on "
              + dimension.label()
              + "; account:*@example.org is the default of a domain's");
    }
  }

  /** With the burst that a rate has where nothing is said: that of five seconds. */
  public static Limit of(Subject subject, Dimension dimension, long value) {
    long burst =
        dimension.isRate()
            ? Math.max(1, Math.min(value, UNLIMITED / Dimension.BURST_SECONDS))
                * Dimension.BURST_SECONDS
            : 0;
    return new Limit(subject, dimension, value, burst);
  }

  public boolean isUnlimited() {
    return value == UNLIMITED;
  }

  /** As it is set and found: {@code account:* sessions}. */
  public String name() {
    return subject + " " + dimension.label();
  }
}
