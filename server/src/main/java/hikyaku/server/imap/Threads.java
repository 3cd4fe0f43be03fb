package hikyaku.server.imap;

import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.view.View;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.mime.BaseSubject;
import hikyaku.protocol.mime.Casemap;
import java.io.IOException;

/** THREAD and UID THREAD (RFC 5256 §3). Each message found is read once. */
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
        .read(
            view.state(),
            found,
            (index, stored) -> {
              session.checkpoint();
              NewMessage message = stored.message();
              long number = command.uid() ? stored.uid() : view.numberAt(index);
              BaseSubject subject = Sort.subject(message);
              threading.add(
                  new Threading.Message(
                      number,
                      Sort.sent(view.state(), index, message),
                      Casemap.fold(subject.text()),
                      subject.replyOrForward()),
                  message.structure());
            });
    session.out.data(new Data.Threads(threading.threads()));
    return SearchAnswer.completed(session, command.uid(), "THREAD");
  }
}
