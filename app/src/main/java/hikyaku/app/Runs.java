package hikyaku.app;

import hikyaku.server.cluster.Identity;
import hikyaku.server.cluster.Member;
import hikyaku.server.cluster.Membership;
import hikyaku.server.pop3.LiveNodes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The runs of nodes, each named by the node and the moment at which it began.
 *
 * @param membership of this run; asked for when the node serves
 */
record Runs(Supplier<Membership> membership, InstantSource clock) implements LiveNodes {
  /** Age of a run below which it may not have been heard of yet, as clocks of nodes may differ. */
  private static final Duration NEW = Duration.ofMinutes(1);

  @Override
  public String self() {
    Identity own = membership.get().self().identity();
    return own.name() + "@" + own.started().toEpochMilli();
  }

  @Override
  public boolean isAlive(String run) {
    int at = run.lastIndexOf('@');
    long began;
    try {
      began = Long.parseLong(run.substring(at + 1));
    } catch (NumberFormatException e) {
      return false;
    }
    Optional<Member> member = membership.get().member(run.substring(0, Math.max(at, 0)));
    long heard =
        member.map(Member::identity).map(Identity::started).map(Instant::toEpochMilli).orElse(0L);
    boolean unheard = heard < began && clock.millis() - began < NEW.toMillis();
    return unheard || (heard == began && member.map(Member::isAlive).orElse(false));
  }
}
