package hikyaku.mailbox.account;

import java.util.Set;

/**
 * A folder of an account.
 *
 * @param id names its mailbox log for ever
 * @param name full name, levels separated by "/"
 * @param uidValidity of its mailbox
 */
public record Folder(long id, String name, long uidValidity, Set<SpecialUse> specialUse) {
  public static final String INBOX = "INBOX";

  public Folder {
    specialUse = Set.copyOf(specialUse);
  }

  Folder named(String other) {
    return new Folder(id, other, uidValidity, specialUse);
  }

  Folder usedFor(Set<SpecialUse> uses) {
    return new Folder(id, name, uidValidity, uses);
  }

  public boolean isInbox() {
    return name.equals(INBOX);
  }
}
