package hikyaku.server.filter;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.filter.proto.MemoryEvent;
import hikyaku.server.filter.proto.MemorySnapshot;
import hikyaku.server.filter.proto.Remembered;
import hikyaku.server.filter.proto.SentSpan;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What an account's scripts know of runs before, as of one sequence of its log: whom they answered,
 * which messages came, how much they sent. Immutable.
 */
final class Memory {
  /**
   * Things of one kind. Of more, those go first that count the shortest; others stay, so that who
   * sends many messages does not have answers given twice.
   */
  static final int MOST = 20_000;

  static final Memory NONE = new Memory(0, Map.of(), new TreeMap<>());

  /** What times of mails are rounded to that count for the day alone. */
  private static final Duration SPAN = Duration.ofMinutes(10);

  private static final long SPANS_OF_A_DAY = ScriptAllowance.DAY.dividedBy(SPAN);

  private static final int DIGEST_OCTETS = 16;

  private enum Kind {
    SEEN,
    TOLD,
    SENT;

    static Kind of(Remembered each) {
      return each.getSent() ? SENT : each.getTold() ? TOLD : SEEN;
    }
  }

  private final long seq;
  private final Map<ByteString, Remembered> byWhat;

  /** How many mails were sent in spans of time, but for those that are remembered one by one. */
  private final NavigableMap<Long, Integer> spans;

  private Memory(long seq, Map<ByteString, Remembered> byWhat, NavigableMap<Long, Integer> spans) {
    this.seq = seq;
    this.byWhat = Collections.unmodifiableMap(byWhat);
    this.spans = Collections.unmodifiableNavigableMap(spans);
  }

  long seq() {
    return seq;
  }

  int size() {
    return byWhat.size() + spans.size();
  }

  /** The name of something to remember, by what makes it what it is. */
  static ByteString what(String... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : parts) {
        byte[] octets = part.getBytes(StandardCharsets.UTF_8);
        digest.update((octets.length + ":").getBytes(StandardCharsets.UTF_8));
        digest.update(octets);
      }
      return ByteString.copyFrom(digest.digest(), 0, DIGEST_OCTETS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The name of a message that came (RFC 7352 §3). */
  static ByteString seen(String handle, String id) {
    return what("seen", handle, id);
  }

  /** Whether something counts, whichever attempt brought it. */
  boolean knows(ByteString what, Instant now) {
    Remembered known = byWhat.get(what);
    return known != null && known.getUntil() > now.toEpochMilli();
  }

  /**
   * Until when something counts that another attempt brought.
   *
   * @param attempt the one that asks
   */
  Optional<Instant> until(ByteString what, Instant now, String attempt) {
    return Optional.ofNullable(byWhat.get(what))
        .filter(each -> each.getUntil() > now.toEpochMilli() && !each.getAttempt().equals(attempt))
        .map(each -> Instant.ofEpochMilli(each.getUntil()));
  }

  /** How many mails count that other attempts sent. */
  int sent(Instant now, String attempt) {
    return (int)
        byWhat.values().stream()
            .filter(each ->
                each.getSent()
                    && each.getUntil() > now.toEpochMilli()
                    && !each.getAttempt().equals(attempt))
            .count();
  }

  /** The same for a day; times before the last hour are rounded. */
  long sentInDay(Instant now, String attempt) {
    Instant from = now.minus(ScriptAllowance.DAY);
    long oneByOne =
        byWhat.values().stream()
            .filter(each ->
                each.getSent() && at(each).isAfter(from) && !each.getAttempt().equals(attempt))
            .count();
    return oneByOne
        + spans.tailMap(span(from), true).values().stream().mapToLong(Integer::longValue).sum();
  }

  /** When a mail was sent. */
  private static Instant at(Remembered sent) {
    return Instant.ofEpochMilli(sent.getUntil()).minus(SieveSettings.COUNTED);
  }

  private static long span(Instant time) {
    return Math.floorDiv(time.toEpochMilli(), SPAN.toMillis());
  }

  /** Counts a mail by the span of its time from now on. */
  private static void count(Remembered gone, Map<Long, Integer> spans) {
    if (gone.getSent()) {
      spans.merge(span(at(gone)), 1, Integer::sum);
    }
  }

  /** Goes on with entries that follow. */
  Memory fold(List<Entry> entries) {
    Map<ByteString, Remembered> all = new LinkedHashMap<>(byWhat);
    NavigableMap<Long, Integer> counts = new TreeMap<>(spans);
    long at = seq;
    for (Entry entry : entries) {
      if (entry.seq() != at + 1) {
        throw new StoreException.Corrupt("entry " + entry.seq() + " does not follow " + at, null);
      }
      at = entry.seq();
      try {
        MemoryEvent.parseFrom(entry.payload())
            .getRememberedList()
            .forEach(each -> all.put(each.getWhat(), each));
      } catch (InvalidProtocolBufferException e) {
        throw new StoreException.Corrupt("memory entry " + entry.seq() + " makes no sense", e);
      }
    }
    if (all.size() > MOST) {
      all.values().stream()
          .collect(Collectors.groupingBy(Kind::of))
          .values()
          .forEach(kind -> makeRoom(kind, all, counts));
    }
    if (!entries.isEmpty()) {
      counts.headMap(span(entries.getLast().time()) - SPANS_OF_A_DAY, false).clear();
    }
    return new Memory(at, all, counts);
  }

  private static void makeRoom(
      List<Remembered> kind, Map<ByteString, Remembered> all, Map<Long, Integer> counts) {
    kind.stream()
        .sorted(Comparator.comparingLong(Remembered::getUntil))
        .limit(Math.max(0, kind.size() - MOST))
        .forEach(each -> {
          all.remove(each.getWhat());
          count(each, counts);
        });
  }

  /** Without what counts no longer; of mails it tells how many there were in the day. */
  Snapshot snapshot(Instant now) {
    MemorySnapshot.Builder record = MemorySnapshot.newBuilder();
    NavigableMap<Long, Integer> counts = new TreeMap<>(spans);
    for (Remembered each : byWhat.values()) {
      if (each.getUntil() > now.toEpochMilli()) {
        record.addRemembered(each);
      } else {
        count(each, counts);
      }
    }
    counts
        .tailMap(span(now) - SPANS_OF_A_DAY, true)
        .forEach((number, mails) ->
            record.addSpans(SentSpan.newBuilder().setNumber(number).setMails(mails)));
    return new Snapshot(seq, record.build().toByteString());
  }

  static Memory of(Snapshot snapshot) {
    try {
      Map<ByteString, Remembered> all = new LinkedHashMap<>();
      NavigableMap<Long, Integer> counts = new TreeMap<>();
      MemorySnapshot record = MemorySnapshot.parseFrom(snapshot.state());
      record.getRememberedList().forEach(each -> all.put(each.getWhat(), each));
      record.getSpansList().forEach(each -> counts.put(each.getNumber(), each.getMails()));
      return new Memory(snapshot.seq(), all, counts);
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "memory snapshot at " + snapshot.seq() + " makes no sense", e);
    }
  }
}
