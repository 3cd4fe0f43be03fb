package hikyaku.server.net;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Failures of ours that one cause brings to many sessions: a full disk fails every write, and a
 * line for each would fill what is left of it. Each cause gets one line in a while, which says how
 * many were held back since the last; at level DEBUG all are told, with their stacks. Metrics count
 * them all.
 */
public final class FailureLog {
  private static final Logger LOG = LoggerFactory.getLogger(FailureLog.class);

  /** How often one cause gets a line. */
  static final Duration EVERY = Duration.ofSeconds(30);

  /** Causes told apart; the one unseen for longest is forgotten. */
  private static final int CAUSES = 1_000;

  private final LongSupplier nanoTime;

  private final Map<String, Told> causes =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Told> eldest) {
          return size() > CAUSES;
        }
      };

  private static final class Told {
    long at;
    long heldBack;
  }

  public FailureLog() {
    this(System::nanoTime);
  }

  FailureLog(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * Writes the line, unless one of the same cause was written a moment ago.
   *
   * @param line without message and cause
   */
  public void write(LoggingEventBuilder line, String message, Throwable failure) {
    LOG.atDebug().setCause(failure).log(message);
    String cause = String.valueOf(failure.getMessage());
    long heldBack = admit(cause);
    if (heldBack < 0) {
      return;
    }
    LoggingEventBuilder whole = line.addKeyValue("cause", cause);
    if (heldBack > 0) {
      whole = whole.addKeyValue("heldBack", heldBack);
    }
    whole.log(message);
  }

  /** How many were held back since the last line, or -1 if this one is held back too. */
  private synchronized long admit(String cause) {
    long now = nanoTime.getAsLong();
    Told told = causes.get(cause);
    if (told == null) {
      told = new Told();
      causes.put(cause, told);
    } else if (now - told.at < EVERY.toNanos()) {
      told.heldBack++;
      return -1;
    }
    told.at = now;
    long heldBack = told.heldBack;
    told.heldBack = 0;
    return heldBack;
  }
}
