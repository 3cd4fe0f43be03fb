package hikyaku.server.imap;

import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.account.Rights;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.imap.Places.Found;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** GETACL, SETACL, DELETEACL, LISTRIGHTS and MYRIGHTS (RFC 4314 §3). */
final class Acl {
  private Acl() {}

  static Reply get(Session session, Command.GetAcl command) throws IOException {
    Found found = session.places.find(command.mailbox()).with(Right.ADMINISTER);
    session.out.data(
        new Data.Acl(
            found.shown(),
            session.server.access.list(found.place().owner(), found.tree(), found.folder())));
    return Reply.ok("GETACL completed");
  }

  static Reply set(Session session, Command.SetAcl command) {
    Rights rights =
        Rights.parse(command.rights())
            .orElseThrow(() -> new IllegalStateException("the grammar knows other rights"));
    UnaryOperator<Rights> change =
        switch (command.action()) {
          case REPLACE -> _ -> rights;
          case ADD -> before -> before.plus(rights);
          case REMOVE -> before -> before.minus(rights);
        };
    return change(session, command.mailbox(), command.identifier(), change, "SETACL completed");
  }

  static Reply delete(Session session, Command.DeleteAcl command) {
    return change(
        session, command.mailbox(), command.identifier(), _ -> Rights.NONE, "DELETEACL completed");
  }

  private static Reply change(
      Session session, String mailbox, String who, UnaryOperator<Rights> change, String done) {
    Found found = session.places.find(mailbox).with(Right.ADMINISTER);
    Optional<String> identifier = identifier(session, who);
    if (identifier.isEmpty()) {
      return nobody();
    }
    session.server.access.grant(
        found.place().owner(),
        found.folder().name(),
        identifier.get(),
        change,
        session.looking.attempt());
    return Reply.ok(done);
  }

  private static Optional<String> identifier(Session session, String who) {
    String domain = session.state.loggedIn().account().primary().domain();
    return session.server.access.identifier(who, domain);
  }

  private static Reply nobody() {
    return Reply.no(ResponseCode.Plain.CANNOT, "There is nobody of this name");
  }

  static Reply list(Session session, Command.ListRights command) throws IOException {
    Found found = session.places.find(command.mailbox()).with(Right.ADMINISTER);
    Optional<String> identifier = identifier(session, command.identifier());
    if (identifier.isEmpty()) {
      return nobody();
    }
    boolean owner = identifier.get().equals("=" + found.place().owner().id());
    session.out.data(
        new Data.ListedRights(
            found.shown(),
            command.identifier(),
            owner ? Rights.ALL.wire() : "",
            owner ? List.of() : List.of(Rights.ALL.wire().split(""))));
    return Reply.ok("LISTRIGHTS completed");
  }

  static Reply mine(Session session, Command.MyRights command) throws IOException {
    // RFC 4314 §4: the others alone tell nobody that there is a mailbox.
    Found found =
        session
            .places
            .find(command.mailbox())
            .withAny(
                Right.LOOKUP,
                Right.READ,
                Right.INSERT,
                Right.CREATE,
                Right.DELETE_FOLDER,
                Right.ADMINISTER);
    session.out.data(mine(found));
    return Reply.ok("MYRIGHTS completed");
  }

  static Data mine(Found found) {
    return new Data.MyRights(found.shown(), found.rights().wire());
  }
}
