package hikyaku.protocol.imap;

import java.time.OffsetDateTime;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks, one record per command. Mailbox names are Unicode with {@code INBOX} in one
 * spelling; flags have their usual spelling, keywords that of the client.
 *
 * <p>A component named {@code uid} tells the UID form of a command from the one by message number.
 */
public sealed interface Command {
  // -- any state

  record Capability() implements Command {}

  record Noop() implements Command {}

  record Logout() implements Command {}

  /** RFC 2971. An empty list stands for NIL. */
  record Id(List<Field> fields) implements Command {
    public Id {
      fields = List.copyOf(fields);
    }

    public record Field(String name, @Nullable String value) {}
  }

  /**
   * RFC 5255 §3.2.
   *
   * @param ranges in the client's order of liking; empty to ask what there is
   */
  record Language(List<String> ranges) implements Command {
    public Language {
      ranges = List.copyOf(ranges);
    }
  }

  // -- not authenticated

  record StartTls() implements Command {}

  /**
   * @param initialResponse base64 as written, {@code =} for an empty one, or null if there is none
   *     (RFC 4959)
   */
  record Authenticate(String mechanism, @Nullable String initialResponse) implements Command {
    @Override
    public String toString() {
      return "Authenticate[" + mechanism + "]";
    }
  }

  record Login(String user, String password) implements Command {
    @Override
    public String toString() {
      return "Login[]";
    }
  }

  // -- authenticated

  /** RFC 8437. */
  record Unauthenticate() implements Command {}

  /** RFC 5161. The names are in upper case. */
  record Enable(List<String> capabilities) implements Command {
    public Enable {
      capabilities = List.copyOf(capabilities);
    }
  }

  /**
   * SELECT and EXAMINE.
   *
   * @param condStore whether CONDSTORE was asked for (RFC 7162 §3.1.8); QRESYNC implies it
   */
  record Select(String mailbox, boolean readOnly, boolean condStore, @Nullable QResync qResync)
      implements Command {}

  /**
   * What a client knows of a mailbox (RFC 7162 §3.2.5.2).
   *
   * @param knownUids null if all UIDs up to the mailbox's next are known
   * @param knownNumbers message numbers paired with {@code numbersUids}; null if not given
   */
  record QResync(
      long uidValidity,
      long modSeq,
      @Nullable NumberSet knownUids,
      @Nullable NumberSet knownNumbers,
      @Nullable NumberSet numbersUids) {}

  /**
   * @param specialUse attributes asked for (RFC 6154 §3), in upper case with their backslash
   */
  record Create(String mailbox, List<String> specialUse) implements Command {
    public Create {
      specialUse = List.copyOf(specialUse);
    }
  }

  record Delete(String mailbox) implements Command {}

  record Rename(String from, String to) implements Command {}

  record Subscribe(String mailbox) implements Command {}

  record Unsubscribe(String mailbox) implements Command {}

  /** Which mailboxes LIST chooses (RFC 5258 §3.1, RFC 6154). */
  enum ListSelection {
    SUBSCRIBED,
    REMOTE,
    RECURSIVEMATCH,
    SPECIAL_USE
  }

  /** What LIST tells of them (RFC 5258 §3.2, RFC 6154, RFC 5819, RFC 8440, RFC 9590). */
  enum ListReturn {
    SUBSCRIBED,
    CHILDREN,
    SPECIAL_USE,
    STATUS,
    METADATA,
    MYRIGHTS
  }

  /**
   * LIST.
   *
   * @param extended whether any of the syntax of RFC 5258 was used
   * @param patterns those that a name can match; an empty one asks for the delimiter
   * @param status what STATUS responses are to tell; empty without {@link ListReturn#STATUS}
   * @param metadata which annotations are to be told; empty without {@link ListReturn#METADATA}
   */
  record ListMailboxes(
      boolean extended,
      Set<ListSelection> selection,
      String reference,
      List<String> patterns,
      Set<ListReturn> returns,
      Set<StatusItem> status,
      List<String> metadata)
      implements Command {
    public ListMailboxes {
      selection = Collections.unmodifiableSet(new TreeSet<>(selection));
      patterns = List.copyOf(patterns);
      returns = Collections.unmodifiableSet(new TreeSet<>(returns));
      status = Collections.unmodifiableSet(new TreeSet<>(status));
      metadata = List.copyOf(metadata);
    }
  }

  /**
   * LSUB; IMAP4rev1 only.
   *
   * @param pattern null if no name can match it
   */
  record Lsub(String reference, @Nullable String pattern) implements Command {}

  record Namespace() implements Command {}

  /** Kept in the order in which they are declared, which is the order of the response. */
  enum StatusItem {
    MESSAGES,
    RECENT,
    UIDNEXT,
    UIDVALIDITY,
    UNSEEN,
    DELETED,
    /** What an expunge would free, in octets (RFC 9208 §4.1.4). */
    DELETED_STORAGE,
    SIZE,
    HIGHESTMODSEQ,
    APPENDLIMIT,
    /** RFC 8474 §4.3; its value is no number. */
    MAILBOXID;

    String wire() {
      return name().replace('_', '-');
    }

    static Set<StatusItem> none() {
      return EnumSet.noneOf(StatusItem.class);
    }
  }

  record Status(String mailbox, Set<StatusItem> items) implements Command {}

  /** How far below an entry others are wanted as well (RFC 5464 §4.2.2). */
  enum Depth {
    NONE,
    CHILDREN,
    ALL
  }

  /**
   * GETMETADATA (RFC 5464 §4.2).
   *
   * @param mailbox empty for annotations of the server
   * @param entries at least one, in lower case
   * @param maxSize octets of the largest value that is wanted, or null
   */
  record GetMetadata(String mailbox, List<String> entries, Depth depth, @Nullable Long maxSize)
      implements Command {
    public GetMetadata {
      entries = List.copyOf(entries);
    }
  }

  /**
   * SETMETADATA (RFC 5464 §4.3).
   *
   * @param mailbox empty for annotations of the server
   * @param annotations at least one
   */
  record SetMetadata(String mailbox, List<Annotation> annotations) implements Command {
    public SetMetadata {
      annotations = List.copyOf(annotations);
    }
  }

  /**
   * An entry and its value.
   *
   * @param entry in lower case
   * @param value octets, one per char; null for none
   */
  record Annotation(String entry, @Nullable String value) {}

  /** RFC 9208 §4.1.1. The root is octets as the client sent them. */
  record GetQuota(String root) implements Command {}

  /** RFC 9208 §4.1.2. There need not be such a mailbox. */
  record GetQuotaRoot(String mailbox) implements Command {}

  /**
   * SETQUOTA (RFC 9208 §4.1.3): these limits and no others.
   *
   * @param root octets as the client sent them
   * @param limits each of another resource
   */
  record SetQuota(String root, List<QuotaLimit> limits) implements Command {
    public SetQuota {
      limits = List.copyOf(limits);
    }
  }

  /**
   * The limit of a resource.
   *
   * @param resource in upper case
   */
  record QuotaLimit(String resource, long limit) {}

  /** GETACL (RFC 4314 §3.3). */
  record GetAcl(String mailbox) implements Command {}

  /**
   * SETACL (RFC 4314 §3.1).
   *
   * @param identifier who, as the client spelled it
   * @param action what is done with the rights that there are
   * @param rights letters of rights, {@code c} and {@code d} among them
   */
  record SetAcl(String mailbox, String identifier, StoreAction action, String rights)
      implements Command {}

  /** DELETEACL (RFC 4314 §3.2). */
  record DeleteAcl(String mailbox, String identifier) implements Command {}

  /** LISTRIGHTS (RFC 4314 §3.4). */
  record ListRights(String mailbox, String identifier) implements Command {}

  /** MYRIGHTS (RFC 4314 §3.5). */
  record MyRights(String mailbox) implements Command {}

  /** APPEND, its messages already passed on by the reader. */
  record Append(String mailbox, List<AppendMessage> messages) implements Command {
    public Append {
      messages = List.copyOf(messages);
    }
  }

  /**
   * What APPEND says of a message.
   *
   * @param internalDate null for the time of arrival
   * @param parts what it is made of: one literal, or what stands behind CATENATE (RFC 4469)
   */
  record AppendMessage(
      List<String> flags, @Nullable OffsetDateTime internalDate, List<AppendPart> parts) {
    public AppendMessage {
      flags = List.copyOf(flags);
      parts = List.copyOf(parts);
    }
  }

  /** A part of a message that APPEND brings. */
  sealed interface AppendPart {
    /**
     * Octets that the client sends.
     *
     * @param size of them
     * @param literal8 whether they come as {@code ~{n}} (RFC 3516 §4.4)
     * @param utf8 whether they come as {@code UTF8 (~{n})} (RFC 9755 §4)
     */
    record Literal(long size, boolean literal8, boolean utf8) implements AppendPart {}

    /** Octets that are here already (RFC 4469 §3). */
    record Url(ImapUrl url) implements AppendPart {}
  }

  /**
   * REPLACE and UID REPLACE (RFC 8508), the message already passed on by the reader.
   *
   * @param replaced names one message
   */
  record Replace(boolean uid, SequenceSet replaced, String mailbox, AppendMessage message)
      implements Command {}

  record Idle() implements Command {}

  /**
   * NOTIFY (RFC 5465 §3.1).
   *
   * @param status whether the status of each mailbox is wanted now
   * @param groups in the order in which they count; empty for NONE
   */
  record Notify(Remembered remembered, boolean status, List<EventGroup> groups) implements Command {
    public Notify {
      groups = List.copyOf(groups);
    }
  }

  /**
   * Events that are wanted of some mailboxes.
   *
   * @param events empty for NONE
   * @param items what is wanted of a new message in the selected mailbox
   */
  record EventGroup(MailboxFilter filter, Set<NotifyEvent> events, List<FetchItem> items) {
    public EventGroup {
      events = Collections.unmodifiableSet(new TreeSet<>(events));
      items = List.copyOf(items);
    }

    public boolean has(NotifyEvent event) {
      return events.contains(event);
    }
  }

  /** NOTIFY with an event that there is not here. */
  record UnknownEvent() implements Command {}

  /**
   * RFC 4978.
   *
   * @param algorithm in upper case
   */
  record Compress(String algorithm) implements Command {}

  // -- selected

  record Check() implements Command {}

  record Close() implements Command {}

  record Unselect() implements Command {}

  /**
   * EXPUNGE, and UID EXPUNGE.
   *
   * @param uids null for EXPUNGE
   */
  record Expunge(@Nullable SequenceSet uids) implements Command {}

  /** What the results of a search are to be told as (RFC 4731, RFC 5182). */
  enum SearchReturn {
    MIN,
    MAX,
    ALL,
    COUNT,
    SAVE,
    /** RFC 6203 §4. */
    RELEVANCY
  }

  /**
   * What stands behind RETURN.
   *
   * @param options none of MIN, MAX, ALL, COUNT and SAVE only beside PARTIAL, UPDATE and CONTEXT;
   *     RETURN () is RETURN (ALL)
   * @param partial what PARTIAL wants, or null (RFC 9394 §3.1); never beside ALL
   * @param update whether the result is to be kept up to date, or null (RFC 5267 §4.3)
   */
  record Returns(
      Set<SearchReturn> options, @Nullable PartialRange partial, @Nullable Update update) {
    public Returns {
      options = Collections.unmodifiableSet(new TreeSet<>(options));
    }

    public boolean has(SearchReturn option) {
      return options.contains(option);
    }
  }

  /**
   * UPDATE.
   *
   * @param items what is wanted of a new message that is found (RFC 5465 §7)
   * @param search the whole command; null if it is too long to be remembered
   */
  record Update(List<FetchItem> items, @Nullable Remembered search) {
    public Update {
      items = List.copyOf(items);
    }
  }

  /** CANCELUPDATE (RFC 5267 §4.3.5). */
  record CancelUpdate(List<String> tags) implements Command {
    public CancelUpdate {
      tags = List.copyOf(tags);
    }
  }

  /**
   * SEARCH and UID SEARCH.
   *
   * @param returns null if there was no RETURN
   * @param charset whether CHARSET was given
   */
  record Search(boolean uid, @Nullable Returns returns, boolean charset, SearchKey key)
      implements Command {}

  /**
   * ESEARCH (RFC 7377): a search of many mailboxes, by UIDs.
   *
   * @param sources where to search; empty for the selected mailbox
   * @param returns null if there was no RETURN
   * @param charset whether CHARSET was given
   */
  record MultiSearch(
      Remembered remembered,
      List<MailboxFilter> sources,
      @Nullable Returns returns,
      boolean charset,
      SearchKey key)
      implements Command {
    public MultiSearch {
      sources = List.copyOf(sources);
    }
  }

  /**
   * SORT and UID SORT (RFC 5256 §3, RFC 5267 §3).
   *
   * @param returns null if there was no RETURN
   * @param order at least one; the first counts most
   * @param utf8 whether the charset was called UTF-8
   */
  record Sort(
      boolean uid, @Nullable Returns returns, List<SortKey> order, boolean utf8, SearchKey key)
      implements Command {
    public Sort {
      order = List.copyOf(order);
    }
  }

  /** How messages are gathered (RFC 5256 §3). */
  enum ThreadAlgorithm {
    ORDEREDSUBJECT,
    REFERENCES
  }

  /**
   * THREAD and UID THREAD.
   *
   * @param utf8 whether the charset was called UTF-8
   */
  record Threads(boolean uid, ThreadAlgorithm algorithm, boolean utf8, SearchKey key)
      implements Command {}

  /**
   * SEARCH, SORT and THREAD whose texts cannot be read, for nobody knows their charset.
   *
   * @param saves whether SAVE was asked for
   */
  record UnknownCharset(boolean saves) implements Command {}

  /**
   * FETCH and UID FETCH.
   *
   * @param changedSince mod-sequence of RFC 7162 §3.1.4.1, or null
   * @param vanished whether VANISHED was given (RFC 7162 §3.2.6)
   * @param partial which of the messages are wanted (RFC 9394 §3.4), or null
   */
  record Fetch(
      boolean uid,
      SequenceSet messages,
      List<FetchItem> items,
      @Nullable Long changedSince,
      boolean vanished,
      @Nullable PartialRange partial)
      implements Command {
    public Fetch {
      items = List.copyOf(items);
    }
  }

  /** What STORE does with its flags, and SETACL with its rights. */
  enum StoreAction {
    REPLACE,
    ADD,
    REMOVE
  }

  /**
   * STORE and UID STORE.
   *
   * @param unchangedSince mod-sequence of RFC 7162 §3.1.3, or null
   */
  record Store(
      boolean uid,
      SequenceSet messages,
      StoreAction action,
      boolean silent,
      List<String> flags,
      @Nullable Long unchangedSince)
      implements Command {
    public Store {
      flags = List.copyOf(flags);
    }
  }

  record Copy(boolean uid, SequenceSet messages, String mailbox) implements Command {}

  /** RFC 6851. */
  record Move(boolean uid, SequenceSet messages, String mailbox) implements Command {}
}
