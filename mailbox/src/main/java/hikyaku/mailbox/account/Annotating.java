package hikyaku.mailbox.account;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a client wants to be noted of a folder; all of it is, or nothing (RFC 5464 §4.3).
 *
 * @param values by entry, in lower case; empty to take an annotation away. Before an entry that is
 *     private to another account than the folder's stands that account's id
 * @param uses what the folder is for from now on, or null if that stays (RFC 6154 §4)
 */
public record Annotating(Map<String, Optional<ByteString>> values, @Nullable Set<SpecialUse> uses) {
  public Annotating {
    values = Map.copyOf(values);
    uses = uses == null ? null : Set.copyOf(uses);
  }

  /**
   * @param folder null for the account as a whole
   */
  List<Event> events(FolderTree now, @Nullable Folder folder, MailboxLimits limits) {
    List<Event> events = new ArrayList<>();
    if (uses != null && folder != null && !uses.equals(folder.specialUse())) {
      checkUses(now, folder.id(), uses);
      events.add(FoldersCodec.specialUse(folder.id(), uses));
    }
    if (!values.isEmpty()) {
      long id = folder == null ? PerFolder.ACCOUNT : folder.id();
      checkRoom(now.allAnnotations(), id, limits);
      events.add(FoldersCodec.annotated(id, values));
    }
    return events;
  }

  /** A limit that was exceeded before lets annotations shrink. */
  private void checkRoom(PerFolder<ByteString> before, long id, MailboxLimits limits) {
    PerFolder<ByteString> after = before.with(id, values);
    // Each who notes something has a count of its own; its entries begin with it.
    for (String whose : whose()) {
      long count = count(after, id, whose);
      if (count > limits.annotations() && count > count(before, id, whose)) {
        throw new MailboxException.TooManyAnnotations(limits.annotations());
      }
    }
    long octets = octets(after);
    if (octets > limits.annotationOctets() && octets > octets(before)) {
      throw new MailboxException.LimitReached("octets of annotations", limits.annotationOctets());
    }
  }

  private Set<String> whose() {
    return values.keySet().stream()
        .map(entry -> entry.substring(0, entry.indexOf('/')))
        .collect(Collectors.toSet());
  }

  private static long count(PerFolder<ByteString> annotations, long id, String whose) {
    return annotations.of(id).keySet().stream()
        .filter(entry -> entry.startsWith(whose + "/"))
        .count();
  }

  private static long octets(PerFolder<ByteString> annotations) {
    return annotations.all().values().stream()
        .flatMap(values -> values.entrySet().stream())
        .mapToLong(one -> one.getKey().length() + one.getValue().size())
        .sum();
  }

  /**
   * Checks what a folder is to be used for.
   *
   * @param folder its id, or 0 if it is yet to be made
   * @throws MailboxException.SpecialUseTaken if another one has a use, or nothing here can have it
   */
  static void checkUses(FolderTree now, long folder, Set<SpecialUse> uses) {
    if (uses.contains(SpecialUse.ALL) || uses.contains(SpecialUse.FLAGGED)) {
      // These are views over other folders, which nothing here provides.
      throw new MailboxException.SpecialUseTaken();
    }
    for (Folder other : now.folders()) {
      if (other.id() != folder && other.specialUse().stream().anyMatch(uses::contains)) {
        throw new MailboxException.SpecialUseTaken();
      }
    }
  }
}
