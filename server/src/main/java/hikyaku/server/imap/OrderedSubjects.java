package hikyaku.server.imap;

import hikyaku.mailbox.log.Brief;
import hikyaku.protocol.imap.MessageThread;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * ORDEREDSUBJECT (RFC 5256 §3): messages of one base subject are a thread, in which all the others
 * answer the first by sent date.
 */
final class OrderedSubjects implements Threading {
  private final ThreadTable table = new ThreadTable();

  @Override
  public void add(long number, long sent, Brief brief) {
    table.set(table.add(), number, sent, brief.comparedSubject());
  }

  @Override
  public int places() {
    return table.size();
  }

  @Override
  public List<? extends MessageThread> threads() {
    int[] messages = IntStream.range(0, table.size()).toArray();
    table.sortByDate(messages);
    int[] firsts = new int[table.subjectCount()];
    Arrays.fill(firsts, ThreadTable.NONE);
    IntStream.Builder threads = IntStream.builder();
    for (int message : messages) {
      int subject = table.subject(message);
      if (firsts[subject] == ThreadTable.NONE) {
        firsts[subject] = message;
        threads.add(message);
      } else {
        table.adopt(firsts[subject], message);
      }
    }
    return table.threads(threads.build().toArray());
  }
}
