package hikyaku.server.sharing;

import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.Rights;
import hikyaku.mailbox.account.Sharing;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Resolution;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Who may do what with whose folders (RFC 4314 §2). Rights are kept for accounts by their ids, so
 * that a new account of an old address has none; for aliases by their address, for whoever it leads
 * to at the moment; and for {@code anyone} who can log in.
 */
public final class Access {
  private static final String ANYONE = "anyone";
  private static final String NOT = "-";
  private static final String ACCOUNT = "=";
  private static final String ALIAS = "@";

  private final Directory directory;
  private final MailStore mail;

  public Access(Directory directory, MailStore mail) {
    this.directory = directory;
    this.mail = mail;
  }

  public Directory directory() {
    return directory;
  }

  // ---- identifiers

  /**
   * Who is meant, as rights are kept.
   *
   * @param who an address, a name in the domain, or {@code anyone}; with {@code -} before it,
   *     rights are taken away
   * @return empty if there is nobody of this name
   */
  public Optional<String> identifier(String who, String domain) {
    if (who.startsWith(NOT)) {
      return named(who.substring(1), domain).map(NOT::concat);
    }
    return named(who, domain);
  }

  private Optional<String> named(String who, String domain) {
    if (who.equals(ANYONE)) {
      return Optional.of(ANYONE);
    }
    Optional<Address> address = who.indexOf('@') < 0 ? Address.of(who, domain) : Address.parse(who);
    return address.flatMap(known ->
        directory
            .accountByAddress(known)
            .map(account -> ACCOUNT + account.id())
            .or(() -> directory.alias(known).map(_ -> ALIAS + known)));
  }

  /** How an identifier is told; empty if there is nobody any more whom it names. */
  private Optional<String> told(String identifier) {
    if (identifier.startsWith(NOT)) {
      return told(identifier.substring(1)).map(NOT::concat);
    }
    if (identifier.startsWith(ACCOUNT)) {
      return directory.account(identifier.substring(1)).map(known -> known.primary().toString());
    }
    return Optional.of(identifier.startsWith(ALIAS) ? identifier.substring(1) : identifier);
  }

  private boolean includes(String identifier, Account user) {
    if (identifier.startsWith(ACCOUNT)) {
      return identifier.substring(1).equals(user.id());
    }
    if (identifier.startsWith(ALIAS)) {
      return Address.parse(identifier.substring(1))
          .filter(alias -> directory.alias(alias).isPresent())
          .map(directory::resolve)
          .filter(found -> found instanceof Resolution.Local local && names(local, user))
          .isPresent();
    }
    return identifier.equals(ANYONE);
  }

  private static boolean names(Resolution.Local local, Account user) {
    return local.targets().stream().anyMatch(target -> target.account().id().equals(user.id()));
  }

  // ---- rights

  /** What a user may do with another one's folder: what is given, less what is taken away. */
  public Rights of(FolderTree tree, Folder folder, Account user) {
    Rights given = Rights.NONE;
    Rights taken = Rights.NONE;
    for (Map.Entry<String, Rights> entry : tree.rights(folder).entrySet()) {
      boolean negative = entry.getKey().startsWith(NOT);
      if (includes(negative ? entry.getKey().substring(1) : entry.getKey(), user)) {
        given = negative ? given : given.plus(entry.getValue());
        taken = negative ? taken.plus(entry.getValue()) : taken;
      }
    }
    return given.minus(taken);
  }

  /**
   * Who may do what with a folder, the owner first; rights by who has them, as clients are told.
   */
  public SequencedMap<String, String> list(Account owner, FolderTree tree, Folder folder) {
    SequencedMap<String, String> all = new LinkedHashMap<>();
    all.put(owner.primary().toString(), Rights.ALL.wire());
    tree.rights(folder)
        .forEach((who, rights) -> told(who).ifPresent(name -> all.put(name, rights.wire())));
    return all;
  }

  /**
   * Changes what somebody may do with a folder.
   *
   * @param who as {@link #identifier} gives it
   * @throws MailboxException.NotAllowed for the owner, who may do everything
   */
  public void grant(
      Account owner, String folder, String who, UnaryOperator<Rights> change, Attempt attempt) {
    if (who.equals(ACCOUNT + owner.id()) || who.equals(NOT + ACCOUNT + owner.id())) {
      throw new MailboxException.NotAllowed("The owner of a mailbox has all rights, always");
    }
    AccountMail theirs = mail.account(owner.id());
    FolderTree tree = theirs.tree();
    Map<String, Rights> granted =
        tree.rights(tree.folder(folder).orElseThrow(MailboxException.Nonexistent::new));
    for (String known : List.copyOf(granted.keySet())) {
      if (told(known).isEmpty()) {
        theirs.grant(folder, known, _ -> Rights.NONE, attempt.part(known));
      }
    }
    boolean gives = !change.apply(granted.getOrDefault(who, Rights.NONE)).isEmpty();
    if (gives && !who.startsWith(NOT)) {
      boolean one = who.startsWith(ACCOUNT);
      Sharing sharing = one ? mail.account(who.substring(1)).sharing() : mail.everybody();
      sharing.add(owner.id());
    }
    theirs.grant(folder, who, change, attempt);
  }

  /** The accounts that may have shared a folder with a user. */
  public List<Account> sharers(Account user) {
    Set<String> ids = new LinkedHashSet<>(mail.account(user.id()).sharing().owners());
    ids.addAll(mail.everybody().owners());
    ids.remove(user.id());
    List<Account> sharers = new ArrayList<>();
    ids.forEach(id -> directory.account(id).ifPresent(sharers::add));
    return sharers;
  }
}
