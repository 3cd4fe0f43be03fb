package hikyaku.server.queue;

import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Resolution;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/**
 * To how many recipients elsewhere a message to a mailing list goes: its members there, and those
 * behind members here that are lists or aliases. It is counted at each RCPT, so that no more is
 * looked at than is needed: first members elsewhere, then the others in their order.
 */
final class ListReach {
  /** Lists behind lists, from the first to the last. */
  private static final int DEPTH = 4;

  /** Lists that are looked at for one post. */
  private static final int LISTS = 50;

  /**
   * Members here that are looked up for one post. Each asks the store a few times, while who sends
   * waits for the answer to RCPT.
   */
  private static final int LOOKED_UP = 500;

  private final Directory directory;
  private final ListDoor lists;
  private final int most;
  private final Set<Resolution.Listed> seen = new HashSet<>();
  private final Deque<Here> here = new ArrayDeque<>();
  private final Map<String, Boolean> domains = new HashMap<>();
  private int elsewhere;

  /**
   * A member here.
   *
   * @param depth of its list
   */
  private record Here(Address member, int depth) {}

  /**
   * @param most up to which it is counted
   */
  ListReach(Directory directory, ListDoor lists, int most) {
    this.directory = directory;
    this.lists = lists;
    this.most = most;
  }

  int of(Resolution.Listed list) {
    look(list, 1);
    for (int i = 0; i < LOOKED_UP && !here.isEmpty() && elsewhere < most; i++) {
      Here next = here.remove();
      if (directory.resolve(next.member) instanceof Resolution.Local local) {
        elsewhere += local.elsewhere().size();
        local.lists().forEach(each -> look(each, next.depth + 1));
      }
    }
    return Math.min(elsewhere, most);
  }

  private void look(Resolution.Listed list, int depth) {
    if (depth > DEPTH || seen.size() == LISTS || !seen.add(list)) {
      return;
    }
    Iterator<Address> members = lists.reached(list).iterator();
    while (members.hasNext() && elsewhere < most) {
      Address member = members.next();
      if (!isHere(member.domain())) {
        elsewhere++;
      } else if (here.size() < LOOKED_UP) {
        here.add(new Here(member, depth));
      }
    }
  }

  private boolean isHere(String domain) {
    return domains.computeIfAbsent(domain, name -> directory.domain(name).isPresent());
  }
}
