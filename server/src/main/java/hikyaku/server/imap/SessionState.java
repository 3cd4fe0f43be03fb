package hikyaku.server.imap;

import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.log.UidSet;
import hikyaku.server.auth.LoginLease;
import hikyaku.server.directory.Account;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All that a session remembers from one command to the next. Owned by the session's thread. */
final class SessionState {
  /** What ENABLE, or the use of CONDSTORE, has turned on (RFC 5161, RFC 7162 §3.1). */
  enum Extension {
    CONDSTORE,
    QRESYNC,
    IMAP4REV2,
    UTF8_ACCEPT,
    /** RFC 9586: message numbers are not used by either side. */
    UIDONLY
  }

  /**
   * Who is logged in.
   *
   * @param epoch of the password
   */
  record Login(Account account, long epoch, LoginLease lease, AccountMail mail) {}

  private final Set<Extension> enabled = EnumSet.noneOf(Extension.class);
  private @Nullable Login login;
  private @Nullable Selected selected;

  /** UIDs that the last SEARCH saved (RFC 5182). */
  private UidSet saved = UidSet.EMPTY;

  CommandTable.State state() {
    if (login == null) {
      return CommandTable.State.NOT_AUTHENTICATED;
    }
    return selected == null ? CommandTable.State.AUTHENTICATED : CommandTable.State.SELECTED;
  }

  boolean is(CommandTable.State state) {
    return state() == state;
  }

  boolean has(Extension extension) {
    return enabled.contains(extension);
  }

  /** What is on. */
  Set<Extension> enabled() {
    return Collections.unmodifiableSet(enabled);
  }

  /**
   * @return whether it was off
   */
  boolean enable(Extension extension) {
    return enabled.add(extension);
  }

  /** Whether mailbox names and quoted strings are UTF-8. */
  boolean utf8() {
    return has(Extension.IMAP4REV2) || has(Extension.UTF8_ACCEPT);
  }

  boolean rev2() {
    return has(Extension.IMAP4REV2);
  }

  @Nullable Login login() {
    return login;
  }

  void loggedIn(Login newLogin) {
    login = newLogin;
  }

  /** Forgets all that came with the login. */
  void forget() {
    enabled.clear();
    select(null);
    login = null;
  }

  /** Who is logged in, where the table lets nobody else. */
  Login loggedIn() {
    if (login == null) {
      throw new IllegalStateException("not logged in");
    }
    return login;
  }

  @Nullable Selected selected() {
    return selected;
  }

  /** The open mailbox, where the table says that there is one. */
  Selected inMailbox() {
    if (selected == null) {
      throw new IllegalStateException("no mailbox selected");
    }
    return selected;
  }

  /** Opens a mailbox, or with null none. What was saved belonged to the one before. */
  void select(@Nullable Selected newSelected) {
    selected = newSelected;
    saved = UidSet.EMPTY;
  }

  UidSet saved() {
    return saved;
  }

  void save(UidSet uids) {
    saved = uids;
  }
}
