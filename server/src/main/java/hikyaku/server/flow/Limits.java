package hikyaku.server.flow;

import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All limits, as they stood at one moment. Never changed. */
final class Limits {
  /** Which state it is: another one for each change. */
  final int epoch;

  private final boolean loopbackExempt;
  private final Map<Subject, Map<Dimension, Limit>> bySubject = new HashMap<>();

  /**
   * @param loopbackExempt whether this machine itself has no limits by default
   */
  Limits(int epoch, Collection<Limit> limits, boolean loopbackExempt) {
    this.epoch = epoch;
    this.loopbackExempt = loopbackExempt;
    for (Limit limit : limits) {
      bySubject
          .computeIfAbsent(limit.subject(), _ -> new EnumMap<>(Dimension.class))
          .put(limit.dimension(), limit);
    }
  }

  boolean isEmpty() {
    return bySubject.isEmpty();
  }

  /** The limit that a subject has, its own or by default; null for none, even if it says so. */
  @Nullable Limit on(Subject subject, Dimension dimension) {
    Limit found = source(subject, dimension);
    return found == null || found.isUnlimited() ? null : found;
  }

  /** As {@link #on}, and where it says that there is none. */
  @Nullable Limit source(Subject subject, Dimension dimension) {
    if (bySubject.isEmpty()) {
      return null;
    }
    boolean ownOnly = loopbackExempt && subject.isLoopback();
    for (Subject source : subject.sources()) {
      Limit limit = bySubject.getOrDefault(source, Map.of()).get(dimension);
      if (limit != null) {
        return limit;
      }
      if (ownOnly) {
        return null;
      }
    }
    return null;
  }
}
