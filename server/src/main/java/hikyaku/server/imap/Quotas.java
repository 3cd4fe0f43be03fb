package hikyaku.server.imap;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.Tally;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Quota;
import hikyaku.server.imap.Places.Place;

/** What an account may still take in. Not sharp under concurrency: a quota is no safety limit. */
final class Quotas {
  private Quotas() {}

  /** Refuses messages that would be copied to a place. */
  static void check(Session session, Place place, MailboxState state, UidSet uids) {
    long[] octets = new long[1];
    state.forEachIndex(uids, index -> octets[0] += state.octets(index));
    check(session, place, state.present(uids).size(), octets[0]);
  }

  /**
   * @throws MailboxException.OverQuota if the account of the place may not hold so much more
   */
  static void check(Session session, Place place, long messages, long octets) {
    Quota quota = now(session, place.owner());
    if (quota.equals(Quota.NONE) || messages == 0 && octets <= 0) {
      return;
    }
    Tally held = place.mail().usage();
    if (!quota.allows(held.octets() + octets, held.count() + messages)) {
      throw new MailboxException.OverQuota();
    }
  }

  /** What the account may hold by now: it may have changed since the session saw it. */
  private static Quota now(Session session, Account account) {
    return session.server.access.directory().account(account.id()).orElse(account).quota();
  }
}
