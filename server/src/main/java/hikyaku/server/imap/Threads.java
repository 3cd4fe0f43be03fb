package hikyaku.server.imap;

import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.MessageThread;
import hikyaku.protocol.imap.Reply;
import java.io.IOException;
import java.util.List;

/** THREAD and UID THREAD (RFC 5256 §3). Of each message found the brief is looked at once. */
final class Threads {
  /**
   * Octets of memory that a message takes while it is threaded, about; and so does one that is not
   * there, to which others refer.
   */
  private static final int OCTETS = 116;

  private Threads() {}

  static Reply execute(Session session, Command.Threads command)
      throws IOException, Targets.Invalid {
    if (!command.utf8() && Search.speaksUtf8(session)) {
      return Search.charsetsConflict();
    }
    int[] found = Search.findAll(session, command.key(), null, false).indexes();
    List<? extends MessageThread> threads;
    try (Workspace.Space space =
        session.server.workspace.take(found.length, OCTETS, session::checkpoint)) {
      threads = threads(session, command, found, space);
    }
    session.out.data(new Data.Threads(threads));
    return SearchAnswer.completed(session, command.uid(), "THREAD");
  }

  private static List<? extends MessageThread> threads(
      Session session, Command.Threads command, int[] found, Workspace.Space space)
      throws IOException {
    Selected selected = session.state.inMailbox();
    View view = selected.view;
    Threading threading =
        switch (command.algorithm()) {
          case ORDEREDSUBJECT -> new OrderedSubjects();
          case REFERENCES -> new References();
        };
    selected
        .mailbox()
        .messages()
        .briefs(
            view.state(),
            found,
            (index, brief) -> {
              session.checkpoint();
              long number = command.uid() ? view.state().uid(index) : view.numberAt(index);
              threading.add(number, Sort.sent(view.state(), index, brief), brief);
              space.atLeast((long) OCTETS * threading.places());
            });
    return threading.threads();
  }
}
