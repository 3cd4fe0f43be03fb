package hikyaku.protocol.sieve;

import java.util.List;
import java.util.Optional;

/** What a script wants done with a message. Flags are system flags with \ and keywords. */
public sealed interface Action {
  /**
   * Keep it in INBOX (RFC 5228 §4.3).
   *
   * @param implicit whether no command asked for it (RFC 5228 §2.10.2)
   */
  record Keep(List<String> flags, boolean implicit) implements Action {
    public Keep {
      flags = List.copyOf(flags);
    }
  }

  /**
   * Put it into a mailbox (RFC 5228 §4.1).
   *
   * @param mailbox its name
   * @param create whether to make the mailbox if it is not there (RFC 5490 §3.2)
   * @param specialUse with a \; a mailbox of this use is preferred to the named one (RFC 8579 §4)
   */
  record FileInto(String mailbox, boolean create, List<String> flags, Optional<String> specialUse)
      implements Action {
    public FileInto {
      flags = List.copyOf(flags);
    }
  }

  /**
   * Send it on (RFC 5228 §4.2).
   *
   * @param address of good syntax
   */
  record Redirect(String address) implements Action {}
}
