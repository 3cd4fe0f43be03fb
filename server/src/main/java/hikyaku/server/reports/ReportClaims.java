package hikyaku.server.reports;

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
import hikyaku.server.reports.proto.ReportClaim;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * Which node sends reports: the one whose claim is the last, until it ends. It saves nodes from
 * doing each other's work; that no mail is sent twice does not depend on it.
 */
public final class ReportClaims {
  /** How long a claim holds that is not renewed. */
  public static final Duration LEASE = Duration.ofMinutes(10);

  /** A claim is renewed when this much of it is left. */
  private static final Duration RENEWED = Duration.ofMinutes(5);

  /** Claims that are over are let go of when there are as many. */
  private static final int PAST = 100;

  private final LogStore logs;
  private final LogName log;
  private final String holder;
  private long seq;
  private Instant until = Instant.MIN;

  /**
   * @param log of claims for one kind of reports
   * @param holder a node, among all
   */
  public ReportClaims(LogStore logs, LogName log, String holder) {
    this.logs = logs;
    this.log = log;
    this.holder = holder;
  }

  /** Whether this node is to send, from now on. */
  public boolean take(Instant now) {
    Head head = logs.head(log);
    if (head.exists()) {
      ReportClaim last = last(head);
      if (!last.getHolder().equals(holder) && last.getUntil() > now.toEpochMilli()) {
        return false;
      }
    }
    seq = head.exists() ? head.seq() : 0;
    return claim(now);
  }

  /** Whether it still is; a claim that another node has taken over is lost. */
  public boolean holds(Instant now) {
    return until.isAfter(now.plus(RENEWED)) || (until.isAfter(now) && claim(now));
  }

  private boolean claim(Instant now) {
    Instant end = now.plus(LEASE);
    ReportClaim claim =
        ReportClaim.newBuilder().setHolder(holder).setUntil(end.toEpochMilli()).build();
    Append append =
        new Append(log, List.of(Event.of(claim.toByteString())), Append.Expect.at(seq), null);
    if (logs.append(append) instanceof Appended appended) {
      seq = appended.lastSeq();
      until = end;
      tidy(claim);
      return true;
    }
    until = Instant.MIN;
    return false;
  }

  private void tidy(ReportClaim latest) {
    long past = logs.snapshot(log).map(Snapshot::seq).orElse(0L);
    if (seq - past > PAST) {
      logs.saveSnapshot(log, new Snapshot(seq, latest.toByteString()));
      long[] dead = new long[Math.toIntExact(seq - past)];
      Arrays.setAll(dead, i -> past + 1 + i);
      logs.compact(log, dead);
    }
  }

  private ReportClaim last(Head head) {
    List<Entry> found = logs.read(log, head.seq() - 1, head.seq(), 1);
    try {
      if (!found.isEmpty()) {
        return ReportClaim.parseFrom(found.getFirst().payload());
      }
      Snapshot snapshot = logs.snapshot(log).orElseThrow();
      return ReportClaim.parseFrom(snapshot.state());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt("the last entry of " + log + " is no claim", e);
    }
  }
}
