package hikyaku.server.dmarc;

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
import hikyaku.server.dmarc.proto.ReportClaim;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * Which node sends reports: the one whose claim is the last, until it ends. It saves nodes from
 * doing each other's work; that nothing is sent twice does not depend on it.
 */
final class ReportClaims {
  private static final LogName LOG = new LogName("dmarc-reports");

  /** How long a claim holds that is not renewed. */
  static final Duration LEASE = Duration.ofMinutes(10);

  /** A claim is renewed when this much of it is left. */
  private static final Duration RENEWED = Duration.ofMinutes(5);

  /** Claims that are over are let go of when there are as many. */
  private static final int PAST = 100;

  private final LogStore logs;
  private final String holder;
  private long seq;
  private Instant until = Instant.MIN;

  /**
   * @param holder a node, among all
   */
  ReportClaims(LogStore logs, String holder) {
    this.logs = logs;
    this.holder = holder;
  }

  /** Whether this node is to send, from now on. */
  boolean take(Instant now) {
    Head head = logs.head(LOG);
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
  boolean holds(Instant now) {
    return until.isAfter(now.plus(RENEWED)) || (until.isAfter(now) && claim(now));
  }

  private boolean claim(Instant now) {
    Instant end = now.plus(LEASE);
    ReportClaim claim =
        ReportClaim.newBuilder().setHolder(holder).setUntil(end.toEpochMilli()).build();
    Append append =
        new Append(LOG, List.of(Event.of(claim.toByteString())), Append.Expect.at(seq), null);
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
    long past = logs.snapshot(LOG).map(Snapshot::seq).orElse(0L);
    if (seq - past > PAST) {
      logs.saveSnapshot(LOG, new Snapshot(seq, latest.toByteString()));
      long[] dead = new long[Math.toIntExact(seq - past)];
      Arrays.setAll(dead, i -> past + 1 + i);
      logs.compact(LOG, dead);
    }
  }

  private ReportClaim last(Head head) {
    List<Entry> found = logs.read(LOG, head.seq() - 1, head.seq(), 1);
    try {
      if (!found.isEmpty()) {
        return ReportClaim.parseFrom(found.getFirst().payload());
      }
      Snapshot snapshot = logs.snapshot(LOG).orElseThrow();
      return ReportClaim.parseFrom(snapshot.state());
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt("the last entry of " + LOG + " is no claim", e);
    }
  }
}
