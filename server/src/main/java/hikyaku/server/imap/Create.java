package hikyaku.server.imap;

import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderName;
import hikyaku.mailbox.account.SpecialUse;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** CREATE (RFC 9051 §6.3.4, RFC 6154 §3, RFC 8474 §4.1). */
final class Create {
  private Create() {}

  static Reply execute(Session session, Command.Create command) throws IOException {
    Set<SpecialUse> uses = EnumSet.noneOf(SpecialUse.class);
    for (String attribute : command.specialUse()) {
      Optional<SpecialUse> use = SpecialUse.of(attribute);
      if (use.isEmpty()) {
        return Reply.no(ResponseCode.Plain.USEATTR, "Special use is not supported");
      }
      uses.add(use.get());
    }
    AccountMail mail = session.state.loggedIn().mail();
    Folder made = mail.create(command.mailbox(), uses, session.looking.attempt());
    String asked = command.mailbox();
    if (session.state.rev2() && !made.name().equals(asked)) {
      // RFC 9051 §6.3.4: a name that was normalized is told.
      session.out.data(
          new Data.Listed(false, List.of(), FolderName.SEPARATOR, made.name(), List.of(), asked));
    }
    String id = ObjectIds.mailboxId(mail.mailbox(made.id()));
    return Reply.ok(new ResponseCode.MailboxId(id), "CREATE completed");
  }
}
