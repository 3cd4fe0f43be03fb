package hikyaku.protocol.imap;

import hikyaku.protocol.imap.Command.StatusItem;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Untagged responses that tell data (RFC 9051 §7.2-7.5), those of FETCH excepted, which {@link
 * FetchWriter} has. Mailbox names are Unicode.
 */
public sealed interface Data {
  record Capability(List<String> capabilities) implements Data {
    public Capability {
      capabilities = List.copyOf(capabilities);
    }
  }

  record Enabled(List<String> capabilities) implements Data {
    public Enabled {
      capabilities = List.copyOf(capabilities);
    }
  }

  record Exists(long messages) implements Data {}

  /** IMAP4rev1 only. */
  record Recent(long messages) implements Data {}

  record Expunge(long number) implements Data {}

  /**
   * RFC 7162 §3.2.10.
   *
   * @param earlier whether they went before the client asked
   */
  record Vanished(boolean earlier, NumberSet uids) implements Data {}

  /** The flags a mailbox knows. */
  record Flags(List<String> flags) implements Data {
    public Flags {
      flags = List.copyOf(flags);
    }
  }

  /**
   * LIST, and with {@code lsub} LSUB.
   *
   * @param attributes with their backslash
   * @param childInfo the selection options that children meet (RFC 5258 §4), or empty
   * @param oldName the name before a RENAME, or asked for in another form (RFC 9051 §7.3.1)
   */
  record Listed(
      boolean lsub,
      List<String> attributes,
      char delimiter,
      String name,
      List<String> childInfo,
      @Nullable String oldName)
      implements Data {
    public Listed {
      attributes = List.copyOf(attributes);
      childInfo = List.copyOf(childInfo);
    }
  }

  /** The answer to LIST with an empty pattern: the delimiter and the root's name. */
  record Delimiter(char delimiter) implements Data {}

  /**
   * STATUS.
   *
   * @param mailboxId null if it is not told (RFC 8474 §4.3)
   */
  record Status(String mailbox, Map<StatusItem, Long> values, @Nullable String mailboxId)
      implements Data {
    public Status {
      values = values.isEmpty() ? new EnumMap<>(StatusItem.class) : new EnumMap<>(values);
    }
  }

  /**
   * RFC 9208 §4.2.1.
   *
   * @param resources at least one
   */
  record Quota(String root, List<Resource> resources) implements Data {
    public Quota {
      resources = List.copyOf(resources);
    }
  }

  /**
   * One resource of a quota root.
   *
   * @param name an atom, as {@code STORAGE}
   */
  record Resource(String name, long usage, long limit) {}

  /** RFC 9208 §4.2.2. */
  record QuotaRoot(String mailbox, List<String> roots) implements Data {
    public QuotaRoot {
      roots = List.copyOf(roots);
    }
  }

  /**
   * SEARCH as IMAP4rev1 has it.
   *
   * @param modSeq the highest of the messages found (RFC 7162 §3.1.5), or null
   */
  record Found(NumberSet numbers, @Nullable Long modSeq) implements Data {}

  /**
   * ESEARCH (RFC 4731, RFC 5267, RFC 6203, RFC 7377, RFC 9394). Parts that are null are left out.
   *
   * @param where the mailbox, for a command that searches many (RFC 7377 §3)
   * @param all never empty
   * @param relevancy of each result, from 1 to 100; never empty
   */
  record FoundExtended(
      String tag,
      @Nullable Where where,
      boolean uid,
      @Nullable Long min,
      @Nullable Long max,
      @Nullable SequenceSet all,
      @Nullable Page partial,
      @Nullable Long count,
      @Nullable Long modSeq,
      @Nullable List<Integer> relevancy)
      implements Data {}

  /**
   * What has become of the results of a search (RFC 5267 §4.3.2): what is removed, and then what is
   * added, one run after the other.
   */
  record FoundUpdate(String tag, boolean uid, List<Run> removed, List<Run> added) implements Data {
    public FoundUpdate {
      removed = List.copyOf(removed);
      added = List.copyOf(added);
    }
  }

  /**
   * Results that follow each other.
   *
   * @param position of the first among the results, from 1; 0 where the order is the mailbox's
   */
  record Run(int position, SequenceSet numbers) {}

  /** A mailbox, and what its UIDs hold for. */
  record Where(String mailbox, long uidValidity) {}

  /**
   * The results that PARTIAL wanted.
   *
   * @param numbers null if there are none so far
   */
  record Page(PartialRange range, @Nullable SequenceSet numbers) {}

  /**
   * SORT.
   *
   * @param numbers in order
   * @param modSeq the highest of the messages found (RFC 7162 §3.1.6), or null
   */
  final class Sorted implements Data {
    private final long[] numbers;
    private final @Nullable Long modSeq;

    /** Takes the array. */
    public Sorted(long[] numbers, @Nullable Long modSeq) {
      this.numbers = numbers;
      this.modSeq = modSeq;
    }

    long[] numbers() {
      return numbers;
    }

    @Nullable Long modSeq() {
      return modSeq;
    }
  }

  /** THREAD. */
  record Threads(List<? extends MessageThread> threads) implements Data {}

  /**
   * Annotations of a mailbox, or of the server if its name is empty (RFC 5464 §4.4.1).
   *
   * @param annotations at least one
   */
  record Metadata(String mailbox, List<Command.Annotation> annotations) implements Data {
    public Metadata {
      annotations = List.copyOf(annotations);
    }
  }

  /**
   * Annotations that have changed, told unasked and without their values (RFC 5464 §4.4.2).
   *
   * @param mailbox empty for the server
   * @param entries at least one
   */
  record MetadataChanged(String mailbox, List<String> entries) implements Data {
    public MetadataChanged {
      entries = List.copyOf(entries);
    }
  }

  /** RFC 5255 §3.3: the language from now on, or those that there are. */
  record Language(List<String> tags) implements Data {
    public Language {
      tags = List.copyOf(tags);
    }
  }

  /**
   * ACL (RFC 4314 §3.6).
   *
   * @param rights letters by identifier
   */
  record Acl(String mailbox, SequencedMap<String, String> rights) implements Data {}

  /**
   * LISTRIGHTS (RFC 4314 §3.7).
   *
   * @param always rights that the identifier has whatever is set
   * @param others rights that may be given, each for itself
   */
  record ListedRights(String mailbox, String identifier, String always, List<String> others)
      implements Data {
    public ListedRights {
      others = List.copyOf(others);
    }
  }

  /** MYRIGHTS (RFC 4314 §3.8). */
  record MyRights(String mailbox, String rights) implements Data {}

  /**
   * A personal namespace without prefix, and one of other users; none is shared.
   *
   * @param others its prefix
   */
  record Namespace(char delimiter, String others) implements Data {}

  /** An empty list tells NIL. */
  record Id(List<Command.Id.Field> fields) implements Data {
    public Id {
      fields = List.copyOf(fields);
    }
  }
}
