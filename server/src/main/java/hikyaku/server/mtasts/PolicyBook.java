package hikyaku.server.mtasts;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Appended;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.mtasts.StsPolicy.Mode;
import hikyaku.server.mtasts.proto.FetchedPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Policies in the store: a log for each domain that has one, of which the last entry counts and the
 * others are let go of.
 */
final class PolicyBook {
  private static final String PREFIX = "mta-sts/";

  private final LogStore logs;

  PolicyBook(LogStore logs) {
    this.logs = logs;
  }

  /**
   * A policy and how it came.
   *
   * @param id as DNS had it
   * @param used when there last was mail for the domain, to about a day
   */
  record Held(String id, StsPolicy policy, Instant fetched, Instant used) {
    Instant expires() {
      return fetched.plus(policy.maxAge());
    }

    /** Whether half of its time is over, or so much that the next look may come too late. */
    boolean isAging(Instant now) {
      return now.isAfter(fetched.plus(policy.maxAge().dividedBy(2)));
    }
  }

  static LogName log(String domain) {
    return new LogName(PREFIX + domain);
  }

  static String domain(LogName log) {
    return log.value().substring(PREFIX.length());
  }

  Map<LogName, Head> page(@Nullable LogName after, int limit) {
    return logs.list(PREFIX, after, limit);
  }

  /** The last one, whether it still holds or not. */
  Optional<Held> look(String domain) {
    LogName log = log(domain);
    long head = logs.head(log).seq();
    if (head == 0) {
      return Optional.empty();
    }
    List<Entry> last = logs.read(log, head - 1, head, 1);
    // Another node may have dropped it just now.
    return last.stream().findFirst().map(PolicyBook::read);
  }

  /**
   * Keeps a policy; of several nodes that do so at one time one is let in.
   *
   * @return the one that is kept
   */
  Held put(String domain, Held held) {
    LogName log = log(domain);
    long head = logs.head(log).seq();
    Append append = new Append(log, List.of(event(held)), Append.Expect.at(head), null);
    if (!(logs.append(append) instanceof Appended done)) {
      return look(domain).orElse(held);
    }
    if (head > 0) {
      logs.saveSnapshot(log, new Snapshot(done.lastSeq(), ByteString.EMPTY));
      logs.compact(log, new long[] {head});
    }
    return held;
  }

  void drop(String domain) {
    logs.drop(log(domain));
  }

  private static Event event(Held held) {
    FetchedPolicy.Mode mode =
        switch (held.policy.mode()) {
          case NONE -> FetchedPolicy.Mode.NONE;
          case TESTING -> FetchedPolicy.Mode.TESTING;
          case ENFORCE -> FetchedPolicy.Mode.ENFORCE;
        };
    return Event.of(
        FetchedPolicy.newBuilder()
            .setId(held.id)
            .setMode(mode)
            .addAllMx(held.policy.mx())
            .setMaxAgeSeconds(held.policy.maxAge().toSeconds())
            .setFetchedMillis(held.fetched.toEpochMilli())
            .setUsedMillis(held.used.toEpochMilli())
            .build()
            .toByteString());
  }

  private static Held read(Entry entry) {
    try {
      FetchedPolicy record = FetchedPolicy.parseFrom(entry.payload());
      Mode mode =
          switch (record.getMode()) {
            case NONE -> Mode.NONE;
            case TESTING -> Mode.TESTING;
            case ENFORCE -> Mode.ENFORCE;
            case UNKNOWN, UNRECOGNIZED ->
                throw new StoreException.Corrupt("a policy of a mode that is not known", null);
          };
      return new Held(
          record.getId(),
          new StsPolicy(mode, record.getMxList(), Duration.ofSeconds(record.getMaxAgeSeconds())),
          Instant.ofEpochMilli(record.getFetchedMillis()),
          Instant.ofEpochMilli(record.getUsedMillis()));
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt("entry " + entry.seq() + " is no policy", e);
    }
  }
}
