package hikyaku.server.imap;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.account.SpecialUse;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.imap.Places.Place;
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
    if (!uses.isEmpty() && Places.isOfOthers(command.mailbox())) {
      return Reply.no(ResponseCode.Plain.USEATTR, "Special uses are for mailboxes of your own");
    }
    // Nobody learns which users there are: there as here it is not permitted.
    Place place =
        session.places.known(command.mailbox()).orElseThrow(MailboxException.NotPermitted::new);
    if (!place.isOwn()) {
      mayCreate(session, place);
    }
    Folder made = place.mail().create(place.name(), uses, session.looking.attempt());
    OldName.tell(session, List.of(), place.shown(made.name()), command.mailbox());
    String id = ObjectIds.mailboxId(place.mail().mailbox(made.id()));
    return Reply.ok(new ResponseCode.MailboxId(id), "CREATE completed");
  }

  /**
   * Below another one's folder it takes a right on that (RFC 4314 §4).
   *
   * @throws MailboxException.NotPermitted if nothing may be made at a place of somebody else's
   */
  static void mayCreate(Session session, Place place) {
    FolderTree tree = place.mail().tree();
    boolean permitted =
        tree.nearestAbove(place.name())
            .map(above -> session.places.found(place, tree, above).rights())
            .filter(rights -> rights.has(Right.CREATE))
            .isPresent();
    if (!permitted) {
      throw new MailboxException.NotPermitted();
    }
  }
}
