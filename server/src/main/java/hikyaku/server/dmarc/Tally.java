package hikyaku.server.dmarc;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.dmarc.proto.Counted;
import hikyaku.server.dmarc.proto.DayRecord;
import hikyaku.server.dmarc.proto.DmarcEvent;
import hikyaku.server.dmarc.proto.DomainRecord;
import hikyaku.server.dmarc.proto.TallyRecord;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What was counted and told, as of one sequence of a part's log. Immutable from outside. */
final class Tally {
  /** Domains of a day that are kept of a part; mail of more is only counted. */
  static final int MOST_DOMAINS = 1_000;

  /** Days that are kept; what is counted for more is dropped with the oldest. */
  static final int MOST_DAYS = 10;

  /** Octets of policies and rows that are kept of a part. */
  static final long MOST_OCTETS = 2 << 20;

  static final Tally NONE = new Tally(0, Long.MIN_VALUE, new TreeMap<>(), 0);

  private final long seq;
  private final long closed;
  private final NavigableMap<Long, Day> days;
  private final long octets;

  private Tally(long seq, long closed, NavigableMap<Long, Day> days, long octets) {
    this.seq = seq;
    this.closed = closed;
    this.days = days;
    this.octets = octets;
  }

  /** One day. */
  static final class Day {
    private final NavigableMap<String, DomainTally> domains = new TreeMap<>();
    private long uncounted;

    private Day() {}

    private Day(Day other) {
      other.domains.forEach((domain, tally) -> domains.put(domain, new DomainTally(tally)));
      uncounted = other.uncounted;
    }

    /** By their names. */
    SortedMap<String, DomainTally> domains() {
      return Collections.unmodifiableSortedMap(domains);
    }

    /** Messages of domains that are not kept, as there were too many. */
    long uncounted() {
      return uncounted;
    }
  }

  long seq() {
    return seq;
  }

  /** How much memory it takes, in octets of what is in it. */
  int weight() {
    return Math.toIntExact(Math.min(Integer.MAX_VALUE, 1_000 + octets));
  }

  /** Days that are not closed, in days since 1970. */
  SortedMap<Long, Day> days() {
    return Collections.unmodifiableSortedMap(days);
  }

  /** Goes on with entries that follow. */
  Tally fold(List<Entry> entries) {
    Folding folding = new Folding(this);
    entries.forEach(folding::add);
    return new Tally(folding.at, folding.closed, folding.days, folding.octets);
  }

  /** The days while they change. */
  private static final class Folding {
    long at;
    long closed;
    final NavigableMap<Long, Day> days = new TreeMap<>();
    long octets;

    Folding(Tally from) {
      at = from.seq;
      closed = from.closed;
      octets = from.octets;
      from.days.forEach((day, what) -> days.put(day, new Day(what)));
    }

    void add(Entry entry) {
      if (entry.seq() != at + 1) {
        throw new StoreException.Corrupt("entry " + entry.seq() + " does not follow " + at, null);
      }
      at = entry.seq();
      DmarcEvent event = event(entry);
      switch (event.getEventCase()) {
        case COUNTED -> count(event.getCounted());
        case SENT -> {
          DomainTally domain = find(event.getSent().getDay(), event.getSent().getDomain());
          if (domain != null && !domain.finished()) {
            domain.sent().add(event.getSent().getAddress());
          }
        }
        case FINISHED -> {
          DomainTally domain = find(event.getFinished().getDay(), event.getFinished().getDomain());
          if (domain != null) {
            octets -= domain.octets();
            domain.finish();
            octets += domain.octets();
          }
        }
        case CLOSED -> close(event.getClosed());
        case EVENT_NOT_SET -> {
          // Of a later version, or the log's beginning.
        }
      }
    }

    private @Nullable DomainTally find(long day, String domain) {
      Day of = days.get(day);
      return of == null ? null : of.domains.get(domain);
    }

    private void count(Counted counted) {
      if (counted.getDay() <= closed) {
        return;
      }
      Day day = days.computeIfAbsent(counted.getDay(), _ -> new Day());
      if (days.size() > MOST_DAYS) {
        close(days.firstKey());
      }
      String name = counted.getPolicy().getDomain();
      DomainTally domain = day.domains.get(name);
      if (domain == null) {
        int size = counted.getPolicy().getSerializedSize();
        if (day.domains.size() >= MOST_DOMAINS || octets + size > MOST_OCTETS) {
          day.uncounted++;
          return;
        }
        domain = new DomainTally(counted.getPolicy());
        day.domains.put(name, domain);
        octets += size;
      }
      if (!domain.finished()) {
        octets += domain.count(counted.getPolicy(), counted.getRow(), MOST_OCTETS - octets);
      }
    }

    private void close(long day) {
      closed = Math.max(closed, day);
      Map<Long, Day> over = days.headMap(day, true);
      over.values()
          .forEach(each -> each.domains.values().forEach(domain -> octets -= domain.octets()));
      over.clear();
    }
  }

  private static DmarcEvent event(Entry entry) {
    try {
      return DmarcEvent.parseFrom(entry.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt("entry " + entry.seq() + " is no result of DMARC", e);
    }
  }

  Snapshot snapshot() {
    TallyRecord.Builder record = TallyRecord.newBuilder().setClosed(closed);
    days.forEach((number, day) -> {
      DayRecord.Builder of = DayRecord.newBuilder().setDay(number).setUncounted(day.uncounted);
      day.domains.values().forEach(domain -> of.addDomains(domain.record()));
      record.addDays(of);
    });
    return new Snapshot(seq, record.build().toByteString());
  }

  static Tally of(Snapshot snapshot) {
    try {
      TallyRecord record = TallyRecord.parseFrom(snapshot.state());
      NavigableMap<Long, Day> days = new TreeMap<>();
      long octets = 0;
      for (DayRecord each : record.getDaysList()) {
        Day day = new Day();
        day.uncounted = each.getUncounted();
        for (DomainRecord domain : each.getDomainsList()) {
          DomainTally tally = new DomainTally(domain);
          day.domains.put(domain.getPolicy().getDomain(), tally);
          octets += tally.octets();
        }
        days.put(each.getDay(), day);
      }
      return new Tally(snapshot.seq(), record.getClosed(), days, octets);
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(
          "snapshot at " + snapshot.seq() + " is no results of DMARC", e);
    }
  }
}
