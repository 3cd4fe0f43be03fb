package hikyaku.server.queue;

import hikyaku.server.directory.Address;
import hikyaku.server.queue.QueueView.Filter;
import hikyaku.server.smtpclient.Route;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whether a message may be one that a {@link Filter} means, as far as memory knows it: no is
 * certain, yes is not. Asked under the lock that guards messages.
 */
final class Likely implements Predicate<Job.Message> {
  private final @Nullable Integer transaction;
  private final @Nullable Integer sender;
  private final @Nullable Integer account;
  private final long before;
  private final boolean heldOnly;

  private final @Nullable OfDomain recipient;
  private final @Nullable OfDomain domain;
  private final boolean certain;

  Likely(Filter filter) {
    transaction = filter.transaction() == null ? null : filter.transaction().hashCode();
    sender = filter.sender() == null ? null : folded(filter.sender());
    account = filter.account() == null ? null : filter.account().hashCode();
    before = filter.before() == null ? Long.MAX_VALUE : filter.before().toEpochMilli();
    heldOnly = filter.heldOnly();
    recipient = filter.recipient() == null ? null : OfDomain.of(filter.recipient());
    domain = filter.domain() == null ? null : OfDomain.of(filter.domain());
    certain =
        transaction == null
            && sender == null
            && account == null
            && filter.before() == null
            && recipient == null
            && domain == null
            && filter.reason() == null;
  }

  /** A number that is the same for texts that differ in case alone. */
  static int folded(String text) {
    return text.codePoints()
        .map(Character::toUpperCase)
        .map(Character::toLowerCase)
        .reduce(0, (sum, each) -> 31 * sum + each);
  }

  /** Whether all that is likely is meant, so that it need not be read to be counted. */
  boolean isCertain() {
    return certain;
  }

  /**
   * Whether it leaves anything out.
   *
   * @param limit how many messages are wanted
   */
  boolean chooses(int limit) {
    return heldOnly
        || before != Long.MAX_VALUE
        || transaction != null
        || sender != null
        || account != null
        || recipient != null
        || domain != null
        || (certain && limit < Integer.MAX_VALUE);
  }

  @Override
  public boolean test(Job.Message message) {
    return message.jobs.length > 0
        && (transaction == null || transaction == message.transaction)
        && (sender == null || sender == message.sender)
        && (account == null || account == message.whose)
        && message.arrived <= before
        && (!heldOnly || message.isHeld())
        && (recipient == null || recipient.test(message))
        && (domain == null || domain.test(message));
  }

  /** A number of the domain that all recipients have; 0 if they have several. */
  static short domain(List<Outgoing.To> recipients) {
    String first = recipients.getFirst().address().domain();
    boolean same =
        recipients.stream().allMatch(to -> to.address().domain().equalsIgnoreCase(first));
    return same ? numberOf(first) : 0;
  }

  /** Whether two spellings are of one domain. */
  static boolean isSame(String domain, String other) {
    return domain.equalsIgnoreCase(other) || spelled(domain).equals(spelled(other));
  }

  /** The one spelling of a domain: of one beyond ASCII, that in A-labels. */
  private static String spelled(String domain) {
    return domain.chars().allMatch(c -> c < 128)
        ? domain.toLowerCase(Locale.ROOT)
        : Address.canonicalDomain(domain).orElse(domain);
  }

  private static short numberOf(String domain) {
    int hash = folded(spelled(domain));
    short folded = (short) (hash ^ hash >>> Short.SIZE);
    return folded == 0 ? 1 : folded;
  }

  /**
   * Whether a message waits for somebody in a domain.
   *
   * @param number of the domain
   * @param destinations what its destination may be called
   */
  private record OfDomain(short number, Set<String> destinations) {
    /** By the part of an address behind its at sign, or a domain. */
    static OfDomain of(String written) {
      String name = written.substring(written.lastIndexOf('@') + 1);
      String lower = name.toLowerCase(Locale.ROOT);
      return new OfDomain(
          numberOf(name),
          Address.canonicalDomain(name)
              .map(canonical -> Stream.of(canonical, lower).collect(Collectors.toUnmodifiableSet()))
              .orElseGet(() -> Set.of(lower)));
    }

    /** What has recipients of several domains and goes by a server may be for any. */
    boolean test(Job.Message message) {
      if (message.domain != 0) {
        return message.domain == number;
      }
      return Arrays.stream(message.jobs)
          .map(job -> job.destination.route)
          .anyMatch(route ->
              !(route instanceof Route.Exchange(String name)) || destinations.contains(name));
    }
  }
}
