package hikyaku.server.sending;

import hikyaku.server.directory.Address;
import java.time.Duration;
import java.util.OptionalLong;

/** How many recipients at other servers accounts may send to. May change at any time. */
public interface Allowance {
  /** The windows for which there are limits. */
  enum Window {
    HOUR(Duration.ofHours(1)),
    DAY(Duration.ofDays(1));

    private final Duration length;

    Window(Duration length) {
      this.length = length;
    }

    public Duration length() {
      return length;
    }
  }

  /** As many as they like. */
  Allowance UNLIMITED = (_, _) -> OptionalLong.empty();

  /** The most for an account, by the address it was made with; nothing for no limit. */
  OptionalLong most(Address account, Window window);
}
