package hikyaku.protocol.imap;

import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a message must be to be found (RFC 9051 §6.4.4). Texts are Unicode. */
public sealed interface SearchKey {
  /** Every message. */
  record All() implements SearchKey {}

  /** Every one of the keys holds; at least two. */
  record And(List<SearchKey> keys) implements SearchKey {
    public And {
      keys = List.copyOf(keys);
    }
  }

  record Or(SearchKey left, SearchKey right) implements SearchKey {}

  record Not(SearchKey key) implements SearchKey {}

  /** What is about what the key says (RFC 6203 §3). */
  record Fuzzy(SearchKey key) implements SearchKey {}

  /**
   * ANSWERED, UNSEEN, KEYWORD and their like.
   *
   * @param set whether the flag must be there, or must not
   */
  record Flag(String flag, boolean set) implements SearchKey {}

  /**
   * RECENT, OLD and NEW; IMAP4rev1 only.
   *
   * @param recent whether the message must have {@code \Recent}, or must not
   * @param unseen whether it must be without {@code \Seen} as well (NEW)
   */
  record Recent(boolean recent, boolean unseen) implements SearchKey {}

  /** By message number. */
  record Numbers(SequenceSet numbers) implements SearchKey {}

  record Uids(SequenceSet uids) implements SearchKey {}

  /**
   * UIDAFTER and UIDBEFORE (RFC 9738 §3.2).
   *
   * @param after whether UIDs must be greater than this one, or less
   */
  record UidBound(boolean after, long uid) implements SearchKey {}

  enum DateKind {
    /** The internal date, in the zone it was given with. */
    INTERNAL,
    /** The day of the Date field, its time and zone left out of account. */
    SENT,
    /** When it came into its mailbox, in UTC (RFC 8514). */
    SAVED
  }

  enum Relation {
    BEFORE,
    ON,
    SINCE
  }

  record Date(DateKind kind, Relation relation, LocalDate day) implements SearchKey {}

  /**
   * By how long ago a message came, as the server's clock has it (RFC 5032).
   *
   * @param younger whether at most so long, or at least
   * @param seconds at least 1
   */
  record Within(boolean younger, long seconds) implements SearchKey {}

  /** Larger than so many octets, or smaller. */
  record Size(boolean larger, long octets) implements SearchKey {}

  /**
   * BCC, CC, FROM, SUBJECT and TO: a field of the envelope that holds the text.
   *
   * @param name the key's
   * @param text empty for any message that has the field
   */
  record InEnvelope(String name, String text) implements SearchKey {}

  /**
   * A header field that holds the text.
   *
   * @param name in upper case
   * @param text empty for any message that has the field
   */
  record Header(String name, String text) implements SearchKey {}

  /** Header or body holds the text. */
  record AnyText(String text) implements SearchKey {}

  /** The body holds the text. */
  record Body(String text) implements SearchKey {}

  /** RFC 8474 §6; case counts. */
  record EmailId(String id) implements SearchKey {}

  /** RFC 8474 §6; case counts. */
  record ThreadId(String id) implements SearchKey {}

  /**
   * RFC 7162 §3.1.5. The entry is told by some clients and means nothing to a server that keeps one
   * mod-sequence per message.
   *
   * @param atLeast the least mod-sequence
   */
  record ModSeq(@Nullable String entry, long atLeast) implements SearchKey {}
}
