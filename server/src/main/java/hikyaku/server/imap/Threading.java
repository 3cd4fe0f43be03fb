package hikyaku.server.imap;

import hikyaku.mailbox.log.Brief;
import hikyaku.protocol.imap.MessageThread;
import java.util.List;

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
}
