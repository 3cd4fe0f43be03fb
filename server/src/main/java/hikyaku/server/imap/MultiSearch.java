package hikyaku.server.imap;

import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Command.SearchReturn;
import hikyaku.protocol.imap.CommandReader;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.MailboxFilter;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.imap.Places.Found;
import java.io.IOException;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * ESEARCH (RFC 7377): one search of many mailboxes, each told for itself if something was found.
 *
 * <p>Each mailbox is a part of the answer that is settled: only in parts can an answer be repeated
 * that looks at many logs. Mailboxes that are not there or may not be read are passed over.
 */
final class MultiSearch {
  private static final Reply COMPLETED = Reply.ok("ESEARCH completed");

  private final Session session;
  private final String tag;
  private final Command.MultiSearch command;

  private MultiSearch(Session session, String tag, Command.MultiSearch command) {
    this.session = session;
    this.tag = tag;
    this.command = command;
  }

  static Reply execute(Session session, String tag, Command.MultiSearch command)
      throws IOException, Targets.Invalid {
    if (command.charset() && Search.speaksUtf8(session)) {
      return Search.charsetsConflict();
    }
    boolean ofSelected = command.sources().stream().allMatch(MailboxFilter::ofSelected);
    boolean updates = command.returns() != null && command.returns().update() != null;
    if (session.state.selected() == null
        && (ofSelected
            || updates
            || command.sources().stream().anyMatch(MailboxFilter::ofSelected))) {
      return Reply.bad("No mailbox is selected");
    }
    boolean saves = command.returns() != null && command.returns().has(SearchReturn.SAVE);
    if (!ofSelected && (saves || SearchProgram.isOfSelected(command.key()))) {
      return Reply.bad("Message numbers and saved results are of the selected mailbox alone");
    }
    if (updates) {
      Contexts.refuse(session, tag);
    }
    MultiSearch search = new MultiSearch(session, tag, command);
    if (ofSelected) {
      return search.selected();
    }
    FolderTree tree = session.state.loggedIn().mail().tree();
    search.settle(tree.seq(), "");
    search.run(tree, "");
    return COMPLETED;
  }

  /** Goes on with one of which another node has told a part. */
  static Reply resume(Session session, ImapPosition.InMultiSearch at)
      throws IOException, Targets.Invalid {
    if (CommandReader.again(at.command(), session.server.settings.limits())
        instanceof Command.MultiSearch command) {
      FolderTree tree = Looking.folders(session.state.loggedIn().mail(), at.tree());
      new MultiSearch(session, at.tag(), command).run(tree, at.told());
      return COMPLETED;
    }
    throw new IllegalArgumentException("no ESEARCH");
  }

  private Reply selected() throws IOException, Targets.Invalid {
    Search.Found found = Search.find(session, command.key(), command.returns());
    Selected selected = session.state.inMailbox();
    SearchAnswer answer = answer(selected, found);
    if (!answer.save()) {
      return SearchAnswer.notSaved();
    }
    Optional<Found> folder =
        session
            .places
            .selected(session.state.loggedIn().mail().tree())
            .filter(MultiSearch::mayRead);
    if (folder.isPresent()) {
      tell(folder.get(), selected, answer, found);
    }
    return found.searched().completion(session, COMPLETED);
  }

  /**
   * @param after the last name that was told; empty at the beginning
   */
  private void run(FolderTree tree, String after) throws IOException, Targets.Invalid {
    for (Found folder : sources(tree).tailMap(after, false).values()) {
      try {
        search(folder);
      } catch (MailboxException.Gone e) {
        // It went meanwhile, and has nothing that could be found.
      }
      settle(tree.seq(), folder.shown());
    }
  }

  /** RFC 7377 §2.2: what a client names need not be visible to it, only readable. */
  private NavigableMap<String, Found> sources(FolderTree tree) {
    Visible visible = Visible.of(session, tree);
    NavigableMap<String, Found> meant = new TreeMap<>();
    for (MailboxFilter source : command.sources()) {
      if (source.ofSelected()) {
        session.places.selected(tree).ifPresent(folder -> meant.put(folder.shown(), folder));
      }
      for (String name : source.names()) {
        session.places.look(name, tree).ifPresent(folder -> meant.put(folder.shown(), folder));
      }
      for (Found folder : visible.all()) {
        if (Filters.means(source, visible, folder.shown())) {
          meant.put(folder.shown(), folder);
        }
      }
    }
    meant.values().removeIf(folder -> !mayRead(folder));
    return meant;
  }

  private static boolean mayRead(Found folder) {
    return folder.rights().has(Right.READ);
  }

  private void search(Found folder) throws IOException, Targets.Invalid {
    Mailbox mailbox = folder.mailbox();
    Selected there =
        new Selected(
            folder.place().mail(),
            folder.place().isOwn(),
            folder.rights(),
            folder.folder().id(),
            View.open(mailbox, session.looking.open(mailbox, session::checkpoint)),
            true);
    Search.Found found = Search.find(session, there, command.key(), command.returns());
    tell(folder, there, answer(there, found), found);
    ResponseCode.MessageLimit left = found.searched().code();
    if (left != null) {
      // Each mailbox is searched for itself, and the code does not say in which a UID is.
      session.out.untagged(
          Reply.no(
              new ResponseCode.MessageLimit(left.messages(), null),
              "A mailbox has more messages than are searched at once"));
    }
  }

  private SearchAnswer answer(Selected in, Search.Found found) {
    return new SearchAnswer(
        session, in.view, true, command.returns(), found.indexes(), found.relevancy());
  }

  /** RFC 7377 §2: a mailbox where nothing was found is not told of. */
  private void tell(Found folder, Selected in, SearchAnswer answer, Search.Found found)
      throws IOException {
    if (found.indexes().length > 0) {
      answer.extended(
          tag,
          new Data.Where(folder.shown(), in.view.state().uidValidity()),
          SearchProgram.usesModSeq(command.key()));
    }
  }

  private void settle(long tree, String told) throws IOException {
    session.settle(new ImapPosition.InMultiSearch(tag, command.remembered(), tree, told));
    session.looking.begin();
  }
}
