package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.directory.Quota;
import java.io.IOException;
import java.util.Optional;

/**
 * SETQUOTA (RFC 9208 §4.1.3): of the accounts of a domain, by those that look after it. What is set
 * is absolute, so that a repeat of the command does no more than the command did.
 */
final class SetQuota {
  private SetQuota() {}

  /** Whether the one who is logged in may set quotas, of its own domain at least. */
  static boolean isOffered(Session session) {
    return session.server.quotaAdmin.isPresent() && administersOwn(session);
  }

  private static boolean administersOwn(Session session) {
    return QuotaRoot.administers(session, session.state.loggedIn().account().primary().domain());
  }

  static Reply execute(Session session, Command.SetQuota command) throws IOException {
    Optional<QuotaAdmin> admin = session.server.quotaAdmin;
    if (admin.isEmpty() || !mayName(session, command.root())) {
      return Reply.no(ResponseCode.Plain.NOPERM, "Quotas are not yours to set");
    }
    Optional<QuotaRoot> root = QuotaRoot.named(session, command.root());
    if (root.isEmpty()) {
      return Reply.no(ResponseCode.Plain.NONEXISTENT, "There is no such quota root");
    }
    long octets = Quota.UNLIMITED;
    long messages = Quota.UNLIMITED;
    for (Command.QuotaLimit limit : command.limits()) {
      switch (limit.resource()) {
        case QuotaRoot.STORAGE -> octets = octets(limit.limit());
        case QuotaRoot.MESSAGE -> messages = limit.limit();
        default -> {
          return Reply.no(ResponseCode.Plain.CANNOT, "There is no such resource");
        }
      }
    }
    Optional<Quota> quota =
        command.limits().isEmpty() ? Optional.empty() : Optional.of(new Quota(octets, messages));
    try {
      admin.get().setQuota(root.get().account().id(), quota);
    } catch (DirectoryException e) {
      return Reply.no(ResponseCode.Plain.NONEXISTENT, "There is no such quota root any more");
    }
    Optional<QuotaRoot> now = QuotaRoot.named(session, command.root()).filter(QuotaRoot::isLimited);
    if (now.isPresent()) {
      now.get().tell(session);
    }
    return Reply.ok("SETQUOTA completed");
  }

  /** Nobody else learns which accounts there are. */
  private static boolean mayName(Session session, String root) {
    return root.isEmpty()
        ? administersOwn(session)
        : Address.parse(root)
            .filter(address -> QuotaRoot.administers(session, address.domain()))
            .isPresent();
  }

  private static long octets(long units) {
    return units > Quota.UNLIMITED / QuotaRoot.UNIT ? Quota.UNLIMITED : units * QuotaRoot.UNIT;
  }
}
