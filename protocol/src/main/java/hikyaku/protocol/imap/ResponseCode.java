package hikyaku.protocol.imap;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What stands in brackets at the start of a reply's text (RFC 9051 §7.1). */
public sealed interface ResponseCode {
  /** Codes without arguments. */
  enum Plain implements ResponseCode {
    ALERT,
    ALREADYEXISTS,
    AUTHENTICATIONFAILED,
    AUTHORIZATIONFAILED,
    BADCHARSET,
    CANNOT,
    CLIENTBUG,
    CLOSED,
    COMPRESSIONACTIVE,
    CONTACTADMIN,
    CORRUPTION,
    EXPIRED,
    EXPUNGEISSUED,
    HASCHILDREN,
    INUSE,
    LIMIT,
    NOMODSEQ,
    NONEXISTENT,
    NOPERM,
    /** RFC 5465 §5.8. */
    NOTIFICATIONOVERFLOW,
    NOTSAVED,
    OVERQUOTA,
    PARSE,
    PRIVACYREQUIRED,
    READ_ONLY,
    READ_WRITE,
    SERVERBUG,
    TOOBIG,
    TRYCREATE,
    UIDNOTSTICKY,
    /** RFC 9586 §3. */
    UIDREQUIRED,
    UNAVAILABLE,
    UNKNOWN_CTE,
    USEATTR;

    String wire() {
      return name().replace('_', '-');
    }
  }

  /** RFC 4315 §3. */
  record AppendUid(long uidValidity, NumberSet uids) implements ResponseCode {}

  /** RFC 4315 §3. The n-th source UID became the n-th destination UID. */
  record CopyUid(long uidValidity, NumberSet source, NumberSet destination)
      implements ResponseCode {}

  /**
   * RFC 4469 §4.1.
   *
   * @param url as the client wrote it, in octets
   */
  record BadUrl(String url) implements ResponseCode {}

  record Capability(List<String> capabilities) implements ResponseCode {
    public Capability {
      capabilities = List.copyOf(capabilities);
    }
  }

  /** RFC 5267 §4.3.1: the search of this tag is not kept up to date. */
  record NoUpdate(String tag) implements ResponseCode {}

  /** RFC 5465 §3.1: an event that is not supported; the code names those that are. */
  record BadEvent() implements ResponseCode {}

  /** RFC 7162 §3.1.2.1. */
  record HighestModSeq(long modSeq) implements ResponseCode {}

  /** RFC 5464 §4.2.1: octets of the largest value that was wanted but for its size. */
  record MetadataLongEntries(long octets) implements ResponseCode {}

  /** RFC 5464 §4.3: the largest value that may be set. */
  record MetadataMaxSize(long octets) implements ResponseCode {}

  /** RFC 5464 §4.3: there are as many annotations as there may be. */
  record MetadataTooMany() implements ResponseCode {}

  /**
   * RFC 9738 §3.1: a command names more messages than one may deal with.
   *
   * @param messages so many it may
   * @param lowestUid of those that were dealt with, or null if that is not known
   */
  record MessageLimit(long messages, @Nullable Long lowestUid) implements ResponseCode {}

  /** RFC 8474 §4.1, §4.2. */
  record MailboxId(String id) implements ResponseCode {}

  /** RFC 7162 §3.1.3: the messages that a conditional STORE left alone. */
  record Modified(NumberSet numbers) implements ResponseCode {}

  /**
   * The flags that can be changed for good.
   *
   * @param newKeywords whether the client may make up keywords ({@code \*})
   */
  record PermanentFlags(List<String> flags, boolean newKeywords) implements ResponseCode {
    public PermanentFlags {
      flags = List.copyOf(flags);
    }
  }

  record UidNext(long uid) implements ResponseCode {}

  record UidValidity(long uidValidity) implements ResponseCode {}

  /** The number of the first message without {@code \Seen}; IMAP4rev1 only. */
  record Unseen(long number) implements ResponseCode {}
}
