package hikyaku.server.imap;

import hikyaku.mailbox.account.Right;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.imap.Places.Place;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** GETQUOTA and GETQUOTAROOT (RFC 9208 §4.1, §6). */
final class GetQuota {
  private GetQuota() {}

  static Reply execute(Session session, Command.GetQuota command) throws IOException {
    Optional<QuotaRoot> root =
        QuotaRoot.named(session, command.root()).filter(QuotaRoot::isLimited);
    if (root.isEmpty()) {
      return Reply.no(ResponseCode.Plain.NONEXISTENT, "There is no such quota root");
    }
    root.get().tell(session);
    return Reply.ok("GETQUOTA completed");
  }

  static Reply ofMailbox(Session session, Command.GetQuotaRoot command) throws IOException {
    Place place = session.places.place(command.mailbox());
    if (!place.isOwn() && !QuotaRoot.administers(session, place.owner().primary().domain())) {
      session.places.find(command.mailbox()).with(Right.READ);
    }
    Optional<QuotaRoot> root = QuotaRoot.of(session, place).filter(QuotaRoot::isLimited);
    session.out.data(
        new Data.QuotaRoot(
            command.mailbox(), root.map(QuotaRoot::name).map(List::of).orElse(List.of())));
    if (root.isPresent()) {
      root.get().tell(session);
    }
    return Reply.ok("GETQUOTAROOT completed");
  }
}
