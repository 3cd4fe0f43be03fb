package hikyaku.server.imap;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.Tally;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.server.directory.Quota;

/** What an account may still take in. Not sharp under concurrency: a quota is no safety limit. */
final class Quotas {
  private Quotas() {}

  /** Refuses messages that would be copied within the account. */
  static void check(Session session, MailboxState state, UidSet uids) {
    long[] octets = new long[1];
    state.forEachIndex(uids, index -> octets[0] += state.octets(index));
    check(session, state.present(uids).size(), octets[0]);
  }

  /**
   * @throws MailboxException.OverQuota if the account may not hold so much more
   */
  static void check(Session session, long messages, long octets) {
    SessionState.Login login = session.state.loggedIn();
    Quota quota = login.account().quota();
    if (quota.equals(Quota.NONE) || messages == 0 && octets <= 0) {
      return;
    }
    Tally held = login.mail().usage();
    if (!quota.allows(held.octets() + octets, held.count() + messages)) {
      throw new MailboxException.OverQuota();
    }
  }
}
