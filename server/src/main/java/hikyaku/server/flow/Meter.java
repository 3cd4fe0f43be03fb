package hikyaku.server.flow;

import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is known of one subject on this node. The counts are under {@link FlowControl}'s lock. */
final class Meter {
  final Subject subject;

  /** Sessions on this node. */
  int sessions;

  /** How many of them may still be in what their node before has told. */
  int moved;

  private final LongSupplier nanoTime;
  private double share = 1;
  private volatile Rules rules = Rules.UNKNOWN;

  /** What applies to the subject in one state of the limits. */
  record Rules(
      int epoch,
      @Nullable Limit sessions,
      @Nullable Rate arrivals,
      @Nullable Rate commands,
      @Nullable Rate received,
      @Nullable Rate sent) {
    static final Rules UNKNOWN = new Rules(-1, null, null, null, null, null);

    @Nullable Rate rate(Dimension dimension) {
      return switch (dimension) {
        case SESSIONS, RECIPIENTS_HOUR, RECIPIENTS_DAY -> null;
        case NEW -> arrivals;
        case COMMANDS -> commands;
        case RECEIVED -> received;
        case SENT -> sent;
      };
    }

    Stream<Rate> rates() {
      return Stream.of(arrivals, commands, received, sent)
          .<Rate>mapMulti((rate, take) -> {
            if (rate != null) {
              take.accept(rate);
            }
          });
    }
  }

  /** A limit on a rate, with the bucket of all who share it on this node. */
  record Rate(Limit limit, Bucket bucket) {
    void share(double share) {
      bucket.set(limit.value() * share, Math.max(1, limit.burst() * share));
    }
  }

  Meter(Subject subject, LongSupplier nanoTime) {
    this.subject = subject;
    this.nanoTime = nanoTime;
  }

  Rules rules(Limits limits) {
    Rules known = rules;
    return known.epoch() == limits.epoch ? known : renew(limits);
  }

  private synchronized Rules renew(Limits limits) {
    Rules before = rules;
    if (before.epoch() >= limits.epoch) {
      return before;
    }
    Rules renewed =
        new Rules(
            limits.epoch,
            limits.on(subject, Dimension.SESSIONS),
            rate(limits, Dimension.NEW, before),
            rate(limits, Dimension.COMMANDS, before),
            rate(limits, Dimension.RECEIVED, before),
            rate(limits, Dimension.SENT, before));
    rules = renewed;
    return renewed;
  }

  /** A bucket stays when its limit changes: nobody gains a burst by that. */
  private @Nullable Rate rate(Limits limits, Dimension dimension, Rules before) {
    Limit limit = limits.on(subject, dimension);
    if (limit == null) {
      return null;
    }
    Rate had = before.rate(dimension);
    Rate rate =
        new Rate(
            limit, had == null ? new Bucket(nanoTime, limit.value(), limit.burst()) : had.bucket());
    rate.share(share);
    return rate;
  }

  /** This node's part of the subject's rates, 0 to 1. */
  synchronized void share(double part) {
    if (part != share) {
      share = part;
      rules.rates().forEach(rate -> rate.share(part));
    }
  }

  /** Whether nothing would be lost if it were forgotten. */
  boolean isIdle() {
    return sessions == 0 && rules.rates().allMatch(rate -> rate.bucket().isFull());
  }

  /** Whether a rate of it had somebody wait in the last so many nanoseconds. */
  boolean isBusy(long nanos) {
    return rules.rates().anyMatch(rate -> rate.bucket().isBusy(nanos));
  }

  void tick() {
    rules.rates().forEach(rate -> rate.bucket().tick());
  }
}
