package hikyaku.server.imap;

import hikyaku.mailbox.log.Brief;
import hikyaku.protocol.imap.MessageThread;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * ORDEREDSUBJECT (RFC 5256 §3): messages of one base subject are a thread, in which all the others
 * answer the first by sent date.
 */
final class OrderedSubjects implements Threading {
  private final Map<String, List<Node>> bySubject = new HashMap<>();

  @Override
  public void add(Message message, Brief brief) {
    bySubject.computeIfAbsent(message.subject(), _ -> new ArrayList<>(1)).add(new Node(message));
  }

  @Override
  public List<? extends MessageThread> threads() {
    List<Node> threads = new ArrayList<>(bySubject.size());
    for (List<Node> same : bySubject.values()) {
      same.sort(Node.BY_DATE);
      Node first = same.getFirst();
      same.subList(1, same.size()).forEach(first::add);
      threads.add(first);
    }
    threads.sort(Node.BY_DATE);
    return threads;
  }
}
