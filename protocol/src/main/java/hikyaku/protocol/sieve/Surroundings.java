package hikyaku.protocol.sieve;

import java.time.Instant;
import java.time.ZoneId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a run can ask besides the message. */
public interface Surroundings {
  /** The time of the run. */
  Instant now();

  /** The zone of this server. */
  ZoneId zone();

  /** The characters that divide user and detail of an address (RFC 5233). */
  String separators();

  /** Whether a message can be put into this mailbox (RFC 5490 §3.1). */
  boolean mailboxExists(String name);

  /**
   * Whether a mailbox has a special use (RFC 8579 §3).
   *
   * @param mailbox null for any
   * @param use with its \, in any case
   */
  boolean hasSpecialUse(@Nullable String mailbox, String use);

  /** A fact by its name in lower case (RFC 5183 §4.1). */
  Optional<String> environment(String item);
}
