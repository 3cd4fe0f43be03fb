package hikyaku.server.imap;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * All commands: in which states they may be given, and what may be told along with them.
 *
 * <p>A command that uses message numbers may not tell expunges: the client counts on the numbers it
 * has until the command is answered (RFC 9051 §7.5.1). Its UID form may.
 */
final class CommandTable {
  /** The session's state (RFC 9051 §3). */
  enum State {
    NOT_AUTHENTICATED,
    AUTHENTICATED,
    SELECTED
  }

  /** What is told of the selected mailbox before a command's completion. */
  enum Telling {
    /** Nothing: the mailbox is left, or the command does it itself. */
    NOTHING,
    /** New messages and flags, but no expunges: the command uses message numbers. */
    NO_EXPUNGES,
    EVERYTHING
  }

  /**
   * A command's line in the table.
   *
   * @param numbers whether it uses message numbers
   */
  record Rule(Set<State> states, Telling telling, boolean numbers) {
    /** Whether it is about what the selected mailbox holds, and not about leaving it. */
    boolean readsMailbox() {
      return states.equals(IN_MAILBOX) && telling != Telling.NOTHING;
    }
  }

  private static final Set<State> ANY =
      Set.of(State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED);
  private static final Set<State> BEFORE = Set.of(State.NOT_AUTHENTICATED);
  private static final Set<State> UNSELECTED = Set.of(State.AUTHENTICATED);
  private static final Set<State> AFTER = Set.of(State.AUTHENTICATED, State.SELECTED);
  static final Set<State> IN_MAILBOX = Set.of(State.SELECTED);

  private static final Map<String, Rule> RULES = new LinkedHashMap<>();

  private static void row(String name, Set<State> states, Telling telling) {
    RULES.put(name, new Rule(states, telling, false));
  }

  private static void numberRow(String name, Telling telling) {
    RULES.put(name, new Rule(IN_MAILBOX, telling, true));
  }

  static {
    row("CAPABILITY", ANY, Telling.EVERYTHING);
    row("NOOP", ANY, Telling.EVERYTHING);
    row("ID", ANY, Telling.EVERYTHING);
    row("LANGUAGE", ANY, Telling.EVERYTHING);
    row("LOGOUT", ANY, Telling.NOTHING);
    row("STARTTLS", BEFORE, Telling.NOTHING);
    row("AUTHENTICATE", BEFORE, Telling.NOTHING);
    row("LOGIN", BEFORE, Telling.NOTHING);
    row("UNAUTHENTICATE", AFTER, Telling.NOTHING);
    row("ENABLE", UNSELECTED, Telling.NOTHING);
    row("COMPRESS", AFTER, Telling.NOTHING);
    row("SELECT", AFTER, Telling.NOTHING);
    row("EXAMINE", AFTER, Telling.NOTHING);
    row("CREATE", AFTER, Telling.EVERYTHING);
    row("DELETE", AFTER, Telling.EVERYTHING);
    row("RENAME", AFTER, Telling.EVERYTHING);
    row("SUBSCRIBE", AFTER, Telling.EVERYTHING);
    row("UNSUBSCRIBE", AFTER, Telling.EVERYTHING);
    row("LIST", AFTER, Telling.EVERYTHING);
    row("LSUB", AFTER, Telling.EVERYTHING);
    row("NAMESPACE", AFTER, Telling.EVERYTHING);
    row("STATUS", AFTER, Telling.EVERYTHING);
    row("GETACL", AFTER, Telling.EVERYTHING);
    row("SETACL", AFTER, Telling.EVERYTHING);
    row("DELETEACL", AFTER, Telling.EVERYTHING);
    row("LISTRIGHTS", AFTER, Telling.EVERYTHING);
    row("MYRIGHTS", AFTER, Telling.EVERYTHING);
    row("GETMETADATA", AFTER, Telling.EVERYTHING);
    row("SETMETADATA", AFTER, Telling.EVERYTHING);
    row("GETQUOTA", AFTER, Telling.EVERYTHING);
    row("GETQUOTAROOT", AFTER, Telling.EVERYTHING);
    row("SETQUOTA", AFTER, Telling.EVERYTHING);
    row("APPEND", AFTER, Telling.EVERYTHING);
    row("IDLE", AFTER, Telling.EVERYTHING);
    row("NOTIFY", AFTER, Telling.NOTHING);
    row("CHECK", IN_MAILBOX, Telling.EVERYTHING);
    row("CLOSE", IN_MAILBOX, Telling.NOTHING);
    row("UNSELECT", IN_MAILBOX, Telling.NOTHING);
    row("EXPUNGE", IN_MAILBOX, Telling.EVERYTHING);
    row("UID EXPUNGE", IN_MAILBOX, Telling.EVERYTHING);
    numberRow("SEARCH", Telling.NO_EXPUNGES);
    row("UID SEARCH", IN_MAILBOX, Telling.EVERYTHING);
    row("ESEARCH", AFTER, Telling.EVERYTHING);
    row("CANCELUPDATE", IN_MAILBOX, Telling.EVERYTHING);
    numberRow("SORT", Telling.NO_EXPUNGES);
    row("UID SORT", IN_MAILBOX, Telling.EVERYTHING);
    numberRow("THREAD", Telling.NO_EXPUNGES);
    row("UID THREAD", IN_MAILBOX, Telling.EVERYTHING);
    numberRow("FETCH", Telling.NO_EXPUNGES);
    row("UID FETCH", IN_MAILBOX, Telling.EVERYTHING);
    numberRow("STORE", Telling.NO_EXPUNGES);
    row("UID STORE", IN_MAILBOX, Telling.EVERYTHING);
    numberRow("COPY", Telling.EVERYTHING);
    row("UID COPY", IN_MAILBOX, Telling.EVERYTHING);
    numberRow("MOVE", Telling.EVERYTHING);
    numberRow("REPLACE", Telling.EVERYTHING);
    row("UID REPLACE", IN_MAILBOX, Telling.EVERYTHING);
    row("UID MOVE", IN_MAILBOX, Telling.EVERYTHING);
  }

  private CommandTable() {}

  /** The names of all commands, in the order of the table. */
  static Set<String> names() {
    return RULES.keySet();
  }

  static Rule rule(String name) {
    Rule rule = RULES.get(name);
    if (rule == null) {
      throw new IllegalStateException("no line in the table for " + name);
    }
    return rule;
  }
}
