package hikyaku.server.imap;

import hikyaku.mailbox.log.Brief;
import hikyaku.protocol.imap.MessageThread;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gathers messages into threads. */
interface Threading {
  /**
   * What threading needs of a message.
   *
   * @param sent in seconds, UTC
   * @param subject the base subject, folded
   */
  record Message(long number, long sent, String subject, boolean replyOrForward) {}

  /** Messages come in the order of the mailbox. */
  void add(Message message, Brief brief);

  /** The threads of all messages that came. */
  List<? extends MessageThread> threads();

  /** A message, or the place of one that is not there, and its answers. */
  final class Node implements MessageThread {
    /** By sent date, and by place in the mailbox where that is the same (RFC 5256 §2.2). */
    static final Comparator<Node> BY_DATE =
        Comparator.<Node>comparingLong(node -> node.first().sent())
            .thenComparingLong(node -> node.first().number());

    @Nullable Message message;
    private List<Node> children = List.of();

    Node(@Nullable Message message) {
      this.message = message;
    }

    @Override
    public long number() {
      Message here = message;
      return here == null ? 0 : here.number();
    }

    @Override
    public List<Node> children() {
      return children;
    }

    void add(Node child) {
      if (children.isEmpty()) {
        children = new ArrayList<>(2);
      }
      children.add(child);
    }

    void sortChildren() {
      if (children.size() > 1) {
        children.sort(BY_DATE);
      }
    }

    /** The message, or that of the first answer; only what is missing and unanswered has none. */
    Message first() {
      Node at = this;
      while (true) {
        Message here = at.message;
        if (here != null) {
          return here;
        }
        at = at.children.getFirst();
      }
    }
  }
}
