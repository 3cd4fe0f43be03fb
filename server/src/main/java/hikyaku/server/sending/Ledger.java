package hikyaku.server.sending;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.sending.proto.SendingEvent;
import hikyaku.server.sending.proto.SendingRecord;
import hikyaku.server.sending.proto.SpanRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What an account has sent, as of one sequence of its log. Time is counted in spans, so that an
 * account has as many numbers as there were spans in which it sent, whatever it sent. Immutable.
 */
public final class Ledger {
  /** For how many days counts are kept. */
  static final int DAYS = 7;

  /** What times are rounded to. */
  static final Duration SPAN = Duration.ofMinutes(10);

  static final Ledger NONE = new Ledger(0, new TreeMap<>(), "", 0, 0);

  private static final long SPANS_OF_AN_HOUR = Duration.ofHours(1).dividedBy(SPAN);
  private static final long SPANS_KEPT = Duration.ofDays(DAYS).dividedBy(SPAN);

  private final long seq;
  private final NavigableMap<Long, Counts> spans;
  private final String stopped;
  private final long stoppedMillis;
  private final long resumedMillis;

  private record Counts(long sent, long failed) {
    static final Counts NONE = new Counts(0, 0);

    Counts plus(long moreSent, long moreFailed) {
      return new Counts(sent + moreSent, failed + moreFailed);
    }
  }

  private Ledger(
      long seq,
      NavigableMap<Long, Counts> spans,
      String stopped,
      long stoppedMillis,
      long resumedMillis) {
    this.seq = seq;
    this.spans = Collections.unmodifiableNavigableMap(spans);
    this.stopped = stopped;
    this.stoppedMillis = stoppedMillis;
    this.resumedMillis = resumedMillis;
  }

  private static long span(long millis) {
    return Math.floorDiv(millis, SPAN.toMillis());
  }

  long seq() {
    return seq;
  }

  /** How much memory it takes, in numbers. */
  int size() {
    return spans.size();
  }

  /** Why the account sends nothing, for people; nothing while it may send. */
  public Optional<String> stopped() {
    return stopped.isEmpty() ? Optional.empty() : Optional.of(stopped);
  }

  /** When it was stopped last. */
  public Optional<Instant> stoppedAt() {
    return stoppedMillis == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(stoppedMillis));
  }

  /** Recipients of so much time up to now, at least. */
  public long sent(Duration window, Instant now) {
    return recent(window, now).mapToLong(Counts::sent).sum();
  }

  /** The same for those that failed. */
  public long failed(Duration window, Instant now) {
    return recent(window, now).mapToLong(Counts::failed).sum();
  }

  private java.util.stream.Stream<Counts> recent(Duration window, Instant now) {
    long from = span(now.toEpochMilli()) - window.dividedBy(SPAN);
    return spans.tailMap(from, true).values().stream();
  }

  /** What was counted since the account was let go, in the last hour. */
  private NavigableMap<Long, Counts> suspicious(Instant now) {
    long hour = span(now.toEpochMilli()) - SPANS_OF_AN_HOUR;
    // What is of the span in which it was let go was seen by whoever did it.
    return spans.tailMap(Math.max(hour, span(resumedMillis) + 1), true);
  }

  /** Recipients in the busiest hour before this one. */
  public long busiest(Instant now) {
    long last = span(now.toEpochMilli()) - SPANS_OF_AN_HOUR;
    long busiest = 0;
    for (long end : spans.headMap(last, false).keySet()) {
      long sum =
          spans.subMap(end - SPANS_OF_AN_HOUR + 1, true, end, true).values().stream()
              .mapToLong(Counts::sent)
              .sum();
      busiest = Math.max(busiest, sum);
    }
    return busiest;
  }

  /** Why somebody else may have the account's password, for people; nothing if nothing says so. */
  public Optional<String> suspicion(SendingSettings settings, Instant now) {
    if (!settings.watch() || !stopped.isEmpty()) {
      return Optional.empty();
    }
    NavigableMap<Long, Counts> hour = suspicious(now);
    long sent = hour.values().stream().mapToLong(Counts::sent).sum();
    long failed = hour.values().stream().mapToLong(Counts::failed).sum();
    if (settings.failing() > 0
        && failed > settings.failures()
        && failed * 100 >= Math.max(sent, failed) * settings.failing()) {
      return Optional.of(
          "%d of %d recipients in an hour were refused by their servers or given up"
              .formatted(failed, Math.max(sent, failed)));
    }
    if (settings.surge() > 0 && sent > settings.recipients()) {
      long busiest = busiest(now);
      if (sent >= settings.surge() * busiest) {
        return Optional.of(
            "%d recipients in an hour, and never more than %d in one of the last %d days"
                .formatted(sent, busiest, DAYS));
      }
    }
    return Optional.empty();
  }

  /** Goes on with entries that follow. */
  Ledger fold(List<Entry> entries) {
    NavigableMap<Long, Counts> all = new TreeMap<>(spans);
    long at = seq;
    String why = stopped;
    long stoppedAt = stoppedMillis;
    long resumedAt = resumedMillis;
    for (Entry entry : entries) {
      if (entry.seq() != at + 1) {
        throw new StoreException.Corrupt("entry " + entry.seq() + " does not follow " + at, null);
      }
      at = entry.seq();
      long time = entry.time().toEpochMilli();
      SendingEvent event = event(entry);
      switch (event.getEventCase()) {
        case SENT -> all.merge(span(time), Counts.NONE.plus(event.getSent(), 0), Ledger::sum);
        case FAILED -> all.merge(span(time), Counts.NONE.plus(0, event.getFailed()), Ledger::sum);
        case STOPPED -> {
          why = event.getStopped();
          stoppedAt = time;
        }
        case RESUMED -> {
          why = "";
          resumedAt = time;
        }
        case EVENT_NOT_SET -> {
          // Of a later version, or the log's beginning.
        }
      }
      all.headMap(span(time) - SPANS_KEPT, false).clear();
    }
    return new Ledger(at, all, why, stoppedAt, resumedAt);
  }

  private static Counts sum(Counts some, Counts more) {
    return some.plus(more.sent(), more.failed());
  }

  private static SendingEvent event(Entry entry) {
    try {
      return SendingEvent.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt("sending entry " + entry.seq() + " makes no sense", e);
    }
  }

  Snapshot snapshot() {
    SendingRecord.Builder record =
        SendingRecord.newBuilder()
            .setStopped(stopped)
            .setStoppedMillis(stoppedMillis)
            .setResumedMillis(resumedMillis);
    spans.forEach((number, counts) ->
        record.addSpans(
            SpanRecord.newBuilder()
                .setNumber(number)
                .setSent((int) Math.min(Integer.MAX_VALUE, counts.sent()))
                .setFailed((int) Math.min(Integer.MAX_VALUE, counts.failed()))));
    return new Snapshot(seq, record.build().toByteString());
  }

  static Ledger of(Snapshot snapshot) {
    try {
      SendingRecord record = SendingRecord.parseFrom(snapshot.state());
      NavigableMap<Long, Counts> spans = new TreeMap<>();
      for (SpanRecord span : record.getSpansList()) {
        spans.put(span.getNumber(), new Counts(span.getSent(), span.getFailed()));
      }
      return new Ledger(
          snapshot.seq(),
          spans,
          record.getStopped(),
          record.getStoppedMillis(),
          record.getResumedMillis());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "sending snapshot at " + snapshot.seq() + " makes no sense", e);
    }
  }
}
