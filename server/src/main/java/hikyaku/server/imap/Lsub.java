package hikyaku.server.imap;

import hikyaku.mailbox.account.FolderName;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.MailboxNames.Pattern;
import hikyaku.protocol.imap.Reply;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** LSUB (RFC 3501 §6.3.9). */
final class Lsub {
  private Lsub() {}

  static Reply execute(Session session, Command.Lsub command) throws IOException {
    String pattern = command.pattern();
    if (pattern != null) {
      tell(session, command.reference(), pattern);
    }
    return Reply.ok("LSUB completed");
  }

  private static void tell(Session session, String reference, String wanted) throws IOException {
    FolderTree own = session.looking.folders(session.state.loggedIn().mail());
    Visible tree = Visible.of(session, own);
    Pattern pattern = ListMailboxes.pattern(reference, wanted);
    Set<String> subscribed = new TreeSet<>(tree.subscriptions());
    Set<String> told = new TreeSet<>();
    for (String name : subscribed) {
      if (pattern.matches(name)) {
        told.add(name);
      }
    }
    // A name that % does not reach is told by the name above it that % does reach.
    if (wanted.endsWith("%")) {
      for (String above : ListMailboxes.ancestors(subscribed)) {
        if (pattern.matches(above)) {
          told.add(above);
        }
      }
    }
    for (String name : told) {
      boolean selectable = subscribed.contains(name) && tree.folder(name).isPresent();
      session.out.data(
          new Data.Listed(
              true,
              selectable ? List.of() : List.of("\\Noselect"),
              FolderName.SEPARATOR,
              name,
              List.of(),
              null));
    }
  }
}
