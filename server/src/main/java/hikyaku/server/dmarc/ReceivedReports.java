package hikyaku.server.dmarc;

import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.mailbox.store.Append;
import hikyaku.mailbox.store.Entry;
import hikyaku.mailbox.store.Event;
import hikyaku.mailbox.store.FoldedLogs;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogFold;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.LogStore;
import hikyaku.mailbox.store.Snapshot;
import hikyaku.mailbox.store.StoreException;
import hikyaku.server.dmarc.proto.ReceivedEvent;
import hikyaku.server.dmarc.proto.ReceivedRecord;
import hikyaku.server.dmarc.proto.ReceivedReport;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SequencedMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What others report of our domains, the same for all nodes. Methods may throw {@link
 * StoreException}. Safe for use by many threads.
 */
public final class ReceivedReports {
  private static final String PREFIX = "dmarc-received/";

  /** Octets that are kept of a domain; beyond them the oldest reports are dropped. */
  static final long MOST_OCTETS = 4 << 20;

  /** Octets of folds that are held in memory. */
  private static final long CACHED = 8 << 20;

  private static final int PAGE = 100;
  private static final int SNAPSHOT_AFTER = 50;

  private static final LogFold<Kept> FOLD = new LogFold<>(Kept::seq, Kept::of, Kept::fold, PAGE);

  private final LogStore logs;
  private final FoldedLogs<Kept> kept;

  public ReceivedReports(LogStore logs) {
    this.logs = logs;
    this.kept =
        new FoldedLogs<>(
            logs,
            FOLD,
            Kept.NONE,
            each -> Math.toIntExact(each.octets() + 100),
            CACHED,
            this::tidy);
  }

  private void tidy(LogName log, Kept now) {
    kept.snapshotIfLong(log, now, SNAPSHOT_AFTER, now::snapshot);
  }

  /** The reports of one domain, from the oldest. Immutable. */
  private record Kept(long seq, List<ReceivedReport> reports, long octets) {
    static final Kept NONE = new Kept(0, List.of(), 0);

    Kept fold(List<Entry> entries) {
      Deque<ReceivedReport> all = new ArrayDeque<>(reports);
      long at = seq;
      long size = octets;
      for (Entry entry : entries) {
        if (entry.seq() != at + 1) {
          throw new StoreException.Corrupt("entry " + entry.seq() + " does not follow " + at, null);
        }
        at = entry.seq();
        ReceivedEvent event = event(entry);
        switch (event.getEventCase()) {
          case REPORT -> {
            ReceivedReport report = event.getReport();
            // Who is sent it twice, or later than the store remembers, has it once.
            if (all.stream().noneMatch(each -> isSame(each, report))) {
              all.add(report);
              size += report.getSerializedSize();
            }
          }
          case EXPIRED -> {
            while (!all.isEmpty() && all.getFirst().getCame() < event.getExpired()) {
              size -= all.removeFirst().getSerializedSize();
            }
          }
          case EVENT_NOT_SET -> {
            // Of a later version.
          }
        }
        while (size > MOST_OCTETS) {
          size -= all.removeFirst().getSerializedSize();
        }
      }
      return new Kept(at, List.copyOf(all), size);
    }

    private static boolean isSame(ReceivedReport some, ReceivedReport other) {
      return some.getId().equals(other.getId())
          && some.getOrganization().equals(other.getOrganization())
          && some.getAuthor().equals(other.getAuthor())
          && some.getBegin() == other.getBegin();
    }

    private static ReceivedEvent event(Entry entry) {
      try {
        return ReceivedEvent.parseFrom(entry.payload());
      } catch (InvalidProtocolBufferException e) {
        throw new StoreException.Corrupt("entry " + entry.seq() + " is no report of DMARC", e);
      }
    }

    Snapshot snapshot() {
      return new Snapshot(
          seq, ReceivedRecord.newBuilder().addAllReports(reports).build().toByteString());
    }

    static Kept of(Snapshot snapshot) {
      try {
        List<ReceivedReport> reports = ReceivedRecord.parseFrom(snapshot.state()).getReportsList();
        return new Kept(
            snapshot.seq(),
            List.copyOf(reports),
            reports.stream().mapToLong(ReceivedReport::getSerializedSize).sum());
      } catch (InvalidProtocolBufferException e) {
        throw new StoreException.Corrupt(
            "snapshot at " + snapshot.seq() + " is no reports of DMARC", e);
      }
    }
  }

  private static LogName log(String domain) {
    return new LogName(PREFIX + domain);
  }

  /**
   * Keeps a report. Durable when it returns; a repeat changes nothing.
   *
   * @param domain of ours that it is about
   */
  void keep(String domain, ReceivedReport report) {
    String name =
        String.join("\n", report.getAuthor(), report.getOrganization(), report.getId())
            + report.getBegin();
    String key = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
    append(domain, ReceivedEvent.newBuilder().setReport(report), key);
  }

  private void append(String domain, ReceivedEvent.Builder event, @Nullable String key) {
    LogStore.appendOrBegin(
        logs, Append.to(log(domain), List.of(Event.of(event.build().toByteString()))).withKey(key));
  }

  /** Domains that there were reports of. */
  public List<String> domains() {
    List<String> domains = new ArrayList<>();
    @Nullable LogName after = null;
    SequencedMap<LogName, Head> page;
    do {
      page = logs.list(PREFIX, after, PAGE);
      page.keySet().forEach(log -> domains.add(log.value().substring(PREFIX.length())));
      after = page.isEmpty() ? null : page.lastEntry().getKey();
    } while (page.size() == PAGE);
    return domains;
  }

  /**
   * What is kept of a domain, from the oldest.
   *
   * @param since reports whose period ended before this are left out
   */
  public List<ReceivedReport> of(String domain, Instant since) {
    return kept.current(log(domain)).reports().stream()
        .filter(report -> report.getEnd() >= since.getEpochSecond())
        .toList();
  }

  /** Drops what came before a moment. */
  void expire(Instant before) {
    for (String domain : domains()) {
      List<ReceivedReport> reports = kept.current(log(domain)).reports();
      if (!reports.isEmpty() && reports.getFirst().getCame() < before.toEpochMilli()) {
        append(domain, ReceivedEvent.newBuilder().setExpired(before.toEpochMilli()), null);
        var unused = kept.current(log(domain));
      }
    }
  }
}
