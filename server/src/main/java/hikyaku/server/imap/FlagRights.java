package hikyaku.server.imap;

import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.account.Rights;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.SystemFlag;
import java.util.List;
import java.util.stream.Stream;

/** Which flags one may change: each has a right that it needs (RFC 4314 §4). */
final class FlagRights {
  private FlagRights() {}

  /** Whether all flags may be changed. */
  static boolean all(Rights rights) {
    return rights.has(Right.SEEN) && rights.has(Right.WRITE) && rights.has(Right.DELETE_MESSAGES);
  }

  /** Whether by these the same flags may be changed as by those. */
  static boolean same(Rights these, Rights those) {
    return Stream.of(Right.SEEN, Right.WRITE, Right.DELETE_MESSAGES)
        .allMatch(right -> these.has(right) == those.has(right));
  }

  private static boolean permits(Rights rights, SystemFlag flag) {
    return switch (flag) {
      case SEEN -> rights.has(Right.SEEN);
      case DELETED -> rights.has(Right.DELETE_MESSAGES);
      default -> rights.has(Right.WRITE);
    };
  }

  /** Those that may be set. */
  static Flags kept(Rights rights, Flags flags) {
    int system = 0;
    for (SystemFlag flag : SystemFlag.values()) {
      if (flags.has(flag) && permits(rights, flag)) {
        system |= flag.bit();
      }
    }
    return Flags.of(system, rights.has(Right.WRITE) ? flags.keywords() : List.of());
  }

  /** The same for flags as they are told. */
  static List<String> kept(Rights rights, List<String> told) {
    return told.stream()
        .filter(name ->
            switch (name) {
              case "\\Seen" -> rights.has(Right.SEEN);
              case "\\Deleted" -> rights.has(Right.DELETE_MESSAGES);
              default -> rights.has(Right.WRITE);
            })
        .toList();
  }
}
