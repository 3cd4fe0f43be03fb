package hikyaku.server.cluster;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Whether the nodes that stay could carry the sessions of one that goes. */
public final class Room {
  private Room() {}

  /**
   * What stands against the node's going, a sentence each; none if the others can carry its load,
   * or if it is not there anyway.
   *
   * <p>For each of its roles there must be another node that takes sessions. Of each protocol, the
   * node's sessions must fit into what these nodes have left of their limits on connections: of one
   * protocol, and of all together.
   */
  public static List<String> against(List<Member> members, String leaving) {
    Member node =
        members.stream()
            .filter(member -> member.name().equals(leaving) && member.isAlive())
            .findFirst()
            .orElse(null);
    if (node == null) {
      return List.of();
    }
    List<Member> rest =
        members.stream()
            .filter(member -> member.takesSessions() && !member.name().equals(leaving))
            .toList();
    List<String> reasons = new ArrayList<>();
    for (Role role : node.identity().roles().stream().sorted(Comparator.naturalOrder()).toList()) {
      List<Member> carriers = rest.stream().filter(member -> member.has(role)).toList();
      long sessions = node.vitals().sessions().getOrDefault(role.protocol(), 0);
      long free = carriers.stream().mapToLong(member -> free(member, role)).sum();
      if (carriers.isEmpty()) {
        reasons.add("no other node that takes sessions has the role " + role.label());
      } else if (sessions > free) {
        reasons.add(
            sessions
                + " "
                + role.protocol()
                + " sessions would not fit into the "
                + free
                + " that the others have room for");
      }
    }
    long sessions = node.vitals().total();
    long free = rest.stream().mapToLong(Room::free).sum();
    if (reasons.isEmpty() && sessions > free) {
      reasons.add(
          sessions + " sessions would not fit into the " + free + " that the others have room for");
    }
    return reasons;
  }

  private static long free(Member member) {
    return Math.max(0, (long) member.identity().connections() - member.vitals().total());
  }

  private static long free(Member member, Role role) {
    long ofProtocol =
        (long) member.identity().connectionsPerProtocol()
            - member.vitals().sessions().getOrDefault(role.protocol(), 0);
    return Math.clamp(ofProtocol, 0, free(member));
  }
}
