package hikyaku.server.imap;

import hikyaku.mailbox.store.Tally;
import hikyaku.protocol.imap.Data;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Quota;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What all mailboxes of an account belong to (RFC 9208 §3.2), if the account has a quota. One's own
 * has the empty name; those of others are called by their addresses, and are there for the accounts
 * alone that look after their domain.
 *
 * @param account as it is now, not as it was at login
 */
record QuotaRoot(String name, Account account) {
  static final String STORAGE = "STORAGE";
  static final String MESSAGE = "MESSAGE";

  /** Of STORAGE (RFC 9208 §5.1), in octets. */
  static final long UNIT = 1024;

  private static final String OWN = "";

  /** The root of this name, as far as the one who is logged in may see it; limited or not. */
  static Optional<QuotaRoot> named(Session session, String name) {
    Directory directory = session.server.access.directory();
    if (name.equals(OWN)) {
      return directory
          .account(session.state.loggedIn().account().id())
          .map(account -> new QuotaRoot(OWN, account));
    }
    return Address.parse(name)
        .filter(address -> administers(session, address.domain()))
        .flatMap(directory::accountByAddress)
        .map(account -> new QuotaRoot(account.primary().toString(), account));
  }

  /** The root of a mailbox, on the same terms. */
  static Optional<QuotaRoot> of(Session session, Places.Place place) {
    return named(session, place.isOwn() ? OWN : place.owner().primary().toString());
  }

  /** Whether the one who is logged in looks after a domain. */
  static boolean administers(Session session, String domain) {
    String id = session.state.loggedIn().account().id();
    return session
        .server
        .access
        .directory()
        .domain(domain)
        .filter(known -> known.admins().contains(id))
        .isPresent();
  }

  boolean isLimited() {
    return !account.quota().equals(Quota.NONE);
  }

  /** Says what there is and how much of it is taken. */
  void tell(Session session) throws IOException {
    Quota quota = account.quota();
    Tally held = session.server.mail.account(account.id()).usage();
    List<Data.Resource> resources = new ArrayList<>();
    if (quota.octets() != Quota.UNLIMITED) {
      resources.add(new Data.Resource(STORAGE, units(held.octets()), units(quota.octets())));
    }
    if (quota.messages() != Quota.UNLIMITED) {
      resources.add(new Data.Resource(MESSAGE, held.count(), quota.messages()));
    }
    session.out.data(new Data.Quota(name, resources));
  }

  private static long units(long octets) {
    return Math.ceilDiv(octets, UNIT);
  }
}
