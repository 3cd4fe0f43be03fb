package hikyaku.server.imap;

import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.mime.BaseSubject;
import hikyaku.protocol.mime.Casemap;
import java.io.IOException;

/** THREAD and UID THREAD (RFC 5256 §3). Of each message found the brief is looked at once. */
final class Threads {
  private Threads() {}

  static Reply execute(Session session, Command.Threads command)
      throws IOException, Targets.Invalid {
    int[] found = Search.find(session, command.key(), null).indexes();
    Selected selected = session.state.inMailbox();
    View view = selected.view;
    Threading threading =
        switch (command.algorithm()) {
          case ORDEREDSUBJECT -> new OrderedSubjects();
          case REFERENCES -> new References();
        };
    selected
        .mailbox()
        .briefs(
            view.state(),
            found,
            (index, brief) -> {
              session.checkpoint();
              long number = command.uid() ? view.state().uid(index) : view.numberAt(index);
              BaseSubject subject = Sort.subject(brief);
              threading.add(
                  new Threading.Message(
                      number,
                      Sort.sent(view.state(), index, brief),
                      Casemap.fold(subject.text()),
                      subject.replyOrForward()),
                  brief);
            });
    session.out.data(new Data.Threads(threading.threads()));
    return SearchAnswer.completed(session, command.uid(), "THREAD");
  }
}
