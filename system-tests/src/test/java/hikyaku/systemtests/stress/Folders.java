package hikyaku.systemtests.stress;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an account's folders hold, as far as a client knows it.
 *
 * @param folders by name
 */
record Folders(SortedMap<String, Folder> folders) {
  /**
   * A message.
   *
   * @param name from which its octets follow
   */
  record Message(String name, SortedSet<String> flags) {
    Message {
      flags = new TreeSet<>(flags);
    }
  }

  /**
   * A folder.
   *
   * @param uidValidity 0 if it is not known
   * @param uidNext no message has had this UID or a higher one
   * @param coming messages of unknown UIDs, behind all others
   */
  record Folder(
      long uidValidity, long uidNext, SortedMap<Long, Message> messages, List<Message> coming) {
    Folder {
      messages = new TreeMap<>(messages);
      coming = List.copyOf(coming);
    }

    static Folder empty() {
      return new Folder(0, 1, new TreeMap<>(), List.of());
    }

    Folder with(List<Message> more) {
      List<Message> all = new ArrayList<>(coming);
      all.addAll(more);
      return new Folder(uidValidity, uidNext, messages, all);
    }

    /** The messages that were coming have these UIDs. */
    Folder arrived(long validity, List<Long> uids) {
      if (uids.size() != coming.size() || (uidValidity != 0 && uidValidity != validity)) {
        throw new AssertionError(this + " got UIDVALIDITY " + validity + " and UIDs " + uids);
      }
      SortedMap<Long, Message> all = new TreeMap<>(messages);
      long next = uidNext;
      for (int i = 0; i < uids.size(); i++) {
        if (uids.get(i) < next) {
          throw new AssertionError("UID " + uids.get(i) + " after " + next);
        }
        all.put(uids.get(i), coming.get(i));
        next = uids.get(i) + 1;
      }
      return new Folder(validity, next, all, List.of());
    }

    Folder without(Set<Long> uids) {
      SortedMap<Long, Message> rest = new TreeMap<>(messages);
      rest.keySet().removeAll(uids);
      return new Folder(uidValidity, uidNext, rest, coming);
    }

    /** With a flag of some messages set or cleared. */
    Folder flagged(Set<Long> uids, String flag, boolean set) {
      SortedMap<Long, Message> changed = new TreeMap<>(messages);
      for (long uid : uids) {
        Message before = changed.get(uid);
        SortedSet<String> flags = new TreeSet<>(before.flags());
        if (set) {
          flags.add(flag);
        } else {
          flags.remove(flag);
        }
        changed.put(uid, new Message(before.name(), flags));
      }
      return new Folder(uidValidity, uidNext, changed, coming);
    }

    List<Message> of(Set<Long> uids) {
      return new TreeSet<>(uids).stream().map(messages::get).toList();
    }

    /** Whether a folder as it was found can be this one. */
    boolean canBe(Folder found) {
      if (uidValidity != 0 && uidValidity != found.uidValidity || found.uidNext < uidNext) {
        return false;
      }
      SortedMap<Long, Message> old = found.messages.headMap(uidNext);
      List<Message> fresh = List.copyOf(found.messages.tailMap(uidNext).values());
      return old.equals(messages) && fresh.equals(coming);
    }
  }

  Folders {
    folders = new TreeMap<>(folders);
  }

  Folder folder(String name) {
    return folders.get(name);
  }

  Folders with(String name, Folder folder) {
    SortedMap<String, Folder> all = new TreeMap<>(folders);
    all.put(name, folder);
    return new Folders(all);
  }

  Folders without(String name) {
    SortedMap<String, Folder> rest = new TreeMap<>(folders);
    rest.remove(name);
    return new Folders(rest);
  }

  Folders renamed(String from, String to) {
    return without(from).with(to, folder(from));
  }

  boolean canBe(Folders found) {
    return folders.keySet().equals(found.folders.keySet())
        && folders.entrySet().stream()
            .allMatch(
                (Map.Entry<String, Folder> e) -> e.getValue().canBe(found.folder(e.getKey())));
  }

  /** The UIDs of a uid-set, in order. */
  static List<Long> uids(String set) {
    List<Long> uids = new ArrayList<>();
    for (String range : set.split(",", -1)) {
      long[] ends = Arrays.stream(range.split(":", -1)).mapToLong(Long::parseLong).toArray();
      for (long uid = ends[0]; uid <= ends[ends.length - 1]; uid++) {
        uids.add(uid);
      }
    }
    return uids;
  }
}
