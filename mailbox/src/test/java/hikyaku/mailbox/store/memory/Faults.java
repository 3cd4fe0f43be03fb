package hikyaku.mailbox.store.memory;

import hikyaku.mailbox.store.StoreException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Failures to order: makes calls of a {@link MemoryStore} throw {@link StoreException.Unavailable}.
 *
 * <p>A failure comes either before the call did anything or after it did everything, which are the
 * two things that a caller who meets {@code Unavailable} must be ready for.
 */
public final class Faults {
  /** What is being asked of the store. */
  public enum Call {
    APPEND,
    FIND,
    HEADS,
    READ,
    SNAPSHOT,
    SAVE_SNAPSHOT,
    COMPACT,
    RESTORE,
    DROP,
    LIST,
    CHANGES,
    TRIM_CHANGES,
    BLOB_CREATE,
    BLOB_WRITE,
    BLOB_FINISH,
    BLOB_OPEN,
    BLOB_READ,
    BLOB_LIST,
    SWEEP,
    VERIFY
  }

  /** On which side of the call's effect the failure lies. */
  public enum When {
    /** Nothing happened. */
    BEFORE,
    /** It happened, durably, but the caller is not told so. */
    AFTER
  }

  private record Rule(Predicate<Call> calls, When when) {}

  private final Deque<Rule> once = new ArrayDeque<>();
  private Optional<Rule> lasting = Optional.empty();
  private final AtomicLong thrown = new AtomicLong();

  /** Fails the next call of this kind. Several orders are served one after the other. */
  public synchronized void failNext(Call call, When when) {
    once.addLast(new Rule(call::equals, when));
  }

  /** Fails the next call of any kind. */
  public synchronized void failNext(When when) {
    once.addLast(new Rule(call -> true, when));
  }

  /** Fails every call for which the condition holds, until {@link #clear}. */
  public synchronized void failWhile(Predicate<Call> condition, When when) {
    lasting = Optional.of(new Rule(condition, when));
  }

  /** Withdraws every order. */
  public synchronized void clear() {
    once.clear();
    lasting = Optional.empty();
  }

  /** How many calls have been failed so far. */
  public long thrown() {
    return thrown.get();
  }

  <T> T around(Call call, Supplier<T> work) {
    Optional<When> fault = take(call);
    if (fault.isEmpty()) {
      return work.get();
    }
    thrown.incrementAndGet();
    if (fault.get() == When.AFTER) {
      T unused = work.get();
    }
    throw new StoreException.Unavailable(
        "ordered failure " + fault.get() + " " + call, /* cause= */ null);
  }

  private synchronized Optional<When> take(Call call) {
    Rule next = once.peekFirst();
    if (next != null && next.calls.test(call)) {
      once.removeFirst();
      return Optional.of(next.when);
    }
    return lasting.filter(rule -> rule.calls.test(call)).map(Rule::when);
  }
}
