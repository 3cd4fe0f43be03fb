package hikyaku.server.imap;

import hikyaku.mailbox.store.Tally;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.directory.Quota;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * GETQUOTA and GETQUOTAROOT (RFC 9208 §4.1). An account that has a quota has one root, to which all
 * its mailboxes belong.
 */
final class GetQuota {
  private static final String ROOT = "";

  /** Of STORAGE (RFC 9208 §5.1), in octets. */
  private static final long UNIT = 1024;

  private GetQuota() {}

  static Reply execute(Session session, Command.GetQuota command) throws IOException {
    if (!isLimited(session) || !command.root().equals(ROOT)) {
      return Reply.no(ResponseCode.Plain.NONEXISTENT, "There is no such quota root");
    }
    tell(session);
    return Reply.ok("GETQUOTA completed");
  }

  static Reply ofMailbox(Session session, Command.GetQuotaRoot command) throws IOException {
    // Another user's quota is not for this one to see.
    boolean limited = session.places.place(command.mailbox()).isOwn() && isLimited(session);
    session.out.data(new Data.QuotaRoot(command.mailbox(), limited ? List.of(ROOT) : List.of()));
    if (limited) {
      tell(session);
    }
    return Reply.ok("GETQUOTAROOT completed");
  }

  private static boolean isLimited(Session session) {
    return !session.state.loggedIn().account().quota().equals(Quota.NONE);
  }

  private static void tell(Session session) throws IOException {
    SessionState.Login login = session.state.loggedIn();
    Quota quota = login.account().quota();
    Tally held = login.mail().usage();
    List<Data.Resource> resources = new ArrayList<>();
    if (quota.octets() != Quota.UNLIMITED) {
      resources.add(new Data.Resource("STORAGE", units(held.octets()), units(quota.octets())));
    }
    if (quota.messages() != Quota.UNLIMITED) {
      resources.add(new Data.Resource("MESSAGE", held.count(), quota.messages()));
    }
    session.out.data(new Data.Quota(ROOT, resources));
  }

  private static long units(long octets) {
    return Math.ceilDiv(octets, UNIT);
  }
}
