package hikyaku.protocol.sieve;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A test that was checked. */
sealed interface Test {
  int line();

  record Constant(int line, boolean value) implements Test {}

  record Not(int line, Test test) implements Test {}

  record AllOf(int line, List<Test> tests) implements Test {}

  record AnyOf(int line, List<Test> tests) implements Test {}

  /**
   * RFC 5228 §5.5.
   *
   * @param mime RFC 5703 §4.3; null for the message's header
   */
  record Exists(int line, @Nullable Mime mime, List<Template> headers) implements Test {}

  /** RFC 5228 §5.9. */
  record Size(int line, boolean over, long octets) implements Test {}

  /**
   * RFC 5228 §5.7.
   *
   * @param mime RFC 5703 §4.1; null for the message's header
   */
  record Header(
      int line,
      @Nullable Mime mime,
      Match match,
      Index index,
      List<Template> headers,
      List<Template> keys)
      implements Test {}

  /**
   * RFC 5228 §5.1.
   *
   * @param mime RFC 5703 §4.2; null for the message's header
   */
  record Address(
      int line,
      @Nullable Mime mime,
      Match match,
      AddressPart part,
      Index index,
      List<Template> headers,
      List<Template> keys)
      implements Test {}

  /**
   * RFC 5228 §5.4, RFC 6009 §5.
   *
   * @param part of addresses; null for all of them, and of what is no address
   * @param zone of times
   * @param known what the script can ask for
   */
  record Envelope(
      int line,
      Match match,
      @Nullable AddressPart part,
      Zone zone,
      Set<EnvelopePart> known,
      List<Template> fields,
      List<Template> keys)
      implements Test {}

  /** RFC 5229 §5. */
  record Text(int line, Match match, List<Template> sources, List<Template> keys) implements Test {}

  /**
   * RFC 5173.
   *
   * @param types for {@link BodyTransform#CONTENT}; empty otherwise
   */
  record Body(
      int line, Match match, BodyTransform transform, List<Template> types, List<Template> keys)
      implements Test {}

  /**
   * RFC 5232 §4.
   *
   * @param variables null for the flags of the run
   */
  record HasFlag(int line, Match match, @Nullable List<String> variables, List<Template> keys)
      implements Test {}

  /**
   * RFC 5260 §4 and §5.
   *
   * @param header null for the time of the run
   */
  record Date(
      int line,
      Match match,
      Zone zone,
      Index index,
      @Nullable Template header,
      Template part,
      List<Template> keys)
      implements Test {}

  /** RFC 5490 §3.1. */
  record MailboxExists(int line, List<Template> names) implements Test {}

  /**
   * RFC 8579 §3.
   *
   * @param mailbox that must have the uses; null for any
   */
  record SpecialUseExists(int line, @Nullable Template mailbox, List<Template> uses)
      implements Test {}

  /**
   * RFC 5490 §3.3, §4.1.
   *
   * @param mailbox whose annotation it is; null for the server's
   */
  record Metadata(
      int line, Match match, @Nullable Template mailbox, Template entry, List<Template> keys)
      implements Test {}

  /**
   * RFC 5490 §3.4, §4.2.
   *
   * @param mailbox whose annotations they are; null for the server's
   */
  record MetadataExists(int line, @Nullable Template mailbox, List<Template> entries)
      implements Test {}

  /** RFC 9042 §6. */
  record MailboxIdExists(int line, List<Template> ids) implements Test {}

  /**
   * RFC 7352 §3.
   *
   * @param header that has the id; null for Message-ID
   * @param id null for that of the header
   * @param seconds how long a message is known; null for the usual time
   */
  record Duplicate(
      int line,
      @Nullable Template handle,
      @Nullable Template header,
      @Nullable Template id,
      @Nullable Long seconds,
      boolean last)
      implements Test {}

  /** RFC 6134 §2.7. */
  record ValidExtList(int line, List<Template> names) implements Test {}

  /** RFC 5435 §4. */
  record ValidNotifyMethod(int line, List<Template> methods) implements Test {}

  /** RFC 5435 §5. */
  record NotifyMethodCapability(
      int line, Match match, Template method, Template capability, List<Template> keys)
      implements Test {}

  /** RFC 5235 §3.2. */
  record Spam(int line, Match match, boolean percent, Template value) implements Test {}

  /** RFC 5235 §3.3. */
  record Virus(int line, Match match, Template value) implements Test {}

  /** RFC 5183. */
  record Environment(int line, Match match, Template item, List<Template> keys) implements Test {}

  /** RFC 5228 §2.7.4, RFC 5233. */
  enum AddressPart {
    ALL,
    LOCALPART,
    DOMAIN,
    USER,
    DETAIL
  }

  /**
   * Headers of parts in place of the message's (RFC 5703 §4).
   *
   * @param anyChild whether the parts inside count too
   * @param parameters names, for {@link Aspect#PARAM}; empty otherwise
   */
  record Mime(boolean anyChild, Aspect aspect, List<Template> parameters) {}

  /** What is looked at of a field (RFC 5703 §4.1). */
  enum Aspect {
    WHOLE,
    TYPE,
    SUBTYPE,
    CONTENTTYPE,
    PARAM
  }

  /** RFC 5173 §5. */
  enum BodyTransform {
    RAW,
    CONTENT,
    TEXT
  }

  /**
   * Which of the fields of the names that a test has, counted in the order of the names (RFC 5260
   * §6).
   *
   * @param number from 1; 0 for all
   * @param last whether it counts from the end
   */
  record Index(int number, boolean last) {
    static final Index ALL = new Index(0, false);

    <T> List<T> of(List<T> fields) {
      if (number == 0) {
        return fields;
      }
      int at = last ? fields.size() - number : number - 1;
      return at >= 0 && at < fields.size() ? List.of(fields.get(at)) : List.of();
    }
  }

  /** In which zone a date is told (RFC 5260 §4.1). */
  sealed interface Zone {
    /** The one of this server. */
    record Local() implements Zone {}

    /** The one that the date has. */
    record Original() implements Zone {}

    /** Seconds east of UTC. */
    record Offset(int seconds) implements Zone {}
  }
}
