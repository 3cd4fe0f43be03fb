package hikyaku.server.flow;

import hikyaku.server.net.Flow;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A session that is inside. What decides on waits is the session's own thread's; the rest is under
 * {@link FlowControl}'s lock.
 */
final class Place implements Flow.Passage {
  private static final Bucket[] NONE = {};

  final String session;

  /** Who is counted with it: first what was known at the door, then domain and account. */
  final List<Meter> meters = new ArrayList<>(8);

  private final FlowControl control;
  @Nullable String account;

  /** When it came from another node, while that may still count it; else empty. */
  boolean settling;

  long cameAt;
  boolean ended;

  /** Set by whoever changes the meters; the session's thread then looks anew. */
  private volatile boolean stale = true;

  private int epoch = -1;
  private Bucket[] commands = NONE;
  private Bucket[] received = NONE;
  private Bucket[] sent = NONE;
  private long receivedBefore;
  private long sentBefore;

  /**
   * The one that its session had taken here before and has not left. What a front said over a link
   * that is gone may be read when the session is here again by the next link: so the place that was
   * taken last need not be the one that stays. Touched only while the session's entry is locked.
   */
  private @Nullable Place before;

  Place(FlowControl control, String session) {
    this.control = control;
    this.session = session;
  }

  /** Puts this one before another of the same session. */
  Place after(Place other) {
    before = other;
    return this;
  }

  /** What is left when one has gone: its session's places, the last one first. */
  @Nullable Place without(Place gone) {
    if (this == gone) {
      return before;
    }
    before = before == null ? null : before.without(gone);
    return this;
  }

  void stale() {
    stale = true;
  }

  @Override
  public void account(String address) {
    control.describe(this, address);
  }

  @Override
  public void loggedOut() {
    control.forget(this);
  }

  @Override
  public long command() {
    look();
    return commands.length == 0 ? 0 : take(commands, 1);
  }

  @Override
  public long octets(long receivedNow, long sentNow) {
    look();
    long in = receivedNow - receivedBefore;
    long out = sentNow - sentBefore;
    receivedBefore = receivedNow;
    sentBefore = sentNow;
    if (received.length == 0 && sent.length == 0) {
      return 0;
    }
    return Math.max(take(received, in), take(sent, out));
  }

  private long take(Bucket[] buckets, long count) {
    long wait = 0;
    for (Bucket bucket : buckets) {
      wait = Math.max(wait, bucket.take(count, control.mostDelayNanos()));
    }
    return wait;
  }

  /** Sees whether limits or meters have changed: two reads, if they have not. */
  private void look() {
    Limits limits = control.limits();
    if (limits.epoch != epoch || stale) {
      stale = false;
      epoch = limits.epoch;
      List<Meter> now = control.metersOf(this);
      commands = buckets(now, limits, Dimension.COMMANDS);
      received = buckets(now, limits, Dimension.RECEIVED);
      sent = buckets(now, limits, Dimension.SENT);
    }
  }

  private static Bucket[] buckets(List<Meter> meters, Limits limits, Dimension dimension) {
    List<Bucket> buckets = new ArrayList<>();
    for (Meter meter : meters) {
      Meter.Rate rate = meter.rules(limits).rate(dimension);
      if (rate != null) {
        buckets.add(rate.bucket());
      }
    }
    return buckets.isEmpty() ? NONE : buckets.toArray(Bucket[]::new);
  }

  @Override
  public void end() {
    control.leave(this);
  }
}
