package hikyaku.server.imap;

import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** GETQUOTA and GETQUOTAROOT (RFC 9208 §4.1). */
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
    Optional<QuotaRoot> root =
        QuotaRoot.of(session, session.places.place(command.mailbox())).filter(QuotaRoot::isLimited);
    session.out.data(
        new Data.QuotaRoot(
            command.mailbox(), root.map(QuotaRoot::name).map(List::of).orElse(List.of())));
    if (root.isPresent()) {
      root.get().tell(session);
    }
    return Reply.ok("GETQUOTAROOT completed");
  }
}
