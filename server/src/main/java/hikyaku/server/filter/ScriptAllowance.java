package hikyaku.server.filter;

import hikyaku.server.directory.Account;
import java.time.Duration;

/** How many mails the scripts of accounts may send. May change at any time. */
@FunctionalInterface
public interface ScriptAllowance {
  /** The windows for which it is asked. */
  Duration HOUR = Duration.ofHours(1);

  Duration DAY = Duration.ofDays(1);

  /** As many as they like. */
  ScriptAllowance UNLIMITED = (_, _) -> Long.MAX_VALUE;

  /**
   * The most in so much time, each recipient counted; 0 for an account that is stopped.
   *
   * @param window {@link #HOUR} or {@link #DAY}
   */
  long most(Account account, Duration window);
}
