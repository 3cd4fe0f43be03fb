package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;
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

  /**
   * An annotation as the user sees it (RFC 5490 §3.3, §4.1).
   *
   * @param mailbox null for the server's
   * @param entry such as {@code /private/comment}, in small letters
   * @return nothing if it has no value, or there is no such mailbox
   */
  Optional<String> annotation(@Nullable String mailbox, String entry);

  /** Whether a mailbox of the account has this id (RFC 9042 §6). */
  boolean mailboxIdExists(String id);

  /** The address that the user is known by. */
  MailAddress own();

  /** Whether mail for an address is the user's alone. */
  boolean isOwn(MailAddress address);

  /**
   * Whether a message came before (RFC 7352 §3).
   *
   * @param handle the name of the test
   * @param id what the message is known by
   */
  boolean seenBefore(String handle, String id);

  /**
   * A script that another one includes (RFC 6609 §3.2).
   *
   * @param global whether it is one for all, and not the user's own
   * @throws SieveException if it is not in order
   */
  Optional<Script> included(String name, boolean global) throws SieveException;

  /**
   * A list that is kept outside of scripts (RFC 6134).
   *
   * @param name a URI, written out ({@link ExternalList#named})
   * @return nothing if the user has no list of this name
   */
  Optional<ExternalList> list(String name);

  /** What the envelope of the message has beside addresses (RFC 6009 §4, §5). */
  DeliveryTerms terms();

  /** Where scanners have written down what they think of the message (RFC 5235). */
  ScannerFields scanned();

  /** A fact by its name in lower case (RFC 5183 §4.1). */
  Optional<String> environment(String item);
}
