package hikyaku.app;

import hikyaku.server.cluster.Member;
import hikyaku.server.cluster.Membership;
import hikyaku.server.queue.Workers;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The nodes that work the queue: all that are up. Each part goes to the node that is first in an
 * order of the part's own (rendezvous hashing), so that a node that comes or goes moves no parts
 * but its share.
 *
 * @param alone whether no other process can open the store
 */
record QueueWorkers(Membership membership, Runs runs, boolean alone) implements Workers {
  @Override
  public String self() {
    return runs.self();
  }

  @Override
  public boolean isAlive(String run) {
    return runs.isAlive(run);
  }

  @Override
  public boolean isHeard() {
    return alone || membership.isHeard();
  }

  @Override
  public long heardSince() {
    return membership.heardSince();
  }

  @Override
  public boolean isMine(int part) {
    List<Member> members = membership.members();
    // A node that lets its sessions go starts no deliveries either, if there is another.
    String first =
        first(members, part, Member.State.UP)
            .orElseGet(() -> first(members, part, Member.State.DRAINING).orElse(""));
    return first.equals(membership.name());
  }

  private static java.util.Optional<String> first(
      List<Member> members, int part, Member.State state) {
    return members.stream()
        .filter(member -> member.state() == state)
        .map(Member::name)
        .max(Comparator.comparingLong(name -> rank(name, part)));
  }

  private static long rank(String name, int part) {
    CRC32C hash = new CRC32C();
    hash.update((part + "/" + name).getBytes(StandardCharsets.UTF_8));
    // A CRC is linear; this makes its high bits depend on all of them.
    long h = hash.getValue() * 0x9E3779B97F4A7C15L;
    return (h ^ (h >>> 29)) & Long.MAX_VALUE;
  }
}
