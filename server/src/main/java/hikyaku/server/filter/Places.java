package hikyaku.server.filter;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.MailboxId;
import hikyaku.mailbox.account.SpecialUse;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.SystemFlag;
import hikyaku.mailbox.store.Tally;
import hikyaku.protocol.sieve.Action;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Quota;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Mailboxes as scripts name them. */
record Places(MailStore mail) {
  /** The folder's name as the tree has it. */
  String folder(Action.FileInto into, Account account) throws Unfit {
    AccountMail own = mail.account(account.id());
    FolderTree tree = own.tree();
    Optional<SpecialUse> use = into.specialUse().flatMap(SpecialUse::of);
    Optional<Folder> folder =
        into.mailboxId()
            .flatMap(id -> withId(account, id))
            .or(() -> use.flatMap(tree::with))
            .or(() -> tree.folder(into.mailbox()));
    if (folder.isPresent()) {
      return folder.get().name();
    }
    if (!into.create()) {
      throw new Unfit("there is no mailbox " + into.mailbox());
    }
    try {
      String name =
          own.create(into.mailbox(), use.map(Set::of).orElse(Set.of()), Attempt.ONLY).name();
      own.subscribe(name, Attempt.ONLY);
      return name;
    } catch (MailboxException.AlreadyExists e) {
      // Another delivery was quicker.
      return own.tree().folder(into.mailbox()).map(Folder::name).orElse(Folder.INBOX);
    } catch (MailboxException e) {
      throw new Unfit("the mailbox " + into.mailbox() + " cannot be made: " + e.getMessage());
    }
  }

  /** The mailbox of an id (RFC 9042). */
  Optional<Folder> withId(Account account, String id) {
    return mail.account(account.id()).tree().folders().stream()
        .filter(each -> MailboxId.of(AccountMail.mailboxLog(account.id(), each.id())).equals(id))
        .findFirst();
  }

  /** The mailbox for junk, which is made if there is none; INBOX if that cannot be. */
  String junk(Account account) {
    try {
      return folder(
          new Action.FileInto(
              "Junk", true, List.of(), Optional.of(SpecialUse.JUNK.attribute()), Optional.empty()),
          account);
    } catch (Unfit e) {
      return Folder.INBOX;
    }
  }

  boolean isFull(Account account, NewMessage message) {
    if (account.quota().equals(Quota.NONE)) {
      return false;
    }
    Tally held = mail.account(account.id()).usage();
    return !account.quota().allows(held.octets() + message.octets(), held.count() + 1);
  }

  static Flags flags(Collection<String> names) {
    int system = 0;
    List<String> keywords = new ArrayList<>();
    for (String name : names) {
      if (!name.startsWith("\\")) {
        keywords.add(name);
      }
      for (SystemFlag flag : SystemFlag.values()) {
        system |= flag.wire().equalsIgnoreCase(name) ? flag.bit() : 0;
      }
    }
    return Flags.of(system, keywords);
  }
}
